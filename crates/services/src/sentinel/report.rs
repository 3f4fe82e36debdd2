//! What one watch did, for its caller and for the log.

use recovery::{Epoch, Region};
use serde::Serialize;

/// Events that one report holds at most; a watch that meets more is in a loop.
const EVENTS_MAX: usize = 100;

/// What one watch did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Region that watched.
    pub region: Region,
    /// Ticks made.
    pub ticks: u64,
    /// Renewals of the lease by this watch, or seen to be made by another one of this region.
    pub renewals: u64,
    /// Outside probes of the peer that were answered well.
    pub probes_answered: u64,
    /// Outside probes that failed.
    pub probes_failed: u64,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// The last decision, in words.
    pub last: String,
}

/// Something worth telling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// Milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// What it is, in one word.
    pub event: &'static str,
    /// Epoch of the lease, if one is known.
    pub epoch: Option<Epoch>,
    /// The rest, for people.
    pub detail: String,
}

impl Report {
    pub(super) fn new(region: Region) -> Self {
        Self {
            region,
            ticks: 0,
            renewals: 0,
            probes_answered: 0,
            probes_failed: 0,
            events: Vec::new(),
            last: String::new(),
        }
    }

    /// Notes and logs an event.
    pub(super) fn note(&mut self, event: &'static str, epoch: Option<Epoch>, detail: String) {
        tracing::info!(event, region = %self.region, epoch = epoch.map(|epoch| epoch.0), detail, "sentinel");
        if self.events.len() < EVENTS_MAX {
            self.events.push(Event { at_ms: crate::telemetry::now_ms(), event, epoch, detail });
        }
    }

    /// Notes the tick's decision, and logs it when it differs from the one before.
    pub(super) fn decided(&mut self, event: &'static str, epoch: Option<Epoch>, detail: String) {
        // Figures change with every tick; a decision is the same while its words are.
        let words =
            |text: &str| text.chars().filter(|c| !c.is_ascii_digit() && *c != '.').collect::<String>();
        if words(&self.last) != words(&detail) {
            self.note(event, epoch, detail.clone());
        }
        self.last = detail;
    }
}
