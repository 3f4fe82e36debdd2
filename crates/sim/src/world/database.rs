//! A pair of databases: one is written to, the other follows it, later.

use recovery::Epoch;
use recovery::lease::Fence;

use super::{Contact, World};
use crate::agenda::{MS, Us};
use crate::chance::Purpose;
use crate::judge::Violation;
use crate::latency;
use crate::mutation::Mutation;

/// Never, for what cannot be sent at the moment.
const HELD: Us = Us::MAX;

/// What a database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It takes writes. So does one that another was promoted over, until it is made to follow.
    Writer,
    /// It stops writing for a switchover.
    Stopping,
    /// It follows the other.
    Replica,
}

/// The database of one region.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) role: Role,
    /// Everything committed here, or received.
    pub(crate) log: Vec<Commit>,
    /// What the log has made of each order.
    pub(crate) rows: Vec<Option<Row>>,
    pub(crate) fence: Fence,
    pub(crate) fence_raised: Us,
    pub(crate) swept_through_ms: Option<u64>,
    pub(crate) watermark_ms: Option<u64>,
    /// Of a replica: how much of the writer's log it has.
    pub(crate) received: usize,
}

/// One transaction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Commit {
    pub(crate) change: Change,
    pub(crate) at: Us,
    /// When the replica has it.
    arrives: Us,
}

/// What a transaction does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    /// Settles an order.
    Settled { order: u32, epoch: Epoch, acknowledged_ms: u64, by_replay: bool },
    /// Raises the fence.
    Fenced(Epoch),
    /// Notes how far a sweep has come.
    Swept(u64),
}

/// One settled order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) at: Us,
    pub(crate) epoch: Epoch,
    pub(crate) by_replay: bool,
    /// How often it was settled.
    pub(crate) times: u32,
}

impl Database {
    pub(crate) fn new(role: Role) -> Self {
        Self {
            role,
            log: Vec::new(),
            rows: Vec::new(),
            fence: Fence::default(),
            fence_raised: 0,
            swept_through_ms: None,
            watermark_ms: None,
            received: 0,
        }
    }

    pub(crate) fn row(&self, order: usize) -> Option<Row> {
        self.rows.get(order).copied().flatten()
    }

    /// When the last order was settled, and how many transactions there are.
    pub(crate) fn ledger_end(&self) -> (usize, Option<Us>) {
        let settled = |commit: &&Commit| matches!(commit.change, Change::Settled { .. });
        let count = self.log.iter().filter(settled).count();
        (count, self.log.iter().rev().find(settled).map(|commit| commit.at))
    }

    fn apply(&mut self, commit: Commit) {
        match commit.change {
            Change::Settled { order, epoch, acknowledged_ms, by_replay, .. } => {
                let order = order as usize;
                if self.rows.len() <= order {
                    self.rows.resize(order + 1, None);
                }
                let fresh = Row { at: commit.at, epoch, by_replay, times: 0 };
                self.rows[order].get_or_insert(fresh).times += 1;
                self.watermark_ms = self.watermark_ms.max(Some(acknowledged_ms));
            }
            Change::Fenced(epoch) => {
                // What was committed by the writer is a replica's to take.
                let _ = self.fence.raise(epoch);
                self.fence_raised = commit.at;
            }
            Change::Swept(through_ms) => {
                self.swept_through_ms = self.swept_through_ms.max(Some(through_ms));
            }
        }
        self.log.push(commit);
    }
}

