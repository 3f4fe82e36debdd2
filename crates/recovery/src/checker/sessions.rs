//! What each client saw of its session.

use super::{Broken, Place, Violation};
use crate::history::{Operation, OperationKind, Outcome};
use crate::session::SessionVersion;

pub(super) fn check(operations: &[Operation], violations: &mut Vec<Violation>) {
    let mut all: Vec<Turn<'_>> = operations
        .iter()
        .enumerate()
        .filter(|(_, operation)| operation.kind != OperationKind::PlaceOrder)
        .map(|(index, operation)| Turn { index, operation })
        .collect();
    all.sort_by_key(|turn| {
        (turn.operation.id.as_str(), turn.operation.by, turn.operation.invoked_ms, turn.index)
    });
    let same = |one: &Turn<'_>, other: &Turn<'_>| {
        one.operation.id == other.operation.id && one.operation.by == other.operation.by
    };
    for turns in all.chunk_by(same) {
        // Of clients that nobody tells apart, only what each shows itself counts.
        match turns[0].operation.by {
            Some(_) => one_client(turns, violations),
            None => turns.iter().for_each(|turn| turn.judge(None, violations)),
        }
    }
}

/// An operation on a session.
#[derive(Clone, Copy)]
struct Turn<'a> {
    index: usize,
    operation: &'a Operation,
}

/// What a client knows of its session, and which operation told it.
#[derive(Clone, Copy)]
struct Known {
    version: SessionVersion,
    content: Option<u64>,
    index: usize,
}

/// All operations of one client on one session. What it learnt counts for those that it began later; after
/// a refusal it may start over.
fn one_client(turns: &[Turn<'_>], violations: &mut Vec<Violation>) {
    let mut ended: Vec<(u64, Turn<'_>)> =
        turns.iter().filter_map(|turn| Some((turn.operation.completed_ms?, *turn))).collect();
    ended.sort_by_key(|(at_ms, turn)| (*at_ms, turn.operation.invoked_ms, turn.index));
    let (mut ended, mut known) = (ended.into_iter().peekable(), None);
    for turn in turns {
        let began = |(at_ms, before): &(u64, Turn<'_>)| {
            *at_ms <= turn.operation.invoked_ms && before.index != turn.index
        };
        while let Some((_, before)) = ended.next_if(began) {
            known = before.learns(known);
        }
        turn.judge(known, violations);
    }
}

impl Turn<'_> {
    /// What its client knows when it has ended.
    fn learns(self, known: Option<Known>) -> Option<Known> {
        let Operation { outcome, seen, content, .. } = self.operation;
        match (outcome, seen) {
            (Outcome::Unknown, _) => known,
            (Outcome::Failed, _) => None,
            (Outcome::Ok, None) if self.operation.kind == OperationKind::ReadSession => None,
            (Outcome::Ok, None) => known,
            (Outcome::Ok, Some(version)) => {
                Some(Known { version: *version, content: *content, index: self.index })
            }
        }
    }

    /// Judges the answer by the token and by what the client is known to have seen.
    fn judge(self, known: Option<Known>, violations: &mut Vec<Violation>) {
        let Operation { id, kind, outcome, token, seen, content, .. } = self.operation;
        if *outcome != Outcome::Ok {
            return;
        }
        let session = || id.clone();
        let places = known.map(|known| Place::Operation(known.index)).into_iter();
        let places = places.chain([Place::Operation(self.index)]);
        let mut broken = |broken| violations.push(Violation::new(broken, places.clone()));
        let bound = (*token).max(known.map(|known| known.version));
        match (kind, bound, *seen) {
            (OperationKind::ReadSession, Some(known), None) => {
                broken(Broken::SessionGone { session: session(), known });
            }
            (OperationKind::ReadSession, Some(known), Some(seen)) if seen < known => {
                broken(Broken::WentBack { session: session(), known, seen });
            }
            (OperationKind::WriteSession, Some(token), Some(seen)) if seen <= token => {
                broken(Broken::NotAdvanced { session: session(), token, seen });
            }
            _ => {}
        }
        let same = known.filter(|known| Some(known.version) == *seen && *kind == OperationKind::ReadSession);
        if let Some((was, is)) = same.and_then(|known| known.content).zip(*content)
            && was != is
            && let Some(version) = *seen
        {
            broken(Broken::OtherContent { session: session(), version });
        }
    }
}
