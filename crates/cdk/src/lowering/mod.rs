//! The one pass that turns tokens into what CloudFormation reads. Pure.
//!
//! Within a stack a token becomes the logical id of its target. In another
//! stack it becomes an output there, whose name follows from the target alone,
//! and `Fn::GetStackOutput` here; the stack that reads then waits for the one
//! that is read. A [self-reliant](crate::Stack::self_reliant) stack refuses that
//! across regions.

mod directory;
mod references;
mod writer;

use std::collections::BTreeSet;

use crate::error::Problem;
use crate::graph::{Edges, cycle};
use crate::stack::Stack;
use directory::Directory;
use references::References;
use writer::Writer;

/// Stacks without tokens, and what was wrong with their references.
pub(crate) struct Lowered {
    pub(crate) stacks: Vec<Stack>,
    pub(crate) problems: Vec<Problem>,
}

/// Lowers every token of every stack.
pub(crate) fn lower(mut stacks: Vec<Stack>) -> Lowered {
    let directory = Directory::of(&stacks);
    let mut references = References::default();
    let mut problems = Vec::new();
    for stack in &mut stacks {
        lower_stack(stack, &directory, &mut references, &mut problems);
    }
    problems.extend(references.settle(&mut stacks));
    Lowered { stacks, problems }
}

fn lower_stack(
    stack: &mut Stack,
    directory: &Directory,
    references: &mut References,
    problems: &mut Vec<Problem>,
) {
    let here = directory.here(stack);
    let mut edges = Edges::new();
    for node in &mut stack.nodes {
        let mut waits = BTreeSet::new();
        let mut writer =
            Writer { from: &node.path, here: &here, directory, waits: &mut waits, references, problems };
        let definition = &mut node.definition;
        for value in definition.properties.values_mut().chain(definition.metadata.values_mut()) {
            writer.lower(value);
        }
        let waited_for = std::mem::take(&mut definition.depends_on);
        definition.depends_on = waited_for.into_iter().filter_map(|one| writer.dependency(one)).collect();
        edges.insert(node.path.clone(), waits);
    }
    for (name, output) in &mut stack.outputs {
        let from = format!("{}/{name}", here.name);
        // Nothing waits for an output, so it closes no circle.
        let mut waits = BTreeSet::new();
        let mut writer =
            Writer { from: &from, here: &here, directory, waits: &mut waits, references, problems };
        writer.lower(&mut output.value);
    }
    problems.extend(cycle(&edges).map(|paths| Problem::ResourceCycle { paths }));
}
