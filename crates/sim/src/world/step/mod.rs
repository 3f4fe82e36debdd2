//! The steps of the workflows, as `services::steps` does them: each reads the lease first, acts a little later,
//! and may be killed before or after its work.

mod failback;
mod failover;
mod ownership;
mod replay;
mod validation;

use asl::Token;
use recovery::Lease;
use recovery::step::{Action, error};
use serde_json::{Value, json};

use super::{Event, World};
use crate::agenda::{MS, S, Us};

/// What killed it means to the workflow: no error of ours.
const KILLED: StepFailure = StepFailure { error: "Lambda.Unknown", cause: "the function died" };
/// Changes of the lease that may come between before a step is tried again as a whole.
const SWAPS_MAX: u8 = 10;
/// Longest step: `recovery::workflow::STEP_LIMIT_S`.
const STEP_LIMIT: Us = recovery::workflow::STEP_LIMIT_S * S;

/// One call of the `recovery-step` function.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) execution: usize,
    pub(crate) token: Token,
    pub(crate) action: Action,
    pub(crate) cursor: Option<[u64; 3]>,
    pub(crate) begun: Us,
    /// How often it was woken.
    pub(crate) looks: u8,
    /// The lease as it was read.
    pub(crate) lease: Option<Lease>,
    /// What a replay has read, or which synthetic order is waited for.
    pub(crate) orders: Vec<u32>,
    /// How many transactions a first look has found.
    pub(crate) found: usize,
    /// Whether the function dies: before its work, or after it.
    pub(crate) killed: Option<Killed>,
    pub(crate) ended: bool,
}

/// When a function dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Killed {
    Before,
    After,
}

/// Why a step did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StepFailure {
    pub(crate) error: &'static str,
    pub(crate) cause: &'static str,
}

/// Where a step stands after it was woken.
pub(super) enum Flow {
    /// It is woken again after a while.
    Again(Us),
    /// It has ended, and its answer takes a while.
    Done(Us),
    /// The same, with more to do.
    More(Us, [u64; 3]),
}

type Went = Result<Flow, StepFailure>;

fn not_yet(cause: &'static str) -> StepFailure {
    StepFailure { error: error::NOT_YET, cause }
}

fn transient(cause: &'static str) -> StepFailure {
    StepFailure { error: error::TRANSIENT, cause }
}

fn not_owner(cause: &'static str) -> StepFailure {
    StepFailure { error: error::NOT_OWNER, cause }
}

impl World<'_> {
    /// A step is woken.
    pub(crate) fn step(&mut self, step: usize) {
        if self.steps[step].ended {
            return;
        }
        if self.steps[step].killed == Some(Killed::Before) {
            return self.end_step(step, Err(KILLED));
        }
        let late = self.now.saturating_sub(self.steps[step].begun) > STEP_LIMIT;
        let went = if late { Err(transient("it took too long")) } else { self.work(step) };
        self.steps[step].looks = self.steps[step].looks.saturating_add(1);
        let region = self.region_of(step) as u8;
        let (takes, result) = match went {
            Ok(Flow::Again(takes)) => return self.after(takes, Event::Step { step: step as u32, region }),
            Ok(Flow::Done(takes)) => (takes, None),
            Ok(Flow::More(takes, cursor)) => (takes, Some(cursor)),
            Err(failure) => return self.end_step(step, Err(failure)),
        };
        self.steps[step].cursor = result;
        self.after(takes, Event::StepDone { step: step as u32, region });
    }

    /// A step's work is done, and its answer is there.
    pub(crate) fn step_done(&mut self, step: usize) {
        let paged = matches!(self.steps[step].action, Action::ReplayJournal | Action::CompareJournal);
        let value = match (paged, self.steps[step].cursor) {
            (false, _) => Value::Null,
            (true, None) => json!({"Payload": {"done": true, "cursor": null}}),
            (true, Some(cursor)) => json!({"Payload": {"done": false, "cursor": cursor}}),
        };
        let killed = self.steps[step].killed.is_some();
        self.end_step(step, if killed { Err(KILLED) } else { Ok(value) });
    }

    fn end_step(&mut self, step: usize, result: Result<Value, StepFailure>) {
        if !std::mem::replace(&mut self.steps[step].ended, true) {
            self.step_ended(step, result);
        }
    }

    fn region_of(&self, step: usize) -> usize {
        self.executions[self.steps[step].execution].region
    }

    fn work(&mut self, step: usize) -> Went {
        match self.steps[step].action {
            Action::ConfirmOutage => self.confirm_outage(step),
            Action::OwnLease => self.require_ownership(step).map(|()| Flow::Done(0)),
            Action::PromoteDatabase => self.promote_database(step),
            Action::AwaitWriter => self.await_writer(step),
            Action::RaiseFence => self.raise_fence(step),
            Action::PrepareCompute => Ok(Flow::Done(300 * MS)),
            Action::VerifyCompute => self.verify_compute(step),
            Action::SteerTraffic => self.steer_traffic(step),
            Action::VerifyTraffic => self.verify_traffic(step),
            Action::ReplayJournal => self.replay_journal(step),
            Action::EnableSettlement => self.enable_settlement(step),
            Action::ValidateSettlement => self.validate(step, false),
            Action::ValidateEndToEnd => self.validate(step, true),
            Action::CompareJournal => self.compare_journal(step),
            Action::Announce | Action::AnnounceFailback => Ok(Flow::Done(0)),
            Action::Escalate | Action::EscalateFailback => {
                self.counts.escalated += 1;
                Ok(Flow::Done(0))
            }
            Action::ConfirmHome => self.confirm_home(step),
            Action::AwaitRejoin => self.await_rejoin(step),
            Action::AwaitLag => self.await_lag(step),
            Action::Drain => self.drain(step),
            Action::AwaitDrained => self.await_drained(step),
            Action::SwitchOver => self.switch_over(step),
            Action::AwaitHomeWriter => self.await_home_writer(step),
            Action::HandOverLease => self.hand_over(step),
            Action::AwaitHomeServing => self.await_home_serving(step),
            Action::UndoDrain => self.undo_drain(step),
        }
    }
}
