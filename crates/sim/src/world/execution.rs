//! Executions of the workflows, run by the interpreter of `asl` in virtual time.

use std::sync::Arc;
use std::time::Duration;

use asl::{Command, Execution, Outcome, Token};
use recovery::Lease;
use recovery::step::{Action, Context};
use serde_json::{Value, json};

use super::step::{Step, StepFailure};
use super::{Event, World, us};
use crate::agenda::{S, Us};
use crate::chance::Purpose;
use crate::latency;

/// Executions of one epoch that may fail, and the pause after the first: `services::sentinel::execution`.
const ATTEMPTS_MAX: u32 = 5;
const ATTEMPT_PAUSE: Us = 60 * S;

/// One execution.
pub(crate) struct Run<'m> {
    pub(crate) region: usize,
    pub(crate) failback: bool,
    pub(crate) context: Context,
    attempt: u32,
    execution: Execution<'m>,
    pub(crate) status: Status,
    /// The time it asked to be woken at.
    alarm: Us,
}

/// How it stands with an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Running,
    Succeeded,
    Failed { at: Us },
}

fn at(us: Us) -> Duration {
    Duration::from_micros(us)
}

impl World<'_> {
    /// Starts a workflow for a lease, unless an execution of its epoch runs or has succeeded.
    pub(crate) fn start_execution(&mut self, region: usize, failback: bool, lease: &Lease) {
        if !self.places[region].runs() {
            return;
        }
        let epoch = lease.epoch;
        let of_epoch =
            |run: &&Run<'_>| (run.region, run.failback, run.context.epoch) == (region, failback, epoch);
        let attempts = self.executions.iter().filter(of_epoch).count() as u32;
        if let Some(last) = self.executions.iter().rfind(of_epoch) {
            let Status::Failed { at } = last.status else { return };
            let pause = if failback { us(self.model.failback.dwell) } else { ATTEMPT_PAUSE };
            if self.now < at + pause * u64::from(last.attempt) {
                return;
            }
        }
        if attempts < ATTEMPTS_MAX {
            self.begin_execution(region, failback, lease, attempts + 1);
        }
    }

    /// When every attempt of an epoch has failed, the sentinel leaves it to people, who start the workflow again.
    pub(crate) fn people(&mut self) {
        self.after(900 * S, Event::People);
        let (owner, lease) = (self.owner(), self.lease.clone());
        let of_epoch =
            |run: &&Run<'_>| run.region == owner && !run.failback && run.context.epoch == lease.epoch;
        let attempts = self.executions.iter().filter(of_epoch).count() as u32;
        let idle = self.executions.iter().filter(of_epoch).all(|run| run.status != Status::Running);
        if lease.state == recovery::lease::LeaseState::Recovering && idle && attempts >= ATTEMPTS_MAX {
            self.counts.by_hand += 1;
            self.note(|| "people start the workflow again".to_owned());
            self.begin_execution(owner, false, &lease, attempts + 1);
        }
    }

    fn begin_execution(&mut self, region: usize, failback: bool, lease: &Lease, attempt: u32) {
        let model = self.model;
        let machine = if failback { &model.workflows.failback } else { &model.workflows.failover };
        let context = Context::of(lease, &model.regions[1 - region]);
        let input = json!({ "context": context });
        let mut jitter = crate::chance::Chance::new(self.chance.draw(Purpose::Jitter));
        let unit = move || (jitter.draw(Purpose::Jitter) >> 11) as f64 / (1_u64 << 53) as f64;
        let execution = Execution::begin(machine, input, at(self.now), unit);
        let (number, epoch) = (self.executions.len(), context.epoch);
        let status = Status::Running;
        self.executions.push(Run { region, failback, context, attempt, execution, status, alarm: Us::MAX });
        let kind = if failback { "failback" } else { "failover" };
        self.note(|| format!("{kind}-{epoch} begins in region {region}, attempt {attempt}"));
        self.stirred = true;
        self.drive(number);
    }

    /// Does what an execution asks for, until it waits.
    fn drive(&mut self, number: usize) {
        loop {
            match self.executions[number].execution.poll() {
                Command::RunTask { token, input, .. } => self.call_step(number, token, &input),
                Command::WaitUntil(until) => {
                    let run = &mut self.executions[number];
                    // Rounded up: an alarm before its time would do nothing.
                    let until = us(until).saturating_add(1);
                    // An alarm that rings too early asks again.
                    if until < run.alarm || run.alarm <= self.now {
                        run.alarm = until;
                        let region = run.region as u8;
                        self.agenda.at(until, Event::Alarm { execution: number as u16, region });
                    }
                    return;
                }
                Command::Finished(outcome) => return self.finished(number, &outcome),
            }
        }
    }

    fn finished(&mut self, number: usize, outcome: &Outcome) {
        let now = self.now;
        let run = &mut self.executions[number];
        if run.status != Status::Running {
            return;
        }
        let well = matches!(outcome, Outcome::Succeeded(_));
        run.status = if well { Status::Succeeded } else { Status::Failed { at: now } };
        let (failback, epoch) = (run.failback, run.context.epoch);
        self.counts.recovered += u64::from(well && !failback);
        self.counts.failed_back += u64::from(well && failback);
        self.stirred = true;
        let kind = if failback { "failback" } else { "failover" };
        let how = match outcome {
            Outcome::Succeeded(_) => "succeeded".to_owned(),
            Outcome::Failed(error) => format!("failed with {}: {:?}", error.error, error.cause),
            Outcome::TimedOut => "timed out".to_owned(),
        };
        self.note(|| format!("{kind}-{epoch} {how}"));
    }

    /// Time has passed for an execution.
    pub(crate) fn alarm(&mut self, number: usize) {
        let run = &mut self.executions[number];
        if run.status == Status::Running && run.alarm <= self.now {
            run.alarm = Us::MAX;
            run.execution.advance(at(self.now));
            self.drive(number);
        }
    }

    /// Has the function of a step called; now and then twice.
    fn call_step(&mut self, execution: usize, token: Token, input: &Arc<Value>) {
        let payload = &input["Payload"];
        let Ok(action) = serde_json::from_value::<Action>(payload["action"].clone()) else {
            let now = at(self.now);
            self.executions[execution].execution.fail(token, recovery::step::error::INVALID, None, now);
            return;
        };
        let cursor = serde_json::from_value(payload["cursor"].clone()).ok();
        let region = self.executions[execution].region;
        self.begins(action);
        let twice = self.places[region].duplicates > 0
            || self.chance.strikes(Purpose::Mishap, self.script.mishaps.step_twice);
        for _ in 0..1 + usize::from(twice) {
            let killed = self.killed_in(action);
            let takes = self.chance.takes(Purpose::Step, &latency::STEP);
            self.steps.push(Step {
                execution,
                token,
                action,
                cursor,
                begun: self.now,
                looks: 0,
                lease: None,
                orders: Vec::new(),
                found: 0,
                killed,
                ended: false,
            });
            let step = (self.steps.len() - 1) as u32;
            self.after(takes, Event::Step { step, region: region as u8 });
        }
    }

    /// A step has come to its end.
    pub(crate) fn step_ended(&mut self, step: usize, result: Result<Value, StepFailure>) {
        let Step { execution, token, action, .. } = self.steps[step];
        let now = at(self.now);
        if let Err(failure) = &result
            && failure.error != recovery::step::error::NOT_YET
        {
            let words = format!("{action:?} failed: {}: {}", failure.error, failure.cause);
            self.note(|| words);
        }
        let run = &mut self.executions[execution];
        match result {
            Ok(value) => run.execution.complete(token, value, now),
            Err(failure) => run.execution.fail(token, failure.error, failure.cause.to_owned(), now),
        };
        self.drive(execution);
    }
}
