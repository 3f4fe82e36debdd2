//! What is done to the world: faults with a beginning and an end, and small mishaps by chance.

use recovery::step::Action;
use serde::Serialize;

use crate::agenda::Us;

/// What a fault does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The region is dead: it refuses everything, and what ran in it is gone.
    Lost,
    /// It accepts and answers nothing; its work goes on when it thaws.
    Frozen,
    /// Home and standby cannot reach each other.
    Partitioned,
    /// The region cannot reach the witness.
    CutOffFromWitness,
    /// The witness is gone.
    WitnessLost,
    /// Requests from outside are refused, and inside all is well.
    CutOffFromClients,
    /// So many of a thousand outside requests fail.
    Errors(u32),
    /// Answers are late by so many milliseconds.
    Slow(u64),
    /// The database is down; it comes back as it was.
    DatabaseKilled,
    /// The database accepts connections and never answers.
    DatabaseHung,
    /// The region's calls to the strongly consistent table fail.
    JournalUnavailable,
    /// Messages are not worked off.
    ProcessingBroken,
    /// The sentinel is started no more.
    ScheduleLost,
    /// The control plane of DNS refuses.
    DnsDenied,
    /// Sentinels and steps are started several times at once.
    DuplicateTriggers,
    /// The function dies in the middle of a step; `None`: of each step once.
    StepKilled(#[serde(skip)] Option<Action>),
    /// The region's wall clock is ahead by so many milliseconds.
    ClockAhead(u64),
    /// The off switch is set.
    SwitchOff,
    /// A planned move to the region is asked for.
    Switchover,
    /// Commits and sessions reach the other region so many milliseconds later.
    Lag(u64),
}

/// When a fault begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Begin {
    /// At this time, in microseconds.
    At(Us),
    /// When this step begins for the first time.
    During(#[serde(skip)] Action),
}

/// When it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// It stays.
    Never,
    /// After so many microseconds.
    After(Us),
    /// Once orders are settled again.
    Recovered,
}

/// One fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// When it begins.
    pub begin: Begin,
    /// When it ends.
    pub end: End,
    /// The region: 0 is home, 1 is the standby.
    pub region: usize,
    /// What it does.
    pub kind: Kind,
}

/// How often small things go wrong, of a million.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Mishaps {
    /// A message is delivered twice.
    pub message_twice: u32,
    /// A message is never sent.
    pub message_lost: u32,
    /// The answer to a change of the lease is lost.
    pub answer_lost: u32,
    /// A processor stands still between reading the lease and writing, for up to two minutes.
    pub processor_paused: u32,
    /// A processor dies after it has written.
    pub processor_killed: u32,
    /// A step's function dies, before or after its work.
    pub step_killed: u32,
    /// A step's function is called twice.
    pub step_twice: u32,
    /// Clocks of processes run faster or slower by up to so much, in millionths.
    pub clock_rate: u32,
}

impl Mishaps {
    /// What happens on an ordinary day.
    pub const ORDINARY: Self = Self {
        message_twice: 200,
        message_lost: 50,
        answer_lost: 100,
        processor_paused: 20,
        processor_killed: 100,
        step_killed: 200,
        step_twice: 100,
        clock_rate: 200,
    };
    /// Far more than would ever happen.
    pub const WILD: Self = Self {
        message_twice: 50_000,
        message_lost: 30_000,
        answer_lost: 50_000,
        processor_paused: 30_000,
        processor_killed: 30_000,
        step_killed: 30_000,
        step_twice: 30_000,
        clock_rate: 100_000,
    };
}
