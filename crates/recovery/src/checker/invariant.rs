//! What must hold of every run, whatever fails.

use serde::{Deserialize, Serialize};

macro_rules! invariants {
    ($($(#[$doc:meta])* $variant:ident $name:literal $holds:literal $broken:literal;)+) => {
        /// Something that must hold of every run, whatever fails and whoever ran it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Invariant { $(#[doc = $holds] $(#[$doc])* $variant),+ }

        impl Invariant {
            /// Every one, in the order of reports.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// As reports and JSON say it.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// What must hold, as a sentence.
            pub fn statement(self) -> &'static str {
                match self { $(Self::$variant => $holds),+ }
            }

            /// What to say when it was broken `count` times.
            pub fn broken(self, count: u64) -> String {
                match self { $(Self::$variant => format!("{count} {}", $broken)),+ }
            }
        }
    };
}

invariants! {
    AcknowledgedIsSettled "acknowledged_is_settled"
        "Every acknowledged order is settled."
        "acknowledged orders were lost";
    SettledOnce "settled_once"
        "Every order is settled at most once."
        "orders were settled twice";
    SettledWasPlaced "settled_was_placed"
        "Nothing is settled that no client placed, or whose client was told that it was refused; a synthetic order is placed by a probe."
        "orders were settled that no client placed, or whose client was refused";
    SettledAsPlaced "settled_as_placed"
        "An order is settled with the account, symbol, side, quantity and price it was placed with, and an id is acknowledged for one order only."
        "orders were settled, or acknowledged, with two different contents";
    SettledAfterPlaced "settled_after_placed"
        "No order is settled before its client placed it."
        "orders were settled before their clients placed them";
    LedgerBalances "ledger_balances"
        "The two legs of every order sum to zero, and so do all legs of every asset."
        "orders or assets have a ledger that does not sum to zero";
    AccountsAddUp "accounts_add_up"
        "What an account has of an asset is what its settled orders moved."
        "balances of accounts are not what their settled orders make";
    SettledInEpochOrder "settled_in_epoch_order"
        "In the ledger, and so in every account, what an earlier epoch settled stands before what a later one did, and no two orders have one place."
        "orders stand in the ledger in a place that an earlier epoch cannot have, or that another order has";
    NothingBelowFence "nothing_below_fence"
        "Nothing is settled under an epoch once the fence stands above it."
        "rows of an older epoch were written after the fence was raised";
    NothingAboveFence "nothing_above_fence"
        "Nothing is settled under an epoch before the fence was raised to it."
        "rows of an epoch were written before the fence was raised to it";
    OneOwnerPerEpoch "one_owner_per_epoch"
        "No two regions own the lease under one epoch."
        "epochs had two owners";
    EpochsRise "epochs_rise"
        "Neither the epoch of the lease nor that of the fence ever falls."
        "times the lease or the fence went back to an earlier epoch";
    EpochsAreOwned "epochs_are_owned"
        "Nothing is settled under an epoch that no region owned."
        "orders were settled under an epoch that no region owned";
    SessionsNeverGoBack "sessions_never_go_back"
        "A client that shows its token is never served an older state of its session than it has seen."
        "sessions were served older than their client had seen them";
    WritesAdvanceSessions "writes_advance_sessions"
        "An acknowledged write of a session has a later version than its client had seen."
        "writes of sessions were acknowledged under a version that is no later one";
    SessionsStay "sessions_stay"
        "A client that shows its token is never told that there is no such session."
        "sessions were gone without a word";
    AnnouncedOnce "announced_once"
        "Every settled order has one row in the outbox, nothing else has, and no row takes effect twice."
        "orders were announced never or twice, took effect twice, or were announced without being settled";
}
