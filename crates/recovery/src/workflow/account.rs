//! Each action in words, for the runbook and for whoever watches an execution.

use crate::step::Action;

/// What an action does and how it is known to have worked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// Name of its state, such as `PromoteDatabase`.
    pub state: &'static str,
    /// What it does.
    pub does: &'static str,
    /// How it is known to have worked.
    pub verified: &'static str,
    /// What a person does when it fails for good.
    pub by_hand: &'static str,
    /// The later step that validates it; absent where it validates itself or something else.
    pub validated_by: Option<Action>,
}

impl Action {
    /// Every action of the failover, in the order of its workflow.
    pub const FAILOVER: [Self; 16] = [
        Self::ConfirmOutage,
        Self::OwnLease,
        Self::PromoteDatabase,
        Self::AwaitWriter,
        Self::RaiseFence,
        Self::PrepareCompute,
        Self::VerifyCompute,
        Self::SteerTraffic,
        Self::VerifyTraffic,
        Self::ReplayJournal,
        Self::EnableSettlement,
        Self::ValidateSettlement,
        Self::ValidateEndToEnd,
        Self::CompareJournal,
        Self::Announce,
        Self::Escalate,
    ];

    /// Every action of the failback, in the order of its workflow; what undoes and tells comes last.
    pub const FAILBACK: [Self; 14] = [
        Self::ConfirmHome,
        Self::AwaitRejoin,
        Self::AwaitLag,
        Self::CompareJournal,
        Self::Drain,
        Self::AwaitDrained,
        Self::SwitchOver,
        Self::AwaitHomeWriter,
        Self::HandOverLease,
        Self::AwaitHomeServing,
        Self::ValidateEndToEnd,
        Self::AnnounceFailback,
        Self::UndoDrain,
        Self::EscalateFailback,
    ];

    /// The action in words.
    pub fn account(self) -> Account {
        let (state, does, verified, by_hand, validated_by) = match self {
            Self::ConfirmOutage | Self::OwnLease | Self::Escalate | Self::Announce => self.frame(),
            Self::PromoteDatabase | Self::AwaitWriter | Self::RaiseFence => self.database(),
            Self::PrepareCompute | Self::VerifyCompute | Self::SteerTraffic | Self::VerifyTraffic => {
                self.surroundings()
            }
            Self::ReplayJournal
            | Self::EnableSettlement
            | Self::ValidateSettlement
            | Self::ValidateEndToEnd => self.settlement(),
            _ => self.failback(),
        };
        Account { state, does, verified, by_hand, validated_by }
    }

    fn frame(self) -> Words {
        match self {
            Self::ConfirmOutage => (
                "ConfirmOutage",
                "Looks from outside, several times, whether the lost region says that it serves, and reads the lease.",
                "It reports how many of its looks found the lost region serving and goes on whatever they found, for the lease has moved by then. It fails only when the lease is not this region's under this epoch: with `NotConfirmed` if the lost region serves, else with `NotOwner`; nothing is changed then.",
                "Read the lease item. If it is this region's, finish the recovery even if the lost region answers again; never leave the lease `recovering`, for nothing is settled then. If another region owns a later epoch, this recovery is obsolete.",
                None,
            ),
            Self::OwnLease => (
                "OwnLease",
                "Reads the lease with a strong read.",
                "It fails with `NotOwner`, and nothing is changed, unless this region owns it under this epoch.",
                "Read the lease item; if another region owns a later epoch, this recovery is obsolete.",
                None,
            ),
            Self::Announce => (
                "Announce",
                "Puts the outcome on the event bus, whose rule reaches whoever subscribes to the alerts topic.",
                "The bus has accepted it.",
                "Tell people yourself: the recovery itself is complete.",
                None,
            ),
            _ => (
                "Escalate",
                "Puts the error of the step that failed, and the context, on the event bus, whose rule reaches whoever subscribes to the alerts topic.",
                "The bus has accepted the event. Nothing watches for failed executions besides.",
                "Read the failed execution, repair what it names, and start the workflow again (see Commands): every step may be repeated.",
                None,
            ),
        }
    }

    fn database(self) -> Words {
        match self {
            Self::PromoteDatabase => (
                "PromoteDatabase",
                "Calls `FailoverGlobalCluster` in the surviving region with data loss allowed, unless it is done or under way.",
                "AwaitWriter sees the cluster take writes.",
                "Run `aws rds failover-global-cluster` in the surviving region (see Commands), and then start the workflow again: it goes on from there.",
                Some(Self::AwaitWriter),
            ),
            Self::AwaitWriter => (
                "AwaitWriter",
                "Asks the region's database until it is out of recovery and takes writes.",
                "A writing transaction succeeds.",
                "Look at the global cluster's status; Aurora's managed failover takes minutes.",
                None,
            ),
            _ => (
                "RaiseFence",
                "Raises the fence in the promoted database to this epoch, so that no older writer is taken.",
                "The transaction that raised it has committed; ReplayJournal then writes under it.",
                "Update the one row of table `fence` to the lease's epoch; never lower it.",
                Some(Self::ReplayJournal),
            ),
        }
    }

    fn surroundings(self) -> Words {
        match self {
            Self::PrepareCompute => (
                "PrepareCompute",
                "Brings compute to the size that recovery needs; functions need nothing.",
                "VerifyCompute sees the region's own API ready.",
                "Raise the region's concurrency or task count by hand.",
                Some(Self::VerifyCompute),
            ),
            Self::VerifyCompute => (
                "VerifyCompute",
                "Calls `/health/ready` under the region's own name.",
                "It answers 200: journal and queue can be reached.",
                "Read the checks in the answer's body; they name what is missing.",
                None,
            ),
            Self::SteerTraffic => (
                "SteerTraffic",
                "Updates the failover records, best effort; health checks move traffic without it.",
                "VerifyTraffic sees the public name resolve here.",
                "Nothing: Route 53's control plane may be gone, its health checks are not.",
                Some(Self::VerifyTraffic),
            ),
            _ => (
                "VerifyTraffic",
                "Resolves the public name.",
                "It resolves to this region.",
                "Look at the two health checks; the lost region's must be unhealthy and this one's healthy.",
                None,
            ),
        }
    }

    fn settlement(self) -> Words {
        match self {
            Self::ReplayJournal => (
                "ReplayJournal",
                "Settles, page by page, every journal entry that the promoted database lacks, from its watermark less a margin.",
                "Each page commits under the fence and is idempotent; ValidateSettlement follows.",
                "Start the workflow again (see Commands); a replay may be repeated at any time.",
                Some(Self::ValidateSettlement),
            ),
            Self::EnableSettlement => (
                "EnableSettlement",
                "Sets the lease to `serving`, which lets the processors settle.",
                "ValidateSettlement sees an order settled by the queue.",
                "Check that the lease is still this region's; if so, start the workflow again (see Commands).",
                Some(Self::ValidateSettlement),
            ),
            Self::ValidateSettlement => (
                "ValidateSettlement",
                "Places a synthetic order through the region's own name.",
                "The order is acknowledged and then settled.",
                "Look at the queue's age, the dead-letter queue and the processor's errors.",
                None,
            ),
            _ => (
                "ValidateEndToEnd",
                "Places a synthetic order through the public name, as a client would.",
                "The order is acknowledged and then settled in the database of the region that owns the lease.",
                "Compare with ValidateSettlement: if that succeeded, the fault lies in DNS or in front of the API.",
                None,
            ),
        }
    }
}

pub(super) type Words = (&'static str, &'static str, &'static str, &'static str, Option<Action>);
