//! How states are entered and exited.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::error::RUNTIME;
use super::trace::{Entry, Passage};
use super::value::{choose, fill, place, select, wait, words};
use super::{Command, Doing, ErrorOutput, Execution, Outcome, Strand, Token};
use crate::prepared::{Does, Placement, Ready, Selection, StateId};

impl<'p> Execution<'p> {
    /// Counts events of the history.
    pub(super) fn count(&mut self, events: u32) {
        self.events = self.events.saturating_add(events);
    }

    pub(super) fn strand(&mut self, index: usize) -> Option<&mut Strand> {
        self.strands.get_mut(index).and_then(Option::as_mut)
    }

    pub(super) fn ready(&self, index: usize) -> Option<(&Strand, &'p Ready)> {
        let strand = self.strands.get(index).and_then(Option::as_ref)?;
        Some((strand, self.machine.state(strand.state)))
    }

    pub(super) fn record(&mut self, state: StateId, passage: Passage) {
        self.trace.push(Entry { state, passage, at: self.now });
        self.count(1);
    }

    pub(super) fn spawn(
        &mut self,
        parent: Option<(usize, usize)>,
        state: StateId,
        input: Arc<Value>,
    ) -> usize {
        let strand = Strand {
            parent,
            state,
            given: None,
            document: input,
            retries: Vec::new(),
            attempt: 0,
            doing: Doing::Entering,
        };
        let free = self.strands.iter().position(Option::is_none).unwrap_or_else(|| {
            self.strands.push(None);
            self.strands.len() - 1
        });
        self.strands[free] = Some(strand);
        self.ready.push_back(free);
        free
    }

    pub(super) fn enter(&mut self, index: usize) {
        let Some((strand, _)) = self.ready(index) else { return };
        self.record(strand.state, Passage::Entered);
        self.begin_again(index);
    }

    /// Tries a state, for the first time or after a failure. What its parameters are made of has not changed, so a task
    /// that has been given them is given the same.
    pub(super) fn begin_again(&mut self, index: usize) {
        let Some((strand, ready)) = self.ready(index) else { return };
        if strand.given.is_some() {
            return self.attempt(index);
        }
        if let Err(error) = self.begin_state(index, ready) {
            self.failed(index, error);
        }
    }

    /// Begins a state, and exits it when that is all.
    fn begin_state(&mut self, index: usize, ready: &'p Ready) -> Result<(), ErrorOutput> {
        let now = self.now;
        let sequence = self.next_sequence();
        let Some(strand) = self.strand(index) else { return Ok(()) };
        let input = select(&ready.input, &strand.document, "InputPath")?;
        match &ready.does {
            Does::Task { parameters, .. } | Does::Parallel { parameters, .. } => {
                strand.given = Some(fill(parameters.as_ref(), input)?);
                self.attempt(index);
            }
            Does::Pass { parameters, result } => {
                let result = match result {
                    Some(result) => {
                        // Whoever holds the document alone changes it in place.
                        drop(input);
                        Arc::new(result.clone())
                    }
                    None => fill(parameters.as_ref(), input)?,
                };
                place(&ready.result, &mut strand.document, result)?;
                self.exit(index);
            }
            Does::Choice { rules, default } => {
                let next = choose(rules, *default, &input)?;
                strand.document = input;
                self.exit_to(index, Some(next));
            }
            Does::Wait(length) => {
                let until = now.saturating_add(wait(length, &input)?);
                strand.document = input;
                strand.doing = Doing::Waiting { until, sequence };
            }
            Does::Succeed => {
                strand.document = input;
                self.exit_to(index, None);
            }
            Does::Fail { error, cause } => {
                let error = words(error, &input, "ErrorPath")?.unwrap_or_default();
                return Err(ErrorOutput { error, cause: words(cause, &input, "CausePath")? });
            }
        }
        Ok(())
    }

