//! Whether what a scenario expects was seen.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::deployment::Objectives;
use crate::history::{ClientKind, Operation, OperationKind, Outcome};
use crate::scenario::{AcceptedExpected, Expect, LeaseExpected, SettledExpected};
use crate::{Epoch, OrderId, Region};

/// What is still answered when a fault strikes or ends: it was under way already.
const UNDER_WAY_MS: u64 = 3_000;

/// What was seen of a run, as far as a scenario may expect something of it. Times are milliseconds since
/// the Unix epoch, by the clock of the history.
#[derive(Clone, Debug)]
pub struct Seen<'a> {
    /// When the first fault struck.
    pub struck_at_ms: u64,
    /// When the last fault ended; `None`: one stayed.
    pub ended_at_ms: Option<u64>,
    /// Owner and epoch of the lease when the first fault struck.
    pub owner: (Epoch, Region),
    /// Every owner and epoch that the lease was seen with, each with the time at which it was seen first.
    pub owners: Vec<(u64, Epoch, Region)>,
    /// What every client did.
    pub history: &'a [Operation],
    /// Every settled order in the surviving database, and when it was settled.
    pub settled: Vec<(OrderId, u64)>,
    /// Writes that the database refused because of their epoch.
    pub writes_refused: u64,
    /// What the sentinels of regions that did not own the lease said when they held back, and when.
    pub holds: Vec<(u64, String)>,
    /// Types of the events that reached the alerts, and names of alarms that would tell people.
    pub told: Vec<String>,
    /// Whether a failback completed; `None` when that cannot be seen.
    pub went_home: Option<bool>,
    /// How long a client goes on trying, in milliseconds.
    pub retries_cover_ms: u64,
}

/// One thing that a scenario expects, and whether it was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// In words, with the figure that was seen.
    pub what: String,
    /// Whether it was so.
    pub held: bool,
}

/// Every expectation of a scenario, in the order of its fields.
pub fn expectations(expect: &Expect, seen: &Seen<'_>, objectives: &Objectives) -> Vec<Expected> {
    let mut all = Vec::new();
    let mut add = |held: bool, what: String| all.push(Expected { what, held });
    if let Some(lease) = expect.lease {
        let (held, what) = seen.lease(lease);
        add(held, what);
    }
    if let Some(accepted) = expect.accepted {
        let (held, what) = seen.accepted(accepted, objectives);
        add(held, what);
    }
    if let Some(SettledExpected::Again) = expect.settled {
        let (held, what) = seen.settled_again(objectives);
        add(held, what);
    }
    if expect.goes_home == Some(true) {
        add(seen.went_home == Some(true), "the system goes home by itself".to_owned());
    }
    if expect.writes_refused == Some(true) {
        let refused = seen.writes_refused;
        add(refused > 0, format!("the fence refuses the old owner: {refused} writes refused"));
    }
    if let Some(because) = &expect.held_because {
        let (held, what) = seen.held_because(because);
        add(held, what);
    }
    if let Some(told) = &expect.told {
        add(seen.told.contains(told), format!("people are told: {told}"));
    }
    all
}

/// Whether something was so, and the words for it with the figure that was seen.
type Found = (bool, String);

