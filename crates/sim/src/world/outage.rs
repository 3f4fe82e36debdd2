//! How faults begin and end.

use recovery::step::Action;

use super::step::Killed;
use super::{Event, World};
use crate::agenda::{MS, Us};
use crate::chance::Purpose;
use crate::fault::{Begin, End, Fault, Kind};

/// A fault that kills steps, and whose steps it has killed.
#[derive(Debug)]
pub(crate) struct Killing {
    only: Option<Action>,
    killed: Vec<Action>,
}

/// The first fault.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Struck {
    pub(crate) at: Us,
    pub(crate) epoch: recovery::Epoch,
    pub(crate) owner: usize,
}

fn count(counter: &mut u16, begins: bool) {
    *counter = if begins { *counter + 1 } else { counter.saturating_sub(1) };
}

impl World<'_> {
    /// A fault begins.
    pub(crate) fn strike(&mut self, number: usize) {
        let fault = self.script.faults[number];
        if self.healed || self.began[number] {
            return;
        }
        self.began[number] = true;
        let owner = self.owner();
        let (at, epoch) = (self.now, self.lease.epoch);
        self.struck.get_or_insert(Struck { at, epoch, owner });
        self.note(|| format!("fault {number} begins: {:?} in region {}", fault.kind, fault.region));
        self.change(fault, true);
        if let End::After(lasts) = fault.end {
            self.after(lasts, Event::Calm { fault: number as u16 });
        }
    }

    /// A fault ends.
    pub(crate) fn calm(&mut self, number: usize) {
        let running = self.began[number] && !self.calmed[number];
        if !running {
            return;
        }
        self.calmed[number] = true;
        let fault = self.script.faults[number];
        self.note(|| format!("fault {number} ends: {:?} in region {}", fault.kind, fault.region));
        self.change(fault, false);
    }

    /// Everything is mended.
    pub(crate) fn heal(&mut self) {
        self.healed = true;
        for number in 0..self.script.faults.len() {
            self.calm(number);
        }
        self.healed_at.get_or_insert(self.now);
        self.stirred = true;
    }

    /// What ends with the recovery ends.
    pub(crate) fn recovered(&mut self) {
        for number in 0..self.script.faults.len() {
            if self.script.faults[number].end == End::Recovered {
                self.calm(number);
            }
        }
    }

    fn change(&mut self, fault: Fault, begins: bool) {
        let region = fault.region;
        let place = &mut self.places[region];
        match fault.kind {
            Kind::Lost => {
                count(&mut place.lost, begins);
                if begins {
                    self.lose(region);
                }
            }
            Kind::Frozen => count(&mut place.frozen, begins),
            Kind::Partitioned => count(&mut self.partitioned, begins),
            Kind::CutOffFromWitness => count(&mut self.from_witness[region], begins),
            Kind::WitnessLost => count(&mut self.witness_lost, begins),
            Kind::CutOffFromClients => count(&mut place.cut_off, begins),
            Kind::Errors(share) => place.errors = if begins { share } else { 0 },
            Kind::Slow(ms) => place.slow = if begins { ms * MS } else { 0 },
            Kind::DatabaseKilled => count(&mut place.database_killed, begins),
            Kind::DatabaseHung => count(&mut place.database_hung, begins),
            Kind::JournalUnavailable => count(&mut place.journal_down, begins),
            Kind::ProcessingBroken => count(&mut place.processing_broken, begins),
            Kind::ScheduleLost => count(&mut place.schedule_lost, begins),
            Kind::DnsDenied => count(&mut self.dns_denied, begins),
            Kind::DuplicateTriggers => count(&mut place.duplicates, begins),
            Kind::ClockAhead(ms) => {
                place.clock_ahead_ms = if begins { ms } else { 0 };
                self.clocks_apart_ms = self.clocks_apart_ms.max(ms);
            }
            Kind::SwitchOff => count(&mut place.switch_off, begins),
            Kind::Lag(ms) => self.lag = if begins { ms * MS } else { 0 },
            Kind::StepKilled(only) if begins => self.killed.push(Killing { only, killed: Vec::new() }),
            Kind::StepKilled(_) => self.killed.clear(),
            Kind::Switchover => {}
        }
        self.refresh_replication();
        self.refresh_sessions();
        self.refresh_dns();
        self.look_astray();
        if !begins {
            self.revive(region);
        }
    }

    /// What ran in a lost region is gone.
    fn lose(&mut self, region: usize) {
        for watch in &mut self.watches {
            watch.alive &= watch.region != region;
        }
    }

    /// What waited for a region goes on.
    fn revive(&mut self, region: usize) {
        if !self.places[region].runs() {
            return;
        }
        for event in std::mem::take(&mut self.places[region].deferred) {
            self.after(0, event);
        }
        self.call_processor(region);
    }

    /// Whether the function of a step dies this time.
    pub(crate) fn killed_in(&mut self, action: Action) -> Option<Killed> {
        let mut dies = self.chance.strikes(Purpose::Mishap, self.script.mishaps.step_killed);
        for killing in &mut self.killed {
            if killing.only.is_none_or(|only| only == action) && !killing.killed.contains(&action) {
                killing.killed.push(action);
                dies = true;
            }
        }
        self.counts.steps_killed += u64::from(dies);
        let before = self.chance.below(Purpose::Mishap, 2) == 0;
        dies.then_some(if before { Killed::Before } else { Killed::After })
    }

    /// A step begins, and faults that wait for it.
    pub(crate) fn begins(&mut self, action: Action) {
        for number in 0..self.script.faults.len() {
            if self.script.faults[number].begin == Begin::During(action) {
                self.strike(number);
            }
        }
    }

    /// How long after is, in microseconds.
    pub(crate) fn since_struck(&self, at: Us) -> Option<Us> {
        self.struck.map(|struck| at.saturating_sub(struck.at))
    }
}
