//! One region of the pair: what is wrong with it.

use crate::agenda::Us;

use super::{Event, World};

/// What is wrong with a region; each count is of faults that do it now.
#[derive(Debug, Default)]
pub(crate) struct Place {
    pub(crate) lost: u16,
    pub(crate) frozen: u16,
    pub(crate) cut_off: u16,
    pub(crate) journal_down: u16,
    pub(crate) processing_broken: u16,
    pub(crate) schedule_lost: u16,
    pub(crate) switch_off: u16,
    pub(crate) duplicates: u16,
    pub(crate) database_killed: u16,
    pub(crate) database_hung: u16,
    /// Outside requests that fail, of a thousand.
    pub(crate) errors: u32,
    /// How late answers are.
    pub(crate) slow: Us,
    /// How far its wall clock is ahead, in milliseconds.
    pub(crate) clock_ahead_ms: u64,
    /// Events of its processes that wait for it to thaw, or to come back.
    pub(crate) deferred: Vec<Event>,
}

/// What a call meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contact {
    /// It is refused at once.
    Refused,
    /// Nobody ever answers.
    Silent,
    /// It arrives.
    Reached,
}

impl Place {
    /// Whether its processes run.
    pub(crate) fn runs(&self) -> bool {
        self.lost == 0 && self.frozen == 0
    }

    /// What a request from outside meets.
    pub(crate) fn seen_from_outside(&self) -> Contact {
        if self.lost > 0 || self.cut_off > 0 {
            Contact::Refused
        } else if self.frozen > 0 {
            Contact::Silent
        } else {
            Contact::Reached
        }
    }
}

impl World<'_> {
    /// Whether the two regions reach each other.
    pub(crate) fn linked(&self) -> bool {
        self.partitioned == 0
    }

    /// Whether a region can use the strongly consistent table: its replica and one other of the three have to
    /// agree. An isolated replica returns errors.
    pub(crate) fn table_up(&self, region: usize) -> bool {
        let place = &self.places[region];
        let peer = self.linked() && self.places[1 - region].runs();
        let witness = self.witness_lost == 0 && self.from_witness[region] == 0;
        place.runs() && place.journal_down == 0 && (peer || witness)
    }

    /// What a connection from one region to the database of a region meets.
    pub(crate) fn database_contact(&self, from: usize, to: usize) -> Contact {
        let place = &self.places[to];
        if from != to && !self.linked() {
            return Contact::Silent;
        }
        if place.lost > 0 || place.database_killed > 0 {
            return Contact::Refused;
        }
        if place.frozen > 0 || place.database_hung > 0 { Contact::Silent } else { Contact::Reached }
    }

    /// The wall clock of a region, in milliseconds since the Unix epoch.
    pub(crate) fn wall_ms(&self, region: usize) -> u64 {
        self.true_ms() + self.places[region].clock_ahead_ms
    }

    /// The wall clock of everybody whose clock is right.
    pub(crate) fn true_ms(&self) -> u64 {
        super::WALL_MS + self.now / 1000
    }
}
