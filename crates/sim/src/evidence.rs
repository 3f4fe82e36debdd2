//! The history of a trial, as the checker of `recovery` takes it: what clients were told, and what is in the
//! database and the lease in the end.

use std::collections::BTreeMap;

use recovery::OrderId;
use recovery::history::{
    ClientKind, DeadRow, Facts, FenceRow, LeaseSeen, Move, Operation, OperationKind, OutboxRow, Outcome,
    SettledRow,
};
use uuid::Uuid;

use crate::agenda::Us;
use crate::world::{Change, WALL_MS, World};

/// Legs of one settlement.
const LEGS: u32 = 2;

fn ms(at: Us) -> u64 {
    WALL_MS + at / 1000
}

/// The id of an order: a version 7 UUID of the time it was made at, and its number.
fn id(made_ms: u64, number: usize) -> OrderId {
    let bits = u128::from(made_ms) << 80 | 0x7000_8000_0000_0000_0000 | number as u128;
    OrderId::new(Uuid::from_u128(bits)).expect("version and variant are set")
}

impl World<'_> {
    /// What clients did and were told. An order that the journal has and nobody has settled yet is under way,
    /// and left out unless everything was to be settled by now.
    pub(crate) fn operations(&self, at_rest: bool) -> Vec<Operation> {
        let database = &self.databases[self.owner()];
        let under_way =
            |number: usize| !at_rest && self.orders[number].entry.is_some() && database.row(number).is_none();
        let orders = self.orders.iter().enumerate().filter(|(number, _)| !under_way(*number));
        let mut operations: Vec<Operation> = orders.map(|(number, _)| self.placed(number)).collect();
        operations.extend(self.operations.iter().map(|one| Operation {
            client: ClientKind::FollowsDns,
            by: Some(one.session as u64),
            kind: if one.writes { OperationKind::WriteSession } else { OperationKind::ReadSession },
            id: format!("session-{}", one.session),
            invoked_ms: ms(one.at),
            completed_ms: Some(ms(one.at)),
            outcome: one.outcome,
            region: Some(self.model.regions[one.region].clone()),
            attempts: 1,
            terms: None,
            token: one.token,
            seen: one.seen,
            content: Some(one.content),
        }));
        operations
    }

    fn placed(&self, number: usize) -> Operation {
        let order = &self.orders[number];
        let client = order.client.map(|client| self.clients[client].kind);
        Operation {
            client: client.unwrap_or(ClientKind::KnowsBothRegions),
            by: None,
            kind: OperationKind::PlaceOrder,
            id: id(order.made_ms, number).to_string(),
            invoked_ms: ms(order.invoked),
            completed_ms: order.completed.map(ms),
            outcome: order.outcome.unwrap_or(Outcome::Unknown),
            region: order.answered_by.map(|region| self.model.regions[region].clone()),
            attempts: order.attempts.max(1).into(),
            terms: None,
            token: None,
            seen: None,
            content: None,
        }
    }

    /// What is in the database of the owner, and what is known of the lease.
    pub(crate) fn facts(&self) -> Facts {
        let database = &self.databases[self.owner()];
        let mut facts =
            Facts { clock_error_ms: 2, writes_refused: self.counts.writes_refused, ..Facts::default() };
        let mut outbox = Vec::new();
        for (sequence, commit) in database.log.iter().enumerate() {
            match commit.change {
                Change::Settled { order, epoch, by_replay, .. } => {
                    let number = order as usize;
                    let order = id(self.orders[number].made_ms, number);
                    outbox.push(OutboxRow { id: sequence as u64, order, effects: 1 });
                    let first =
                        database.row(number).is_some_and(|row| row.at == commit.at && row.epoch == epoch);
                    let times = database.row(number).map_or(1, |row| row.times);
                    if first && !facts.settled.iter().any(|row: &SettledRow| times > 1 && row.id == order) {
                        facts.settled.push(SettledRow {
                            id: order,
                            settled_at_ms: ms(commit.at),
                            settled_epoch: epoch,
                            settled_by: if by_replay { "replay" } else { "queue" }.to_owned(),
                            legs: LEGS * times,
                            legs_sum: rust_decimal::Decimal::ZERO,
                            sequence: Some(sequence as u64),
                            terms: None,
                        });
                    }
                }
                Change::Fenced(epoch) => facts.fences.push(FenceRow { epoch, raised_at_ms: ms(commit.at) }),
                Change::Swept(_) => {}
            }
        }
        facts.outbox = Some(outbox);
        facts.ledger_sums = BTreeMap::new();
        facts.dead = self.dead_rows();
        (facts.lease_history, facts.moves) = self.reigns();
        facts
    }

    fn dead_rows(&self) -> Vec<DeadRow> {
        let row = |(order, epoch): &(u32, recovery::Epoch)| DeadRow {
            id: id(self.orders[*order as usize].made_ms, *order as usize),
            settled_epoch: *epoch,
        };
        self.dead.iter().map(row).collect()
    }

    fn reigns(&self) -> (Vec<LeaseSeen>, Vec<Move>) {
        let region = |number: usize| self.model.regions[number].clone();
        let seen = self.reigns.iter().map(|reign| LeaseSeen {
            epoch: reign.epoch,
            owner: region(reign.owner),
            state: None,
            asked_ms: None,
            at_ms: ms(reign.began),
        });
        let moves = self.reigns.windows(2).map(|pair| Move {
            epoch: pair[1].epoch,
            from: region(pair[0].owner),
            to: region(pair[1].owner),
            at_ms: ms(pair[1].began),
            planned: pair[1].planned,
        });
        (seen.collect(), moves.collect())
    }
}