impl World<'_> {
    /// Whether a database takes writes, when it is asked.
    pub(crate) fn takes_writes(&self, region: usize) -> bool {
        self.databases[region].role == Role::Writer
    }

    /// Whether the fence of a database admits a writer; a refusal is counted.
    pub(crate) fn admitted(&mut self, region: usize, epoch: Epoch) -> bool {
        let fence = self.databases[region].fence;
        if fence.admit(epoch).is_ok() || self.breaks(Mutation::NoFence) {
            return true;
        }
        self.counts.writes_refused += u64::from(epoch < fence.epoch());
        self.note(|| format!("the fence at epoch {} refuses a write of epoch {epoch}", fence.epoch()));
        false
    }

    /// Settles an order, unless it is settled already.
    pub(crate) fn write(&mut self, region: usize, order: u32, epoch: Epoch, by_replay: bool) {
        let settled = self.databases[region].row(order as usize).is_some();
        if settled && !self.breaks(Mutation::NoIdempotence) {
            return;
        }
        let entry = self.orders[order as usize].entry;
        self.audit_write(region, order as usize, epoch, entry);
        let acknowledged_ms = entry.map_or(0, |entry| entry.acknowledged_ms);
        self.commit(region, Change::Settled { order, epoch, acknowledged_ms, by_replay });
        self.settled(region, order as usize, epoch);
    }

    /// Commits a transaction and sends it to the replica.
    pub(crate) fn commit(&mut self, region: usize, change: Change) {
        let sent = self.streams(region);
        let delay =
            self.chance.takes(Purpose::Database, &latency::REPLICATION) + self.script.lag.0 + self.lag;
        let last = self.databases[region].log.last().map_or(0, |commit| commit.arrives);
        let arrives = if sent && last != HELD { last.max(self.now + delay) } else { HELD };
        self.databases[region].apply(Commit { change, at: self.now, arrives });
        self.stirred = true;
        self.note(|| format!("database {region}: {change:?}"));
    }

    /// Whether what this database commits is sent to the other one.
    fn streams(&self, region: usize) -> bool {
        let (place, other) = (&self.places[region], &self.places[1 - region]);
        let up = |place: &super::Place| place.runs() && place.database_killed == 0;
        up(place) && up(other) && place.database_hung == 0 && self.linked() && self.global.follows
    }

    /// After a change of what reaches what: what is under way is held, or goes on.
    pub(crate) fn refresh_replication(&mut self) {
        let writer = self.global.writer;
        self.receive(1 - writer);
        let sent = self.streams(writer);
        let (now, received) = (self.now, self.databases[1 - writer].received);
        let delay =
            self.chance.takes(Purpose::Database, &latency::REPLICATION) + self.script.lag.0 + self.lag;
        let waiting = self.databases[writer].log.iter_mut().skip(received);
        for commit in waiting {
            if !sent {
                commit.arrives = HELD;
            } else if commit.arrives == HELD {
                commit.arrives = now + delay;
            }
        }
    }

    /// Lets the replica have what has arrived by now.
    pub(crate) fn receive(&mut self, replica: usize) {
        if self.databases[replica].role != Role::Replica || !self.global.follows {
            return;
        }
        let [first, second] = &mut self.databases;
        let (writer, replica) = if replica == 0 { (second, first) } else { (first, second) };
        while let Some(commit) = writer.log.get(replica.received).filter(|commit| commit.arrives <= self.now)
        {
            replica.apply(*commit);
            replica.received += 1;
        }
    }

    /// The replica becomes the writer; what it has not received is lost.
    pub(crate) fn promote(&mut self, region: usize, planned: bool) {
        self.receive(region);
        let old = 1 - region;
        let received = self.databases[region].received;
        let missing = &self.databases[old].log[received.min(self.databases[old].log.len())..];
        let settled = missing.iter().filter_map(|commit| match commit.change {
            Change::Settled { order, epoch, .. } => Some((order, epoch)),
            _ => None,
        });
        let before = self.dead.len();
        self.dead.extend(settled);
        let lost = (self.dead.len() - before) as u64;
        self.counts.commits_lost += lost;
        if planned && lost > 0 {
            self.violation(Violation::PlannedMoveLost { commits: lost });
        }
        self.note(|| format!("the database of region {region} is the writer; {lost} settlements are lost"));
        self.databases[region].role = Role::Writer;
        self.databases[old].role = if planned { Role::Replica } else { self.databases[old].role };
        self.databases[old].received = if planned { received } else { 0 };
        self.global.writer = region;
        self.global.follows = planned;
        for commit in &mut self.databases[region].log {
            commit.arrives = 0;
        }
    }

    /// The old writer gets a new volume, and follows.
    pub(crate) fn rejoin(&mut self, region: usize) {
        let writer = 1 - region;
        let mut fresh = Database::new(Role::Replica);
        for commit in &self.databases[writer].log {
            fresh.apply(*commit);
        }
        fresh.received = self.databases[writer].log.len();
        for commit in &mut self.databases[writer].log {
            commit.arrives = 0;
        }
        self.databases[region] = fresh;
        self.global.follows = true;
        self.refresh_replication();
        self.note(|| format!("the database of region {region} follows again"));
    }

    /// By how many milliseconds the replica's last settlement is older than the writer's.
    pub(crate) fn lag_ms(&mut self, replica: usize) -> Option<u64> {
        self.receive(replica);
        let (ours, theirs) = (self.databases[1 - replica].ledger_end(), self.databases[replica].ledger_end());
        match (ours.1, theirs.1) {
            (None, _) => Some(0),
            (Some(_), None) => None,
            (Some(ours), Some(theirs)) => Some(ours.saturating_sub(theirs) / MS),
        }
    }

    /// Whether a region's own database answers, and as what.
    pub(crate) fn own_database(&self, region: usize) -> Result<Role, Contact> {
        match self.database_contact(region, region) {
            Contact::Reached => Ok(self.databases[region].role),
            contact => Err(contact),
        }
    }
}