impl Seen<'_> {
    /// The first owner after the one at the fault, and when it was seen.
    pub fn moved(&self) -> Option<&(u64, Epoch, Region)> {
        let later =
            |(_, epoch, owner): &&(u64, Epoch, Region)| *epoch > self.owner.0 || *owner != self.owner.1;
        self.owners.iter().filter(later).min_by_key(|(_, epoch, _)| *epoch)
    }

    fn lease(&self, expected: LeaseExpected) -> Found {
        let moved = self.moved();
        let seen = match moved {
            Some((at_ms, epoch, owner)) => {
                format!("{owner} owns it under epoch {epoch} after {:.1} s", self.after_s(*at_ms))
            }
            None => format!("{} keeps it under epoch {}", self.owner.1, self.owner.0),
        };
        let (held, what) = match expected {
            LeaseExpected::Moves => (
                moved.is_some_and(|(_, epoch, owner)| *owner != self.owner.1 && *epoch > self.owner.0),
                "the lease moves",
            ),
            LeaseExpected::Stays => (moved.is_none(), "the lease stays"),
            LeaseExpected::MayMove => (true, "the lease may move or stay"),
        };
        (held, format!("{what}: {seen}"))
    }

    fn accepted(&self, expected: AcceptedExpected, objectives: &Objectives) -> Found {
        match expected {
            AcceptedExpected::Again => self.accepted_again(objectives),
            AcceptedExpected::Always => self.accepted_always(),
            AcceptedExpected::Refused => self.refused_then_accepted(objectives),
        }
    }

    /// For each kind of client that there is, the first order that was sent after the fault.
    fn accepted_again(&self, objectives: &Objectives) -> Found {
        let limits = [
            (ClientKind::FollowsDns, "follow DNS", objectives.recovery_time_s),
            (ClientKind::KnowsBothRegions, "know both regions", objectives.two_endpoints_recovery_time_s),
        ];
        let mut held = true;
        let words = limits.iter().filter(|(kind, ..)| self.orders().any(|order| order.client == *kind)).map(
            |(kind, who, limit_s)| {
                let first = self
                    .orders()
                    .filter(|order| order.client == *kind && self.sent_after_the_fault(order))
                    .filter_map(|order| acknowledged_at(order).filter(|at| *at > self.struck_at_ms))
                    .min();
                held &= first.is_some_and(|at| self.after_s(at) <= *limit_s as f64);
                let after = first.map_or("never".to_owned(), |at| format!("after {:.1} s", self.after_s(at)));
                format!("{after} for clients that {who} (objective {limit_s} s)")
            },
        );
        let words: Vec<String> = words.collect();
        (held, format!("orders are accepted again: {}", words.join(", ")))
    }

    /// Nobody gave up, was refused, or waited for longer than a client goes on trying.
    fn accepted_always(&self) -> Found {
        let placed = self.orders().filter(|order| order.invoked_ms + UNDER_WAY_MS >= self.struck_at_ms);
        let (mut open, mut longest_ms) = (0_u64, 0);
        for order in placed {
            match acknowledged_at(order) {
                Some(at) => longest_ms = longest_ms.max(at.saturating_sub(order.invoked_ms)),
                None => open += 1,
            }
        }
        let longest_s = longest_ms as f64 / 1000.0;
        let what = format!(
            "orders are accepted all the time: {open} came to nothing, the longest wait was {longest_s:.1} s \
             (a client tries for {} s)",
            self.retries_cover_ms / 1000
        );
        (open == 0 && longest_ms <= self.retries_cover_ms, what)
    }

    /// None is accepted while the fault lasts, though some are placed, and then they are again.
    fn refused_then_accepted(&self, objectives: &Objectives) -> Found {
        let end_ms = self.ended_at_ms.unwrap_or(u64::MAX);
        let within = |at: u64| (self.struck_at_ms + UNDER_WAY_MS..end_ms).contains(&at);
        let placed = self.orders().filter(|order| within(order.invoked_ms)).count();
        let accepted = self.orders().filter_map(acknowledged_at).filter(|at| within(*at)).count();
        let again = self.orders().filter_map(acknowledged_at).filter(|at| *at >= end_ms).min();
        let again_s = again.map(|at| at.saturating_sub(end_ms) as f64 / 1000.0);
        let limit_s = objectives.recovery_time_s;
        let words = again_s.map_or("never again".to_owned(), |s| format!("again {s:.1} s after its end"));
        let what = format!(
            "orders are refused while the fault lasts: {accepted} of {placed} accepted, and {words} \
             (objective {limit_s} s)"
        );
        (placed > 0 && accepted == 0 && again_s.is_some_and(|s| s <= limit_s as f64), what)
    }

    /// An order that was acknowledged after the fault is settled; where the lease stays, nothing has to
    /// settle before the fault is over.
    fn settled_again(&self, objectives: &Objectives) -> Found {
        let stays = self.moved().is_none();
        let from_ms = if stays { self.ended_at_ms.unwrap_or(self.struck_at_ms) } else { self.struck_at_ms };
        let acknowledged: BTreeSet<&str> = self
            .orders()
            .filter(|order| acknowledged_at(order).is_some_and(|at| at > self.struck_at_ms))
            .map(|order| order.id.as_str())
            .collect();
        let again = self
            .settled
            .iter()
            .filter(|(id, at)| *at > from_ms && acknowledged.contains(id.to_string().as_str()))
            .map(|(_, at)| *at)
            .min();
        let limit_s = objectives.settlement_time_s;
        let after_s = again.map(|at| at.saturating_sub(from_ms) as f64 / 1000.0);
        let words = after_s.map_or("never".to_owned(), |s| format!("after {s:.1} s"));
        let from = if stays && self.ended_at_ms.is_some() { "the end of the fault" } else { "the fault" };
        let what = format!("orders are settled again: {words} from {from} on (objective {limit_s} s)");
        (after_s.is_some_and(|s| s <= limit_s as f64), what)
    }

    /// Said after the fault, and before the lease moved if it did.
    fn held_because(&self, because: &str) -> Found {
        let until = self.moved().map_or(u64::MAX, |(at_ms, ..)| *at_ms);
        let said = self
            .holds
            .iter()
            .find(|(at, text)| (self.struck_at_ms..until).contains(at) && text.contains(because));
        let words = said.map_or("never".to_owned(), |(at, _)| format!("after {:.1} s", self.after_s(*at)));
        (said.is_some(), format!("the other region holds back, because \"{because}\": {words}"))
    }

    fn orders(&self) -> impl Iterator<Item = &Operation> {
        self.history.iter().filter(|operation| operation.kind == OperationKind::PlaceOrder)
    }

    /// One that was under way at its first attempt says nothing of what came after.
    fn sent_after_the_fault(&self, order: &Operation) -> bool {
        order.invoked_ms >= self.struck_at_ms || order.attempts > 1
    }

    fn after_s(&self, at_ms: u64) -> f64 {
        at_ms.saturating_sub(self.struck_at_ms) as f64 / 1000.0
    }
}

fn acknowledged_at(order: &Operation) -> Option<u64> {
    order.completed_ms.filter(|_| order.outcome == Outcome::Ok)
}

#[cfg(test)]
#[path = "expected_tests.rs"]
mod tests;
