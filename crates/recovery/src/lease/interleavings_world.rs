//! Two regions, four sentinels, one register and one fenced database.

#[path = "interleavings_failback.rs"]
mod failback;
#[path = "interleavings_recovery.rs"]
mod recovery;

use std::collections::BTreeMap;
use std::time::Duration;

use failback::GoingHome;
use recovery::Recovery;

use super::super::*;
use super::Op;
use crate::{Epoch, Region};

/// How long an owner renews without a database: four renewals.
const PATIENCE: Duration = Duration::from_secs(20);

enum Phase {
    Idle,
    ReadBegun(Duration),
    ReadDone(Duration, Option<Lease>),
    Swapping { begun: Duration, expected: Option<Lease>, next: Lease, expired: bool },
    Swapped { begun: Duration },
}

struct Process {
    region: usize,
    rate: u64,
    owner: Owner,
    challenger: Challenger,
    recovery_started: Option<Duration>,
    phase: Phase,
}

pub struct World {
    pub violations: Vec<String>,
    pub expiries_taken: usize,
    pub unfit_taken: usize,
    pub refused: usize,
    pub patient: usize,
    pub handed_over: usize,
    pub undrained: usize,
    regions: [Region; 2],
    owner_timing: Timing,
    challenger_timing: Timing,
    real_ms: u64,
    lease: Option<Lease>,
    fence: Fence,
    owners: BTreeMap<Epoch, Region>,
    written: Epoch,
    processes: Vec<Process>,
    blind: [bool; 2],
    fit: [bool; 2],
    database: [bool; 2],
    probes: [bool; 2],
    recovery: [Recovery; 2],
    going_home: GoingHome,
    writer: [Option<Epoch>; 2],
}

impl World {
    pub fn new(rates: &[u64], challenger_ttl_s: u64) -> Self {
        let region = |name: &str| Region::new(name).expect("a valid name");
        let timing = |ttl: u64| Timing {
            renew: Duration::from_secs(5),
            ttl: Duration::from_secs(ttl),
            margin: Duration::from_secs(3),
            cooldown: Duration::from_secs(20),
            database_patience: PATIENCE,
        };
        let regions = [region("us-east-1"), region("us-east-2")];
        let mut world = Self {
            violations: Vec::new(),
            expiries_taken: 0,
            unfit_taken: 0,
            refused: 0,
            patient: 0,
            handed_over: 0,
            undrained: 0,
            owner_timing: timing(15),
            challenger_timing: timing(challenger_ttl_s),
            real_ms: 0,
            lease: None,
            fence: Fence::default(),
            owners: BTreeMap::new(),
            written: Epoch::FIRST,
            processes: Vec::new(),
            blind: [false; 2],
            fit: [true; 2],
            database: [true; 2],
            probes: [false; 2],
            recovery: [Recovery::Idle, Recovery::Idle],
            going_home: GoingHome::Idle,
            writer: [None; 2],
            regions,
        };
        world.processes =
            rates.iter().enumerate().map(|(index, rate)| world.process(index / 2, *rate)).collect();
        world
    }

    fn process(&self, region: usize, rate: u64) -> Process {
        Process {
            region,
            rate,
            owner: Owner::new(self.regions[region].clone(), self.owner_timing),
            challenger: Challenger::new(self.challenger_timing),
            recovery_started: None,
            phase: Phase::Idle,
        }
    }

    /// The monotonic clock of a process.
    fn clock(&self, process: &Process) -> Duration {
        Duration::from_millis(self.real_ms * process.rate / 1000)
    }

    pub fn apply(&mut self, op: Op) {
        match op {
            Op::Pass(ms) => self.real_ms += ms,
            Op::Step(process) => self.step(process),
            Op::Turn(process) => {
                self.step(process);
                while !matches!(self.processes[process].phase, Phase::Idle) {
                    self.real_ms += 5;
                    self.step(process);
                }
            }
            Op::Restart(process) => {
                let old = &self.processes[process];
                self.processes[process] = self.process(old.region, old.rate);
            }
            Op::Blind(region, blind) => self.blind[region] = blind,
            Op::Fit(region, fit) => self.fit[region] = fit,
            Op::Database(region, well) => self.database[region] = well,
            Op::Probes(region, bad) => self.probes[region] = bad,
            Op::Recover(region) => self.recover(region),
            Op::GoHome(undo) => self.go_home(undo),
            Op::Write(region) => self.write(region),
        }
    }

