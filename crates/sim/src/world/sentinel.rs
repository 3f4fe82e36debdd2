//! One tick: look, decide, act. [`decide`] is the one of `recovery`; what it is told is what
//! `services::sentinel` would have found out.

use std::time::Duration;

use recovery::Lease;
use recovery::lease::{Database, Decision, LeaseState, Observed, View, decide};

use super::watch::{Lookout, Pending, Probe, TICK};
use super::{Contact, Event, HOME, World};
use crate::agenda::{MS, S, Us};
use crate::chance::Purpose;
use crate::latency;
use crate::mutation::Mutation;

/// How old a finding on a region's own health may be for a decision that hangs on it, and else.
const READINESS_FRESH: Us = 2 * S;
const READINESS_IDLE: Us = 15 * S;
/// How long the switch counts before it is read again.
const SWITCH_FRESH: Us = 10 * S;
/// Longest probe.
const PROBE_LIMIT: Us = 4 * S;
/// How long a call takes whose answer is lost: `recovery::lease::LEASE_LIMIT`.
const LEASE_LIMIT: Us = 3 * S;

impl World<'_> {
    /// A tick's read of the lease takes effect, and the rest of the tick follows from it.
    pub(crate) fn tick(&mut self, index: usize) {
        let region = self.watches[index].region;
        let begun = self.watches[index].begun;
        let readable = self.table_up(region);
        let takes = if readable {
            self.now - begun
        } else {
            self.chance.takes(Purpose::Sentinel, &latency::TABLE_FAILS)
        };
        let ended = self.now + takes;
        if readable {
            self.observe(index, begun, ended);
        } else {
            let watch = &mut self.watches[index];
            let begun = watch.clock(begun);
            watch.challenger.blind(begun);
        }
        self.read_switch(index);
        let own_lease = readable && self.lease.owner == self.model.regions[region];
        let standby = readable && !own_lease;
        if standby || region != HOME {
            self.look_outside(index, ended);
        }
        let looked = self.refresh_readiness(index, standby, ended);
        if own_lease {
            self.sweep_if_due(index);
        }
        let at = ended + looked;
        let decision = self.decided(index, readable, at);
        self.act(index, decision, at);
    }

    fn observe(&mut self, index: usize, begun: Us, ended: Us) {
        let (now, limit) = (self.now, self.model.probe_failures);
        let lease = &self.lease;
        let watch = &mut self.watches[index];
        let (begun, ended) = (watch.clock(begun), watch.clock(ended));
        watch.owner.observe(lease, begun);
        if watch.challenger.observe(lease, begun, ended) {
            watch.lookout = Lookout::new(now, limit);
        }
        if watch.last_epoch.replace(lease.epoch).is_some_and(|last| last != lease.epoch) {
            watch.lookout = Lookout::new(now, limit);
            watch.recovery_started = None;
            watch.failback_started = None;
        }
    }

    fn read_switch(&mut self, index: usize) {
        let off = self.places[self.watches[index].region].switch_off > 0;
        let watch = &mut self.watches[index];
        if self.now >= watch.switch.1 {
            watch.switch = (!off, self.now + SWITCH_FRESH);
        }
    }

    fn look_outside(&mut self, index: usize, now: Us) {
        self.watches[index].lookout.count(now);
        let lookout = &self.watches[index].lookout;
        if lookout.running.is_some() || now < lookout.next {
            return;
        }
        let (takes, probe) = self.probe(self.watches[index].region);
        let next = now + self.model.probe_interval;
        let lookout = &mut self.watches[index].lookout;
        (lookout.running, lookout.next) = (Some((now + takes, probe)), next);
    }

    /// A synthetic order at the other region's public endpoint: how long it takes, and how it ends.
    fn probe(&mut self, from: usize) -> (Us, Probe) {
        let peer = 1 - from;
        if !self.linked() || self.places[peer].seen_from_outside() == Contact::Silent {
            return (PROBE_LIMIT, Probe::Failed("no answer within 4 s"));
        }
        let takes = self.chance.takes(Purpose::Sentinel, &latency::PROBE) + self.places[peer].slow;
        let (errors, made_ms) = (self.places[peer].errors, self.wall_ms(from));
        let fails = errors > 0 && self.chance.below(Purpose::Sentinel, 1000) < u64::from(errors);
        let now_ms = self.wall_ms(peer);
        let of_an_age = made_ms + recovery::order::ID_AGE_MS_MAX >= now_ms
            && made_ms <= now_ms + recovery::order::ID_LEAD_MS_MAX;
        match self.places[peer].seen_from_outside() {
            Contact::Reached if takes >= PROBE_LIMIT => (PROBE_LIMIT, Probe::Failed("no answer within 4 s")),
            Contact::Reached if fails => (takes, Probe::Failed("status 502")),
            Contact::Reached if !of_an_age => (takes, Probe::Failed("status 422")),
            Contact::Reached if !self.table_up(peer) => (takes, Probe::Failed("status 503")),
            Contact::Reached => (takes, Probe::Answered),
            _ => (takes.min(100 * MS), Probe::Failed("connection refused")),
        }
    }

    /// Looks at the region's own health as often as the coming decision needs it; returns how long that takes.
    fn refresh_readiness(&mut self, index: usize, standby: bool, now: Us) -> Us {
        let watch = &self.watches[index];
        let renew = self.model.timing.renew;
        let quiet =
            standby && watch.lookout.probes.failures == 0 && watch.challenger.unchanged_for() < renew * 2;
        let fresh = READINESS_FRESH.min(us(renew) / 2);
        let age_max = if quiet { READINESS_IDLE } else { fresh };
        if watch.readiness.as_ref().is_some_and(|(at, _)| now.saturating_sub(*at) < age_max) {
            return 0;
        }
        let region = watch.region;
        let (readiness, takes) = self.gather(region);
        self.watches[index].readiness = Some((now + takes, readiness));
        takes
    }

    /// What is to be done; `None` when it is nothing, which is not put into words each second.
    fn decided(&mut self, index: usize, readable: bool, at: Us) -> Option<Decision> {
        if readable && self.is_quiet(index, at) {
            debug_assert!(
                matches!(self.ask(index, readable, at), Decision::StandBy(_)),
                "quiet, and yet not"
            );
            return None;
        }
        if let Some(next) = self.by_wall_clock(index, readable) {
            return Some(Decision::TakeOver { expected: self.lease.clone(), next });
        }
        let decision = self.ask(index, readable, at);
        if let Decision::Hold(reason) = &decision {
            let (region, reason) = (self.watches[index].region, reason.clone());
            self.note(|| format!("the sentinel of region {region} holds: {reason}"));
        }
        Some(decision)
    }

    /// Whether nothing is due and nothing is wrong, as it is at most ticks.
    fn is_quiet(&self, index: usize, at: Us) -> bool {
        let (watch, lease, timing) = (&self.watches[index], &self.lease, &self.model.timing);
        let Some((_, readiness)) = &watch.readiness else { return false };
        let now = watch.clock(at);
        if lease.owner != self.model.regions[watch.region] {
            let clock = self.breaks(Mutation::LeaseByWallClock);
            return !clock
                && !watch.challenger.expired()
                && watch.lookout.probes.failures < watch.lookout.probes.limit;
        }
        let well = readiness.problems.is_empty() && readiness.database == Database::Writer;
        match lease.state {
            LeaseState::Serving => {
                let stays = watch.region == HOME || lease.home_well_at_version.is_none();
                well && stays && !watch.owner.renewal_due(now)
            }
            LeaseState::Recovering => {
                let asked =
                    watch.recovery_started.is_some_and(|started| now.saturating_sub(started) < timing.renew);
                readiness.problems.is_empty() && asked && watch.switch.0 && !watch.owner.renewal_due(now)
            }
            LeaseState::Draining => false,
        }
    }

    fn ask(&self, index: usize, readable: bool, at: Us) -> Decision {
        let watch = &self.watches[index];
        let (_, readiness) = watch.readiness.as_ref().expect("it was gathered in this tick or before");
        decide(&View {
            region: &self.model.regions[watch.region],
            home: &self.model.regions[HOME],
            lease: if readable { Observed::Lease(&self.lease) } else { Observed::Unreadable("unavailable") },
            owner: &watch.owner,
            challenger: &watch.challenger,
            readiness,
            probes: &watch.lookout.probes,
            switch_on: watch.switch.0,
            timing: &self.model.timing,
            failback: &self.model.failback,
            recovery_started: watch.recovery_started,
            failback_started: watch.failback_started,
            now: watch.clock(at),
            now_ms: self.wall_ms(watch.region),
        })
    }

    fn by_wall_clock(&self, index: usize, readable: bool) -> Option<Lease> {
        let watch = &self.watches[index];
        let region = &self.model.regions[watch.region];
        let stood_ms = self.wall_ms(watch.region).saturating_sub(self.renewed_ms);
        let over = stood_ms > self.model.timing.expires_after().as_millis() as u64;
        let broken = self.breaks(Mutation::LeaseByWallClock) && readable && over;
        (broken && self.lease.owner != *region)
            .then(|| self.lease.successor(region, "by the wall clock", self.wall_ms(watch.region)))
    }

    /// Begins what was decided, or waits for the next tick.
    fn act(&mut self, index: usize, decision: Option<Decision>, at: Us) {
        let expired = self.watches[index].challenger.expired();
        let lease = || self.lease.clone();
        let pending = match decision {
            Some(Decision::Renew { expected, next } | Decision::Undrain { expected, next }) => {
                Pending::Swap { expected, next, begun: at, expired: false }
            }
            Some(Decision::TakeOver { expected, next }) => {
                let broken = self.breaks(Mutation::LeaseByWallClock);
                Pending::Swap { expected, next, begun: at, expired: expired || broken }
            }
            Some(Decision::StartRecovery { .. }) => Pending::Start { lease: lease(), failback: false },
            Some(Decision::StartFailback { .. }) => Pending::Start { lease: lease(), failback: true },
            // There is a lease from the beginning.
            Some(Decision::CreateLease { .. } | Decision::Hold(_) | Decision::StandBy(_)) | None => {
                return self.next_tick(index, at);
            }
        };
        let half = match &pending {
            Pending::Swap { .. } => self.chance.takes(Purpose::Sentinel, &latency::TABLE_WRITE) / 2,
            Pending::Start { .. } => self.chance.takes(Purpose::Sentinel, &latency::STEP) / 2,
        };
        let watch = &mut self.watches[index];
        watch.pending = Some(pending);
        let (region, started) = (watch.region as u8, watch.started);
        self.agenda.at(at + half, Event::Act { watch: index as u16, region, started, half: half as u32 });
    }

    /// The next tick comes a second after the last one, by the watch's own clock, or at once when that is over.
    pub(crate) fn next_tick(&mut self, index: usize, now: Us) {
        let watch = &self.watches[index];
        let next = (watch.begun + watch.lasts(TICK)).max(now);
        self.begin_tick(index, next);
    }

    /// What was decided takes effect.
    pub(crate) fn acts(&mut self, index: usize, half: Us) {
        let region = self.watches[index].region;
        match self.watches[index].pending.take() {
            Some(Pending::Swap { expected, next, begun, expired }) => {
                let lost = self.chance.strikes(Purpose::Mishap, self.script.mishaps.answer_lost);
                let swapped =
                    self.table_up(region).then(|| self.swap(Some((index, expired)), &expected, next));
                let Some(swapped) = swapped.filter(|_| !lost) else {
                    return self.next_tick(index, self.now + LEASE_LIMIT - half);
                };
                let watch = &mut self.watches[index];
                let begun = watch.clock(begun);
                if swapped {
                    watch.owner.renewed(begun);
                    if expected.owner != self.model.regions[region] {
                        return self.begin_start(index, false, half);
                    }
                } else {
                    watch.owner.observe(&self.lease, begun);
                }
            }
            Some(Pending::Start { lease, failback }) => {
                let now = self.now;
                let watch = &mut self.watches[index];
                let asked = Some(watch.clock(now - half));
                *(if failback { &mut watch.failback_started } else { &mut watch.recovery_started }) = asked;
                self.start_execution(region, failback, &lease);
            }
            None => {}
        }
        self.next_tick(index, self.now + half);
    }

    /// Whoever has taken the lease starts the recovery at once.
    fn begin_start(&mut self, index: usize, failback: bool, half: Us) {
        let at = self.now + half;
        let half = self.chance.takes(Purpose::Sentinel, &latency::STEP) / 2;
        let lease = self.lease.clone();
        let watch = &mut self.watches[index];
        watch.pending = Some(Pending::Start { lease, failback });
        let (region, started) = (watch.region as u8, watch.started);
        self.agenda.at(at + half, Event::Act { watch: index as u16, region, started, half: half as u32 });
    }
}

pub(crate) fn us(duration: Duration) -> Us {
    u64::try_from(duration.as_micros()).unwrap_or(Us::MAX)
}
