//! Steps of the workflows, by the names of their states.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::step::Action;

/// One of the workflows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WorkflowName {
    /// Away from a region that is lost.
    Failover,
    /// Home again.
    Failback,
}

impl WorkflowName {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Failover, Self::Failback];

    /// As a scenario writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Failover => "failover",
            Self::Failback => "failback",
        }
    }

    /// Its steps.
    pub fn actions(self) -> &'static [Action] {
        match self {
            Self::Failover => &Action::FAILOVER,
            Self::Failback => &Action::FAILBACK,
        }
    }
}

/// A step of a workflow: `failover:ReplayJournal`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct WorkflowStep {
    /// The workflow.
    pub workflow: WorkflowName,
    /// The step.
    pub action: Action,
}

/// No step of any workflow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSuchStep {
    /// The workflow is missing, or not known.
    #[error("`{0}` names no step: write failover:STEP or failback:STEP")]
    Workflow(String),
    /// The workflow is known, and has no such step.
    #[error("the {workflow} has no step `{step}`; there are {}", names(.workflow.actions()))]
    Step {
        /// Which one.
        workflow: WorkflowName,
        /// What was asked for.
        step: String,
    },
    /// Neither workflow has it.
    #[error("no workflow has a step `{0}`; name one, or `each`")]
    Nowhere(String),
}

fn names(actions: &[Action]) -> String {
    actions.iter().map(|action| action.account().state).collect::<Vec<_>>().join(", ")
}

fn named(actions: &[Action], name: &str) -> Option<Action> {
    actions.iter().copied().find(|action| action.account().state == name)
}

impl fmt::Display for WorkflowName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for WorkflowStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.workflow, self.action.account().state)
    }
}

impl FromStr for WorkflowStep {
    type Err = NoSuchStep;

    fn from_str(text: &str) -> Result<Self, NoSuchStep> {
        let unknown = || NoSuchStep::Workflow(text.to_owned());
        let (workflow, step) = text.split_once(':').ok_or_else(unknown)?;
        let workflow =
            WorkflowName::ALL.into_iter().find(|one| one.name() == workflow).ok_or_else(unknown)?;
        let action = named(workflow.actions(), step)
            .ok_or_else(|| NoSuchStep::Step { workflow, step: step.to_owned() })?;
        Ok(Self { workflow, action })
    }
}

impl TryFrom<String> for WorkflowStep {
    type Error = NoSuchStep;

    fn try_from(text: String) -> Result<Self, NoSuchStep> {
        text.parse()
    }
}

impl From<WorkflowStep> for String {
    fn from(step: WorkflowStep) -> Self {
        step.to_string()
    }
}

/// The step, or the steps, in whose middle a function dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub enum KilledStep {
    /// Every step of the workflow once.
    Each,
    /// This one, in whatever workflow runs.
    Named(Action),
}

impl TryFrom<String> for KilledStep {
    type Error = NoSuchStep;

    fn try_from(text: String) -> Result<Self, NoSuchStep> {
        if text == "each" {
            return Ok(Self::Each);
        }
        let found = WorkflowName::ALL.into_iter().find_map(|workflow| named(workflow.actions(), &text));
        found.map(Self::Named).ok_or(NoSuchStep::Nowhere(text))
    }
}

impl From<KilledStep> for String {
    fn from(step: KilledStep) -> Self {
        match step {
            KilledStep::Each => "each".to_owned(),
            KilledStep::Named(action) => action.account().state.to_owned(),
        }
    }
}
