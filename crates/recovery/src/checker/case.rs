//! All that a history has of one order, found by sorting once.

use uuid::Uuid;

use crate::history::{Facts, Operation, OperationKind};

/// Where something about an order stands in the history.
type Found = (Uuid, usize);

/// Every part of a history that is about an order, by the order's id.
pub(super) struct Cases {
    placed: Vec<Found>,
    settled: Vec<Found>,
    announced: Vec<Found>,
}

/// What there is of one order: indices into the history.
pub(super) struct Case<'a> {
    pub(super) placed: &'a [Found],
    pub(super) settled: &'a [Found],
    pub(super) announced: &'a [Found],
}

impl Cases {
    /// Operations whose id is no UUID belong to no case.
    pub(super) fn new(operations: &[Operation], facts: &Facts) -> Self {
        let placed = operations.iter().enumerate().filter(|(_, one)| one.kind == OperationKind::PlaceOrder);
        let placed = placed.filter_map(|(index, one)| Some((Uuid::parse_str(&one.id).ok()?, index)));
        let settled = facts.settled.iter().enumerate().map(|(index, row)| (row.id.as_uuid(), index));
        let outbox = facts.outbox.iter().flatten().enumerate();
        Self {
            placed: sorted(placed),
            settled: sorted(settled),
            announced: sorted(outbox.map(|(index, row)| (row.order.as_uuid(), index))),
        }
    }

    /// One case per order, in order of ids.
    pub(super) fn each(&self) -> impl Iterator<Item = Case<'_>> {
        let (mut placed, mut settled, mut announced) =
            (&self.placed[..], &self.settled[..], &self.announced[..]);
        std::iter::from_fn(move || {
            let id = [placed, settled, announced].iter().filter_map(|part| Some(part.first()?.0)).min()?;
            Some(Case {
                placed: take(&mut placed, id),
                settled: take(&mut settled, id),
                announced: take(&mut announced, id),
            })
        })
    }
}

fn sorted(found: impl Iterator<Item = Found>) -> Vec<Found> {
    let mut found: Vec<Found> = found.collect();
    found.sort_unstable();
    found
}

/// Splits off what is about `id` at the begin.
fn take<'a>(from: &mut &'a [Found], id: Uuid) -> &'a [Found] {
    let until = from.iter().position(|(other, _)| *other != id).unwrap_or(from.len());
    let (taken, rest) = from.split_at(until);
    *from = rest;
    taken
}

/// The indices alone.
pub(super) fn indices(found: &[Found]) -> impl Iterator<Item = usize> + Clone {
    found.iter().map(|(_, index)| *index)
}