    fn step(&mut self, index: usize) {
        let now = self.clock(&self.processes[index]);
        let blind = self.blind[self.processes[index].region];
        let phase = std::mem::replace(&mut self.processes[index].phase, Phase::Idle);
        self.processes[index].phase = match phase {
            Phase::Idle => Phase::ReadBegun(now),
            Phase::ReadBegun(begun) if !blind => Phase::ReadDone(begun, self.lease.clone()),
            Phase::ReadDone(begun, lease) if !blind => self.tick(index, begun, lease),
            Phase::Swapping { begun, expected, next, expired } if !blind => {
                if self.swap(expected.as_ref(), &next) {
                    self.taken(expected.as_ref(), &next, expired);
                    Phase::Swapped { begun }
                } else {
                    Phase::Idle
                }
            }
            Phase::Swapped { begun } if !blind => {
                self.processes[index].owner.renewed(begun);
                Phase::Idle
            }
            _ => self.blind_tick(index, now),
        };
    }

    fn blind_tick(&mut self, index: usize, now: Duration) -> Phase {
        self.processes[index].challenger.blind(now);
        let decision = self.decide(index, now, Observed::Unreadable("blind"));
        if !matches!(decision, Decision::Hold(_)) {
            self.violations.push(format!("decided blindly: {decision:?}"));
        }
        Phase::Idle
    }

    fn tick(&mut self, index: usize, begun: Duration, lease: Option<Lease>) -> Phase {
        let now = self.clock(&self.processes[index]);
        if let Some(lease) = &lease {
            self.processes[index].owner.observe(lease, begun);
            self.processes[index].challenger.observe(lease, begun, now);
        }
        let decision = self.decide(index, now, lease.as_ref().map_or(Observed::Absent, Observed::Lease));
        let expired = self.processes[index].challenger.expired();
        match decision {
            Decision::CreateLease { next } => Phase::Swapping { begun: now, expected: None, next, expired },
            Decision::Renew { expected, next }
            | Decision::TakeOver { expected, next }
            | Decision::Undrain { expected, next } => {
                Phase::Swapping { begun: now, expected: Some(expected), next, expired }
            }
            Decision::StartRecovery { .. } => {
                self.processes[index].recovery_started = Some(now);
                Phase::Idle
            }
            Decision::StartFailback { .. } | Decision::Hold(_) | Decision::StandBy(_) => Phase::Idle,
        }
    }

    fn decide(&self, index: usize, now: Duration, lease: Observed<'_>) -> Decision {
        let process = &self.processes[index];
        let problems = if self.fit[process.region] { Vec::new() } else { vec!["ill".to_owned()] };
        let database = match self.database[process.region] {
            true => Database::Writer,
            false => Database::Unreachable("away".to_owned()),
        };
        let failures = if self.probes[process.region] { 6 } else { 0 };
        decide(&View {
            region: &self.regions[process.region],
            home: &self.regions[0],
            lease,
            owner: &process.owner,
            challenger: &process.challenger,
            readiness: &Readiness { problems, database },
            probes: &Probes { failures, answered: 1, refused: 0, limit: 6, last_error: "503".to_owned() },
            switch_on: true,
            timing: &self.owner_timing,
            failback: &failback::RULES,
            recovery_started: process.recovery_started,
            failback_started: None,
            now,
            now_ms: self.real_ms * process.rate / 1000,
        })
    }

    /// The register: one linearizable compare-and-set.
    fn swap(&mut self, expected: Option<&Lease>, next: &Lease) -> bool {
        let matches = match (&self.lease, expected) {
            (None, None) => true,
            (Some(current), Some(expected)) => current.is_at(expected),
            _ => false,
        };
        if matches {
            if let Some(current) = &self.lease
                && (next.version <= current.version || next.epoch < current.epoch)
            {
                self.violations.push(format!("went back from {current:?} to {next:?}"));
            }
            let owner = self.owners.entry(next.epoch).or_insert_with(|| next.owner.clone());
            if *owner != next.owner {
                self.violations.push(format!("epoch {} has two owners", next.epoch));
            }
            if let Some(since) = next.database_unfit_at_version {
                self.patient += 1;
                if self.owner_timing.renew * (next.version - since) as u32 > PATIENCE {
                    self.violations.push(format!("renewed without a database for too long: {next:?}"));
                }
            }
            self.check_drain(next);
            self.lease = Some(next.clone());
        }
        matches
    }

    fn taken(&mut self, old: Option<&Lease>, new: &Lease, expired: bool) {
        let Some(old) = old.filter(|old| old.owner != new.owner) else { return };
        if !expired {
            self.unfit_taken += 1;
            return;
        }
        self.expiries_taken += 1;
        for process in &self.processes {
            let sure = process.owner.is_sure(self.clock(process));
            if self.regions[process.region] == old.owner && sure {
                self.violations
                    .push(format!("{} is still sure of its lease as epoch {} begins", old.owner, new.epoch));
            }
        }
    }
}
