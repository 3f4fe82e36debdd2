//! What the stacks want of each other: outputs that must exist, and an order.

use std::collections::{BTreeMap, BTreeSet};

use cfn::{Json, Output};
use serde_json::json;

use crate::error::Problem;
use crate::graph::{Edges, cycle};
use crate::identity::LOGICAL_ID_LENGTH_MAX;
use crate::stack::Stack;

/// Collected while stacks are lowered, settled when all of them are.
#[derive(Debug, Default)]
pub(super) struct References {
    /// Outputs made for other stacks, by stack and name: their value, and what they are of.
    wanted: BTreeMap<(String, String), (Json, String)>,
    /// Outputs that somebody reads by name: the reader, the stack, the output.
    named: Vec<(String, String, String)>,
    /// Stacks that wait for others because of a reference: why, by reader and read.
    waits: BTreeMap<(String, String), String>,
}

/// Name of the output that hands a construct's `Ref`, or one of its attributes, to other stacks.
/// It follows from the construct alone, so that it is the same for every reader at any time.
pub(super) fn output_name(logical_id: &str, attribute: Option<&str>) -> String {
    let what: String = attribute.unwrap_or("Ref").chars().filter(char::is_ascii_alphanumeric).collect();
    format!("{logical_id}{what}")
}

impl References {
    /// Makes `stack` wait for `other`, since `from` refers to `to`.
    pub(super) fn wait(&mut self, stack: &str, other: &str, from: &str, to: &str) {
        let why = format!("{from} refers to {to}");
        self.waits.entry((stack.to_owned(), other.to_owned())).or_insert(why);
    }

    /// Asks for an output of a construct; gives its name.
    pub(super) fn want(
        &mut self,
        stack: &str,
        logical_id: &str,
        attribute: Option<&str>,
        to: &str,
    ) -> String {
        let name = output_name(logical_id, attribute);
        let value = match attribute {
            None => json!({ "Ref": logical_id }),
            Some(attribute) => json!({ "Fn::GetAtt": [logical_id, attribute] }),
        };
        self.wanted.entry((stack.to_owned(), name.clone())).or_insert((value, to.to_owned()));
        name
    }

    /// Notes that an output is read by its name.
    pub(super) fn name(&mut self, from: &str, stack: &str, output: &str) {
        self.named.push((from.to_owned(), stack.to_owned(), output.to_owned()));
    }

    /// Adds the outputs and the dependencies.
    pub(super) fn settle(self, stacks: &mut [Stack]) -> Vec<Problem> {
        let mut problems = Vec::new();
        for ((stack, name), (value, to)) in self.wanted {
            let Some(stack) = stacks.iter_mut().find(|one| one.name == stack) else { continue };
            if stack.outputs.get(&name).is_some_and(|taken| taken.value != value) {
                problems.push(Problem::OutputTaken { path: format!("{}/{name}", stack.name), of: to });
                continue;
            }
            if name.len() > LOGICAL_ID_LENGTH_MAX {
                problems.push(Problem::LogicalIdTooLong {
                    path: format!("{}/{name}", stack.name),
                    length: name.len(),
                });
            }
            let made = || Output {
                value,
                description: Some(format!("{to}, for other stacks")),
                export: None,
                condition: None,
            };
            stack.outputs.entry(name).or_insert_with(made);
        }
        for (from, stack, output) in self.named {
            let known = |one: &&Stack| one.name == stack && one.outputs.contains_key(&output);
            if !stacks.iter().any(|one| known(&one)) {
                problems.push(Problem::UnknownReference { from, to: format!("{stack}/{output}") });
            }
        }
        for (reader, read) in self.waits.keys() {
            let stack = stacks.iter_mut().find(|one| one.name == *reader);
            if let Some(stack) = stack.filter(|stack| !stack.dependencies.contains(read)) {
                stack.dependencies.push(read.clone());
            }
        }
        problems.extend(circle(stacks, &self.waits));
        problems
    }
}

/// Stacks that wait for each other, and the references that make them.
fn circle(stacks: &[Stack], waits: &BTreeMap<(String, String), String>) -> Option<Problem> {
    let mut edges = Edges::new();
    for stack in stacks {
        let waited_for: BTreeSet<String> = stack.dependencies.iter().cloned().collect();
        edges.entry(stack.name.clone()).or_default().extend(waited_for);
    }
    let stacks = cycle(&edges)?;
    let why = |pair: &[String]| waits.get(&(pair[0].clone(), pair[1].clone())).cloned();
    let references = stacks.windows(2).filter_map(why).collect();
    Some(Problem::StackCycle { stacks, references })
}
