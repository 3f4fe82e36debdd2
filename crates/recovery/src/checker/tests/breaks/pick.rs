//! Where to break a history: some part of it that is of the kind that is to be broken.

use proptest::sample::Index;

use crate::Region;
use crate::history::*;
use crate::session::SessionVersion;

pub(super) fn choose<T>(from: &[T], pick: Index) -> Option<&T> {
    (!from.is_empty()).then(|| pick.get(from))
}

pub(super) fn choose_mut<T>(from: &mut [T], pick: Index) -> Option<&mut T> {
    (!from.is_empty()).then(|| pick.get_mut(from))
}

pub(super) fn indices<T>(all: &[T], is_meant: impl Fn(&T) -> bool) -> Vec<usize> {
    all.iter().enumerate().filter(|(_, one)| is_meant(one)).map(|(index, _)| index).collect()
}

pub(super) fn operation(
    all: &mut Recorded,
    pick: Index,
    is_meant: impl Fn(&Operation) -> bool,
) -> Option<&mut Operation> {
    let meant = indices(&all.operations, is_meant);
    Some(&mut all.operations[*choose(&meant, pick)?])
}

pub(super) fn settled(all: &mut Recorded, pick: Index) -> Option<&mut SettledRow> {
    choose_mut(&mut all.facts.settled, pick)
}

pub(super) fn acknowledged(all: &mut Recorded, pick: Index) -> Option<String> {
    Some(operation(all, pick, Operation::is_acknowledged_order)?.id.clone())
}

pub(super) fn placed_and_settled(all: &mut Recorded, pick: Index) -> Option<String> {
    let is_placed = |row: &&SettledRow| all.operations.iter().any(|one| one.id == row.id.to_string());
    let placed: Vec<String> =
        all.facts.settled.iter().filter(is_placed).map(|row| row.id.to_string()).collect();
    choose(&placed, pick).cloned()
}

/// Two answers that one client of a known number had, with nothing on that session between them; the second
/// of this kind.
pub(super) fn answers_in_a_row(all: &Recorded, pick: Index, kind: OperationKind) -> Option<(usize, usize)> {
    let known = indices(&all.operations, |one| one.by.is_some() && one.kind != OperationKind::PlaceOrder);
    let mut pairs = Vec::new();
    for (at, second) in known.iter().enumerate() {
        let (two, is_same) = (&all.operations[*second], |index: &&usize| {
            all.operations[**index].id == all.operations[*second].id
        });
        if let Some(first) = known[..at].iter().rev().find(is_same) {
            let one = &all.operations[*first];
            if two.kind == kind && one.seen.is_some() && two.seen.is_some() {
                pairs.push((*first, *second));
            }
        }
    }
    choose(&pairs, pick).copied()
}

pub(super) fn before(version: SessionVersion) -> SessionVersion {
    SessionVersion { version: version.version - 1, ..version }
}

pub(super) fn elsewhere(owner: &Region) -> Region {
    let other = if owner.as_str() == "us-east-1" { "us-east-2" } else { "us-east-1" };
    Region::new(other).expect("a region")
}
