//! What faults there are, and what each needs to be told.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::fault::Place;

/// What a fault does to a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Every call is refused, the database is killed, the functions are cut off.
    Lost,
    /// Connections are accepted and nothing is answered. What was under way goes on when it is thawed.
    Frozen,
    /// Home and standby cannot reach each other; each reaches the witness and its clients.
    Partitioned,
    /// Requests from outside are refused; inside all is well.
    CutOffFromClients,
    /// A share of the requests from outside fails, though the region's own health is well.
    Errors,
    /// Every request from outside is answered late.
    Slow,
    /// The database dies; everything else lives.
    DatabaseKilled,
    /// The database accepts connections and never answers.
    DatabaseHung,
    /// Calls to the strongly consistent table fail.
    JournalUnavailable,
    /// Messages are not worked off.
    ProcessingBroken,
    /// The sentinel is started no more.
    ScheduleLost,
    /// The control plane of DNS refuses every change.
    DnsDenied,
    /// The failover and the sentinels are started several times at once.
    DuplicateTriggers,
    /// The function of a step dies in its middle, and the step is tried again.
    StepKilled,
    /// The clock of the region is ahead.
    ClockAhead,
    /// The off switch is set: no move is begun.
    SwitchOff,
    /// A planned move away from the region, on demand: no failure, and yet things may fail in it.
    Switchover,
    /// One task of a service ends at once, as in a crash.
    TaskKilled,
    /// A revision of a service that is never found healthy is rolled out.
    BadDeployment,
    /// Every task in a zone falls silent, and none can be started there.
    ZoneLost,
}

/// What a kind of fault needs to be told; a kind needs one thing at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// `service`: whose task or revision it is.
    Service,
    /// `zone`: which one, from 1.
    Zone,
    /// `share`: of the requests.
    Share,
    /// `delay_ms`: how late.
    DelayMs,
    /// `ahead_s`: how far.
    AheadS,
    /// `step`: in which.
    Step,
}

impl Parameter {
    /// Every one.
    pub const ALL: [Self; 6] =
        [Self::Service, Self::Zone, Self::Share, Self::DelayMs, Self::AheadS, Self::Step];

    /// As the file writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Zone => "zone",
            Self::Share => "share",
            Self::DelayMs => "delay_ms",
            Self::AheadS => "ahead_s",
            Self::Step => "step",
        }
    }
}

impl FaultKind {
    /// Every kind.
    pub const ALL: [Self; 20] = [
        Self::Lost,
        Self::Frozen,
        Self::Partitioned,
        Self::CutOffFromClients,
        Self::Errors,
        Self::Slow,
        Self::DatabaseKilled,
        Self::DatabaseHung,
        Self::JournalUnavailable,
        Self::ProcessingBroken,
        Self::ScheduleLost,
        Self::DnsDenied,
        Self::DuplicateTriggers,
        Self::StepKilled,
        Self::ClockAhead,
        Self::SwitchOff,
        Self::Switchover,
        Self::TaskKilled,
        Self::BadDeployment,
        Self::ZoneLost,
    ];

    /// As the file writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Frozen => "frozen",
            Self::Partitioned => "partitioned",
            Self::CutOffFromClients => "cut_off_from_clients",
            Self::Errors => "errors",
            Self::Slow => "slow",
            Self::DatabaseKilled => "database_killed",
            Self::DatabaseHung => "database_hung",
            Self::JournalUnavailable => "journal_unavailable",
            Self::ProcessingBroken => "processing_broken",
            Self::ScheduleLost => "schedule_lost",
            Self::DnsDenied => "dns_denied",
            Self::DuplicateTriggers => "duplicate_triggers",
            Self::StepKilled => "step_killed",
            Self::ClockAhead => "clock_ahead",
            Self::SwitchOff => "switch_off",
            Self::Switchover => "switchover",
            Self::TaskKilled => "task_killed",
            Self::BadDeployment => "bad_deployment",
            Self::ZoneLost => "zone_lost",
        }
    }

    /// Whether it takes the region away, so that the other one has to take over.
    pub fn loses_the_region(self) -> bool {
        self == Self::Lost
    }

    /// Whether it needs a deployment that has containers.
    pub fn is_about_containers(self) -> bool {
        matches!(self, Self::TaskKilled | Self::BadDeployment | Self::ZoneLost)
    }

    /// Whether it is over as soon as it has happened, so that nothing ends it.
    pub fn is_momentary(self) -> bool {
        matches!(
            self,
            Self::DuplicateTriggers
                | Self::StepKilled
                | Self::Switchover
                | Self::TaskKilled
                | Self::BadDeployment
        )
    }

    /// What it has to be told beside place and time.
    pub fn parameter(self) -> Option<Parameter> {
        match self {
            Self::TaskKilled | Self::BadDeployment => Some(Parameter::Service),
            Self::ZoneLost => Some(Parameter::Zone),
            Self::Errors => Some(Parameter::Share),
            Self::Slow => Some(Parameter::DelayMs),
            Self::ClockAhead => Some(Parameter::AheadS),
            Self::StepKilled => Some(Parameter::Step),
            _ => None,
        }
    }

    /// Where it may strike. A partition is between two; what harms containers is judged at home alone,
    /// and a planned move leads away from there.
    pub fn may_strike(self, place: Place) -> bool {
        match self {
            Self::Partitioned => place == Place::Both,
            Self::Switchover => place == Place::Home,
            kind if kind.is_about_containers() => place == Place::Home,
            Self::Lost | Self::Frozen | Self::ClockAhead => place != Place::Both,
            _ => true,
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
