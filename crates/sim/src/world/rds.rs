//! The global cluster: who is the writer, what is under way, and what each region's RDS knows of it.

use super::{Event, Role, World};
use crate::agenda::{S, Us};
use crate::chance::Purpose;
use crate::latency;
use crate::mutation::Mutation;

/// Between two tries of what Aurora does by itself.
const TRY_AGAIN: Us = 60 * S;

/// The two clusters, and how they belong together.
#[derive(Debug)]
pub(crate) struct GlobalCluster {
    pub(crate) writer: usize,
    /// Whether the other one follows the writer.
    pub(crate) follows: bool,
    pub(crate) moving: Option<Move>,
    /// The writer, as each region's RDS tells it.
    pub(crate) known: [usize; 2],
    moves: u32,
}

/// A move of the writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Move {
    pub(crate) to: usize,
    pub(crate) planned: bool,
    number: u32,
}

impl GlobalCluster {
    pub(crate) fn new() -> Self {
        Self { writer: 0, follows: true, moving: None, known: [0, 0], moves: 0 }
    }
}

impl World<'_> {
    /// `FailoverGlobalCluster`, data loss allowed; false when it is refused.
    pub(crate) fn begin_failover(&mut self, to: usize) -> bool {
        if self.global.moving.is_some() || self.databases[to].role != Role::Replica {
            return false;
        }
        self.begin_move(to, false, &latency::AURORA_FAILOVER);
        true
    }

    /// `SwitchoverGlobalCluster`; false when it is refused.
    pub(crate) fn begin_switchover(&mut self, to: usize) -> bool {
        let ready = self.global.follows && self.places.iter().all(super::Place::runs) && self.linked();
        if self.global.moving.is_some() || !ready || self.databases[to].role != Role::Replica {
            return false;
        }
        self.databases[1 - to].role = Role::Stopping;
        self.begin_move(to, true, &latency::AURORA_SWITCHOVER);
        true
    }

    fn begin_move(&mut self, to: usize, planned: bool, takes: &latency::Latency) {
        self.global.moves += 1;
        let number = self.global.moves;
        self.global.moving = Some(Move { to, planned, number });
        let hurried = planned && self.breaks(Mutation::FailbackWithoutCatchingUp);
        let takes = if hurried { 0 } else { self.chance.takes(Purpose::Database, takes) };
        self.note(|| format!("the database begins to move to region {to}, planned: {planned}"));
        self.after(takes, Event::Moved { number });
    }

    /// A move has come to its end, one way or the other.
    pub(crate) fn moved(&mut self, number: u32) {
        let Some(moving) = self.global.moving.filter(|moving| moving.number == number) else { return };
        let Move { to, planned, .. } = moving;
        self.stirred = true;
        let well = self.places[to].runs() && self.places[to].database_killed == 0;
        if planned {
            self.receive(to);
            let other = self.places[1 - to].runs() && self.linked();
            if !(well && other && self.global.follows) {
                // Aurora gives the switchover up, and the writer stays where it was.
                self.databases[1 - to].role = Role::Writer;
                self.global.moving = None;
                self.note(|| format!("the switchover to region {to} is given up"));
                return;
            }
            let caught_up = self.databases[to].received >= self.databases[1 - to].log.len();
            if !caught_up && !self.breaks(Mutation::FailbackWithoutCatchingUp) {
                return self.after(S, Event::Moved { number });
            }
        } else if !well {
            return self.after(TRY_AGAIN, Event::Moved { number });
        }
        self.promote(to, planned);
        self.global.moving = None;
        self.global.known[to] = to;
        let knows = self.chance.takes(Purpose::Database, &latency::RDS_KNOWS);
        self.after(knows, Event::Known { region: (1 - to) as u8, writer: to as u8 });
        if planned {
            self.refresh_replication();
        } else {
            let takes = self.chance.takes(Purpose::Database, &latency::AURORA_REJOIN);
            self.after(takes, Event::Rejoin { region: (1 - to) as u8 });
        }
    }

    /// The RDS of the other region has heard.
    pub(crate) fn hear_of_writer(&mut self, region: usize, writer: usize) {
        if self.places[region].lost > 0 || !self.linked() {
            let later = Event::Known { region: region as u8, writer: writer as u8 };
            return self.after(10 * S, later);
        }
        if self.global.writer == writer {
            self.global.known[region] = writer;
        }
    }

    /// Aurora adds the old primary again, once its region is there.
    pub(crate) fn try_rejoin(&mut self, region: usize) {
        let there = self.places[region].runs() && self.places[region].database_killed == 0;
        if self.global.writer == region || self.global.follows {
            return;
        }
        if !(there && self.linked() && self.places[1 - region].runs()) || self.global.moving.is_some() {
            return self.after(TRY_AGAIN, Event::Rejoin { region: region as u8 });
        }
        self.rejoin(region);
        self.stirred = true;
    }
}
