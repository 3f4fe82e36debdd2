//! One watch of a sentinel: an invocation with a clock of its own, and what it remembers from tick to tick.

use std::time::Duration;

use recovery::lease::{Challenger, Owner, Probes, Readiness};
use recovery::{Epoch, Lease};

use super::{Event, World};
use crate::agenda::{MS, S, Us};
use crate::chance::Purpose;
use crate::latency;

/// Between two ticks, as the sentinel has it for the shipped timings: `recovery::lease::TICK`.
pub(crate) const TICK: Us = S;

/// One invocation of the sentinel.
#[derive(Debug)]
pub(crate) struct Watch {
    pub(crate) region: usize,
    pub(crate) alive: bool,
    pub(crate) started: Us,
    pub(crate) until: Us,
    /// How fast its monotonic clock runs, in millionths.
    rate: u64,
    pub(crate) owner: Owner,
    pub(crate) challenger: Challenger,
    pub(crate) lookout: Lookout,
    pub(crate) readiness: Option<(Us, Readiness)>,
    pub(crate) swept: bool,
    pub(crate) recovery_started: Option<Duration>,
    pub(crate) failback_started: Option<Duration>,
    pub(crate) last_epoch: Option<Epoch>,
    /// The switch as it was read last, and when it is read again.
    pub(crate) switch: (bool, Us),
    /// When this tick began.
    pub(crate) begun: Us,
    pub(crate) pending: Option<Pending>,
}

/// What a tick has decided and not done yet.
#[derive(Debug)]
pub(crate) enum Pending {
    /// A compare-and-set.
    Swap { expected: Lease, next: Lease, begun: Us, expired: bool },
    /// To start a workflow for this lease.
    Start { lease: Lease, failback: bool },
}

/// Probes of the other region, one at a time.
#[derive(Debug)]
pub(crate) struct Lookout {
    pub(crate) next: Us,
    /// When the running probe ends, and how.
    pub(crate) running: Option<(Us, Probe)>,
    pub(crate) probes: Probes,
}

/// How a probe ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Probe {
    Answered,
    Failed(&'static str),
}

impl Lookout {
    pub(crate) fn new(now: Us, limit: u32) -> Self {
        Self { next: now, running: None, probes: Probes { limit, ..Probes::default() } }
    }

    /// Counts the probe that has ended, if one has.
    pub(crate) fn count(&mut self, now: Us) {
        let Some((_, probe)) = self.running.filter(|(ends, _)| *ends <= now) else { return };
        self.running = None;
        let probes = &mut self.probes;
        probes.refused = 0;
        match probe {
            Probe::Answered => {
                probes.failures = 0;
                probes.answered = probes.answered.saturating_add(1);
                probes.last_error.clear();
            }
            Probe::Failed(why) => {
                probes.failures = probes.failures.saturating_add(1);
                probes.answered = 0;
                probes.last_error = why.to_owned();
            }
        }
    }
}

impl Watch {
    /// A time by its own clock, since it began.
    pub(crate) fn clock(&self, at: Us) -> Duration {
        Duration::from_micros(at.saturating_sub(self.started) * self.rate / 1_000_000)
    }

    /// Microseconds that pass while its clock counts these.
    pub(crate) fn lasts(&self, by_clock: Us) -> Us {
        by_clock * 1_000_000 / self.rate
    }
}

impl World<'_> {
    /// The schedule of a region's sentinel: every minute, up to a minute late.
    pub(crate) fn schedule(&mut self, region: usize) {
        self.after(self.model.schedule, Event::Schedule { region: region as u8 });
        let place = &self.places[region];
        if place.lost > 0 || place.schedule_lost > 0 {
            return;
        }
        let times = if place.duplicates > 0 { 3 } else { 1 };
        for _ in 0..times {
            let late = self.chance.takes(Purpose::Schedule, &latency::SCHEDULE);
            self.after(late, Event::Watch { region: region as u8 });
        }
    }

    /// A watch begins.
    pub(crate) fn begin_watch(&mut self, region: usize) {
        if self.places[region].lost > 0 {
            return;
        }
        let model = self.model;
        let spread = u64::from(self.script.mishaps.clock_rate);
        let rate = 1_000_000 + self.chance.below(Purpose::Schedule, 2 * spread + 1) - spread;
        let now = self.now;
        let watch = Watch {
            region,
            alive: true,
            started: now,
            until: now + model.watch * 1_000_000 / rate,
            rate,
            owner: Owner::new(model.regions[region].clone(), model.timing),
            challenger: Challenger::new(model.timing),
            lookout: Lookout::new(now, model.probe_failures),
            readiness: None,
            swept: false,
            recovery_started: None,
            failback_started: None,
            last_epoch: None,
            switch: (true, 0),
            begun: now,
            pending: None,
        };
        // The place of a watch that has ended is free.
        let free = self.watches.iter().position(|watch| !watch.alive);
        let index = match free {
            Some(index) => {
                self.watches[index] = watch;
                index
            }
            None => {
                self.watches.push(watch);
                self.watches.len() - 1
            }
        };
        self.begin_tick(index, now + 20 * MS);
    }

    /// Begins a tick at a time; its read of the lease takes effect a little later.
    pub(crate) fn begin_tick(&mut self, index: usize, at: Us) {
        let watch = &mut self.watches[index];
        if at + TICK >= watch.until {
            watch.alive = false;
            return;
        }
        watch.begun = at;
        let region = watch.region as u8;
        let started = watch.started;
        let read = self.chance.takes(Purpose::Sentinel, &latency::TABLE_READ) / 2;
        self.agenda.at(at + read, Event::Tick { watch: index as u16, region, started });
    }
}