    /// Runs the task, or the branches, for the first time or again.
    fn attempt(&mut self, index: usize) {
        let Some((strand, ready)) = self.ready(index) else { return };
        let Some(input) = strand.given.clone() else { return };
        match &ready.does {
            Does::Task { resource, timeout, .. } => {
                let attempt = strand.attempt;
                let token = Token(self.next_sequence());
                let deadline = self.now.saturating_add(*timeout);
                let heartbeat = self.heartbeat_of(index);
                if let Some(strand) = self.strand(index) {
                    strand.doing = Doing::Task { token, deadline, heartbeat };
                }
                self.tasks.push_back(Command::RunTask {
                    token,
                    state: &ready.name,
                    resource,
                    input,
                    attempt,
                    at: self.now,
                    deadline,
                });
                // Scheduled and started.
                self.count(2);
            }
            Does::Parallel { branches, .. } => {
                self.count(1);
                let strands: Vec<_> = branches
                    .iter()
                    .enumerate()
                    .map(|(branch, start)| {
                        Some(self.spawn(Some((index, branch)), *start, Arc::clone(&input)))
                    })
                    .collect();
                if let Some(strand) = self.strand(index) {
                    strand.doing = Doing::Branches { outputs: vec![None; strands.len()], strands };
                }
            }
            _ => {}
        }
    }

    /// When the next sign of life of a task is missed.
    pub(super) fn heartbeat_of(&self, index: usize) -> Option<Duration> {
        let (_, ready) = self.ready(index)?;
        match &ready.does {
            Does::Task { heartbeat: Some(heartbeat), .. } => Some(self.now.saturating_add(*heartbeat)),
            _ => None,
        }
    }

    pub(super) fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    /// The task or the branches of a state have returned.
    pub(super) fn returned(&mut self, index: usize, result: Arc<Value>) {
        let Some((_, ready)) = self.ready(index) else { return };
        let Some(strand) = self.strand(index) else { return };
        let kept = match &ready.selector {
            // A result that lacks what is selected is an error that nothing can catch: AWS documents
            // States.ParameterPathFailure for `Parameters` alone.
            Some(selector) => selector
                .fill(&result)
                .map(Arc::new)
                .map_err(|path| ErrorOutput::missing(RUNTIME, "ResultSelector", path)),
            None => Ok(result),
        };
        match kept.and_then(|kept| place(&ready.result, &mut strand.document, kept)) {
            Ok(()) => self.exit(index),
            Err(error) => self.failed(index, error),
        }
    }

    /// A state has done its work, and its strand's document is its output but for the `OutputPath`.
    pub(super) fn exit(&mut self, index: usize) {
        if let Some((_, ready)) = self.ready(index) {
            self.exit_to(index, ready.next);
        }
    }

    fn exit_to(&mut self, index: usize, next: Option<StateId>) {
        let Some((strand, ready)) = self.ready(index) else { return };
        match select(&ready.output, &strand.document, "OutputPath") {
            Ok(output) => {
                if let (Selection::Nothing | Selection::At(_), Some(strand)) =
                    (&ready.output, self.strand(index))
                {
                    strand.document = output;
                }
                self.go_on(index, next);
            }
            Err(error) => self.failed(index, error),
        }
    }

    /// Leaves a state for the next one, or ends the strand.
    pub(super) fn go_on(&mut self, index: usize, next: Option<StateId>) {
        let Some((strand, _)) = self.ready(index) else { return };
        self.record(strand.state, Passage::Exited);
        let Some(strand) = self.strand(index) else { return };
        match next {
            Some(next) => {
                strand.state = next;
                strand.doing = Doing::Entering;
                strand.given = None;
                strand.retries.clear();
                strand.attempt = 0;
                self.ready.push_back(index);
            }
            None => self.end(index),
        }
    }

    /// A strand has its output: the machine's, or one of a Parallel state's.
    fn end(&mut self, index: usize) {
        let Some(ended) = self.strands.get_mut(index).and_then(Option::take) else { return };
        let Some((parent, branch)) = ended.parent else {
            return self.finish(Outcome::Succeeded(ended.document));
        };
        let Some((_, ready)) = self.ready(parent) else { return };
        let Some(Strand { doing: Doing::Branches { strands, outputs }, .. }) = self.strand(parent) else {
            return;
        };
        strands[branch] = None;
        outputs[branch] = Some(ended.document);
        if strands.iter().all(Option::is_none) {
            let thrown_away = ready.selector.is_none() && matches!(ready.result, Placement::Nowhere);
            let result = if thrown_away {
                Value::Null
            } else {
                outputs.drain(..).flatten().map(Arc::unwrap_or_clone).collect()
            };
            self.count(1);
            self.returned(parent, Arc::new(result));
        }
    }
}
