//! One queue message, and what becomes of it. Nothing here does I/O.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use aws_lambda_events::sqs::SqsMessage;
use recovery::OrderId;
use serde_json::error::Category;

use crate::queue::Message;

/// Receives after which an order that the journal lacks is not waited for any more. The journal is
/// strongly consistent and is written first, so one would do.
pub const RECEIVES_ABSENT_MAX: u32 = 3;
/// Longest wait for a message's return, in seconds.
const BACKOFF_MAX_S: u64 = 20;

/// A message as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Names it in the answer to Lambda. Empty when Lambda gave none: an empty name in the answer
    /// returns the whole batch, which loses nothing.
    pub message_id: String,
    /// Names this receive of it to SQS.
    pub receipt_handle: String,
    /// How often it was received, this time included.
    pub receives: u32,
    /// Its body, untouched.
    pub body: String,
    order: Result<OrderId, String>,
}

/// What becomes of a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Its order is settled; it may vanish.
    Done,
    /// It must come back.
    Later,
    /// No retry can help, for this reason.
    Poison(String),
}

/// What is known about the orders of a batch after trying to settle them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// In the database, now or since before.
    pub settled: HashSet<OrderId>,
    /// How many of those this batch put there.
    pub settled_now: u64,
    /// Milliseconds from the acknowledgement of each of those to now.
    pub lags_ms: Vec<u64>,
    /// The database cannot hold them; why.
    pub rejected: HashMap<OrderId, String>,
    /// The journal does not have them.
    pub absent: HashSet<OrderId>,
    /// Settlements that the fence refused.
    pub fenced: u64,
}

impl Letter {
    /// Decodes what can be decoded.
    pub fn read(message: SqsMessage) -> Self {
        let body = message.body.unwrap_or_default();
        let order = serde_json::from_str::<Message>(&body)
            .map(|message| message.order_id)
            .map_err(|error| unreadable(&error));
        let receives = message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok());
        Self {
            message_id: message.message_id.unwrap_or_default(),
            receipt_handle: message.receipt_handle.unwrap_or_default(),
            receives: receives.unwrap_or(1),
            body,
            order,
        }
    }

    /// The order it points at, if it can be read.
    pub fn order_id(&self) -> Option<OrderId> {
        self.order.as_ref().ok().copied()
    }

    /// What becomes of it.
    pub fn fate(&self, findings: &Findings) -> Fate {
        let id = match &self.order {
            Ok(id) => id,
            Err(reason) => return Fate::Poison(reason.clone()),
        };
        if findings.settled.contains(id) {
            Fate::Done
        } else if let Some(reason) = findings.rejected.get(id) {
            Fate::Poison(format!("the database cannot hold the order: {reason}"))
        } else if findings.absent.contains(id) && self.receives >= RECEIVES_ABSENT_MAX {
            Fate::Poison(format!("the journal has no such order after {} receives", self.receives))
        } else {
            Fate::Later
        }
    }
}

/// Why a body cannot be read, and where: without its content, for the reason is logged.
fn unreadable(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        Category::Syntax => "it is not JSON",
        Category::Eof => "it ends too early",
        Category::Data | Category::Io => "a field is missing, unknown or of another type",
    };
    format!("not an order message: {what} (line {}, column {})", error.line(), error.column())
}

/// The wait before a message's return: 1 s, doubling with each receive up to 20 s, of which a
/// random part of up to a half is taken off. Whole seconds, as SQS counts.
pub fn backoff(receives: u32, random: u64) -> Duration {
    let longest =
        1_u64.checked_shl(receives.saturating_sub(1)).map_or(BACKOFF_MAX_S, |s| s.clamp(1, BACKOFF_MAX_S));
    Duration::from_secs(longest - random % (longest / 2 + 1))
}

/// A number that differs between messages and processes; good enough to spread retries.
pub(super) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    //! Goal: every message ends exactly one way, and no settled order's message is kept, no
    //! unsettled order's message vanishes without a reason. Method: letters against findings.

    use proptest::prelude::*;

    use super::*;

    const ID: &str = "019a9f00-0000-7000-8000-000000000001";

    fn letter(body: &str, receives: u32) -> Letter {
        let mut message = SqsMessage::default();
        message.message_id = Some("m".to_owned());
        message.body = Some(body.to_owned());
        message.attributes.insert("ApproximateReceiveCount".to_owned(), receives.to_string());
        Letter::read(message)
    }

    fn valid(receives: u32) -> Letter {
        letter(&format!(r#"{{"order_id":"{ID}","journal_partition":"p"}}"#), receives)
    }

    fn id() -> OrderId {
        valid(1).order_id().expect("the body is valid")
    }

    #[test]
    fn unreadable_bodies_are_poison_at_once() {
        let nested = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
        let not_version_7 = r#"{"order_id":"c56a4180-65aa-42ec-a945-5fd21dec0538","journal_partition":"p"}"#;
        let extra = format!(r#"{{"order_id":"{ID}","journal_partition":"p","account":"A"}}"#);
        for body in ["", "null", "{}", "\u{0}", r#"{"order_id":"7"}"#, &nested, not_version_7, &extra] {
            let fate = letter(body, 1).fate(&Findings::default());
            assert!(matches!(fate, Fate::Poison(reason) if !reason.is_empty()), "{body}");
        }
    }

    #[test]
    fn the_reason_repeats_nothing_of_the_body() {
        for body in [r#""SECRET""#, r#"{"SECRET":1}"#, r#"{"order_id":"SECRET"}"#, "SECRET"] {
            let Fate::Poison(reason) = letter(body, 1).fate(&Findings::default()) else {
                panic!("{body} was understood")
            };
            assert!(!reason.contains("SECRET"), "{reason}");
        }
    }

    #[test]
    fn nothing_known_means_later() {
        assert_eq!(valid(1).fate(&Findings::default()), Fate::Later);
        assert_eq!(valid(99).fate(&Findings::default()), Fate::Later);
    }

    #[test]
    fn settled_means_done() {
        let findings = Findings { settled: [id()].into(), ..Findings::default() };
        assert_eq!(valid(1).fate(&findings), Fate::Done);
    }

    #[test]
    fn an_absent_order_is_poison_at_its_third_receive() {
        let findings = Findings { absent: [id()].into(), ..Findings::default() };
        assert_eq!(valid(2).fate(&findings), Fate::Later);
        assert!(matches!(valid(3).fate(&findings), Fate::Poison(_)));
    }

    #[test]
    fn a_rejected_order_is_poison_with_the_reason() {
        let findings = Findings { rejected: [(id(), "too large".to_owned())].into(), ..Findings::default() };
        assert!(matches!(valid(1).fate(&findings), Fate::Poison(reason) if reason.contains("too large")));
    }

    #[test]
    fn a_message_without_attributes_counts_as_received_once() {
        assert_eq!(Letter::read(SqsMessage::default()).receives, 1);
    }

    proptest! {
        #[test]
        fn the_backoff_grows_to_its_bound(receives in 0_u32.., random: u64) {
            let wait = backoff(receives, random).as_secs();
            let longest = 1_u64.checked_shl(receives.saturating_sub(1)).unwrap_or(u64::MAX).clamp(1, 20);
            prop_assert!((longest.div_ceil(2)..=longest).contains(&wait), "{wait} of {longest}");
        }
    }
}
