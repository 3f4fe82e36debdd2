//! Which steps of the workflows have begun, for faults that wait for one; and which wait for a fault.

use std::sync::{Mutex, PoisonError};

use recovery::names::Names;
use recovery::scenario::{Beginning, FaultKind, KilledStep, Scenario, WorkflowName, WorkflowStep};
use recovery::step::Action;

use super::DrillError;
use crate::emulator::{Emulator, EmulatorError, Held, StepEvent, StepHappened, StepLog};

/// Everything that happened to the steps of both workflows.
#[derive(Debug)]
pub struct Steps {
    machines: [(WorkflowName, String); 2],
    seen: Mutex<Seen>,
}

#[derive(Debug)]
struct Seen {
    log: StepLog,
    events: Vec<StepEvent>,
    /// Steps that a fault is to strike with their beginning.
    awaited: Vec<WorkflowStep>,
}

impl Steps {
    /// Has seen nothing yet. The steps that a fault of the scenario waits for are held from now on, each until
    /// it is [let go](Self::let_go).
    ///
    /// # Errors
    /// When the emulator cannot be told.
    pub fn watch(emulator: &Emulator, names: &Names, scenario: &Scenario) -> Result<Self, EmulatorError> {
        let awaited = scenario.faults.iter().filter_map(|fault| match fault.begins() {
            Beginning::During(step) => Some(step),
            Beginning::At(_) => None,
        });
        let seen = Seen { log: emulator.steps(), events: Vec::new(), awaited: awaited.collect() };
        let machines = [
            (WorkflowName::Failover, names.failover_state_machine()),
            (WorkflowName::Failback, names.failback_state_machine()),
        ];
        let steps = Self { machines, seen: Mutex::new(seen) };
        steps.hold(emulator)?;
        Ok(steps)
    }

    /// Every step that has begun so far.
    ///
    /// # Errors
    /// When the emulator's log cannot be read.
    pub fn begun(&self) -> Result<Vec<WorkflowStep>, DrillError> {
        let begun = |event: &StepEvent| match &event.what {
            StepHappened::Begun { machine, .. } => self.step(machine, event),
            _ => None,
        };
        Ok(self.events()?.iter().filter_map(begun).collect())
    }

    /// Everything that happened so far, in order.
    ///
    /// # Errors
    /// When the emulator's log cannot be read.
    pub fn events(&self) -> Result<Vec<StepEvent>, DrillError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let new = seen.log.read()?;
        seen.events.extend(new);
        Ok(seen.events.clone())
    }

    /// A fault that waited for this step has struck.
    ///
    /// # Errors
    /// When the emulator cannot be told.
    pub fn let_go(&self, emulator: &Emulator, step: WorkflowStep) -> Result<(), EmulatorError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = seen.awaited.iter().position(|awaited| *awaited == step) {
            seen.awaited.swap_remove(at);
        }
        drop(seen);
        self.hold(emulator)
    }

    fn hold(&self, emulator: &Emulator) -> Result<(), EmulatorError> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let held = |step: &WorkflowStep| {
            let (_, machine) = self.machines.iter().find(|(workflow, _)| *workflow == step.workflow)?;
            Some(Held { machine: machine.clone(), action: step.action })
        };
        emulator.hold(&seen.awaited.iter().filter_map(held).collect::<Vec<_>>())
    }

    fn step(&self, machine: &str, event: &StepEvent) -> Option<WorkflowStep> {
        let (workflow, _) = self.machines.iter().find(|(_, name)| name == machine)?;
        Some(WorkflowStep { workflow: *workflow, action: event.action })
    }
}

/// Every death of a step's function: when, where, and which in which moment.
pub fn deaths(events: &[StepEvent]) -> Vec<(u64, String, String)> {
    let death = |event: &StepEvent| match &event.what {
        StepHappened::Killed { moment } => {
            let state = event.action.account().state;
            Some((
                event.at_ms,
                event.region.to_string(),
                format!("the function of {state} was killed {moment}"),
            ))
        }
        _ => None,
    };
    events.iter().filter_map(death).collect()
}

/// What keeps a run from showing what the scenario says of steps that are killed, in words: a step that began and
/// was not killed, or one that was killed and did not end. None when nothing does.
pub fn unproven(scenario: &Scenario, events: &[StepEvent]) -> Option<String> {
    let doomed = |action: Action| {
        scenario.faults.iter().any(|fault| match fault.step {
            Some(KilledStep::Named(named)) => named == action,
            Some(KilledStep::Each) => true,
            None => false,
        })
    };
    if !scenario.faults.iter().any(|fault| fault.kind == FaultKind::StepKilled) {
        return None;
    }
    let of = |wanted: fn(&StepHappened) -> bool| -> Vec<Action> {
        events.iter().filter(|event| wanted(&event.what)).map(|event| event.action).collect()
    };
    let begun = of(|what| matches!(what, StepHappened::Begun { .. }));
    let killed = of(|what| matches!(what, StepHappened::Killed { .. }));
    let ended = of(|what| matches!(what, StepHappened::Ended { .. }));
    if killed.is_empty() {
        return Some("no step was killed, so this run proves nothing about it".to_owned());
    }
    let spared = begun.iter().find(|action| doomed(**action) && !killed.contains(action));
    let lost = killed.iter().find(|action| !ended.contains(action));
    let name = |action: &Action| action.account().state;
    spared.map(|action| format!("{} was to be killed, and was not", name(action))).or_else(|| {
        lost.map(|action| format!("{} was killed, and never did its work after it", name(action)))
    })
}

#[cfg(test)]
mod tests {
    // Goal: a run counts as proof only when each doomed step died and ended. Method: events by hand.
    use super::*;

    fn event(what: &str, action: &str) -> StepEvent {
        let text = format!(
            "{{\"what\":\"{what}\",\"at_ms\":5,\"region\":\"us-east-2\",\"action\":\"{action}\",\"machine\":\"m\",\
             \"execution\":\"e\",\"moment\":\"after 9 ms\"}}"
        );
        serde_json::from_str(&text).expect("an event")
    }

    #[test]
    fn each_doomed_step_must_die_and_end() {
        let text = include_str!("../../../../scenarios/step-killed.toml");
        let scenario = Scenario::parse(text, "step-killed.toml").expect("it comes with the project");
        let [begun, killed, ended] = ["begun", "killed", "ended"].map(|what| event(what, "raise_fence"));
        let why = |events: &[StepEvent]| unproven(&scenario, events).unwrap_or_default();
        assert_eq!(why(&[begun.clone(), killed.clone(), ended.clone()]), "");
        assert!(why(&[begun.clone(), ended.clone()]).contains("no step was killed"));
        assert!(why(&[begun.clone(), killed.clone()]).contains("never did its work"));
        let spared = [begun, killed.clone(), ended, event("begun", "own_lease"), event("ended", "own_lease")];
        assert!(why(&spared).contains("OwnLease was to be killed"));
        assert_eq!(deaths(&[killed])[0].2, "the function of RaiseFence was killed after 9 ms");
        let other = include_str!("../../../../scenarios/region-loss.toml");
        let other = Scenario::parse(other, "region-loss.toml").expect("it comes with the project");
        assert_eq!(unproven(&other, &[]), None);
    }
}
