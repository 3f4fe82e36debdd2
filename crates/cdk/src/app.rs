//! The whole tree: stacks, their order, and the aspects that apply to all.

use std::collections::BTreeSet;

use crate::aspect::Aspect;
use crate::assembly::{Assembly, LoweredStack, assemble};
use crate::error::{Problem, Problems};
use crate::lowering::lower;
use crate::stack::Stack;

/// Everything that is deployed together.
#[derive(Debug, Default)]
pub struct App {
    stacks: Vec<Stack>,
    aspects: Vec<Box<dyn Aspect>>,
}

impl App {
    /// An app without stacks.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a finished stack.
    pub fn add(&mut self, stack: Stack) {
        self.stacks.push(stack);
    }

    /// Applies to every resource of every stack, after all earlier aspects.
    pub fn aspect(&mut self, aspect: impl Aspect + 'static) {
        self.aspects.push(Box::new(aspect));
    }

    /// The stacks in the order they were added.
    pub fn stacks(&self) -> &[Stack] {
        &self.stacks
    }

    /// Runs the aspects, lowers the tree and checks it. Touches no file.
    ///
    /// # Errors
    /// Every problem of the tree at once.
    pub fn synthesise(&self) -> Result<Assembly, Problems> {
        let mut problems = self.stack_problems();
        let mut stacks = self.stacks.clone();
        for stack in &mut stacks {
            problems.extend(self.visit(stack));
        }
        let lowered = lower(stacks);
        problems.extend(lowered.problems);
        let stacks: Vec<LoweredStack> = lowered.stacks.into_iter().map(LoweredStack::new).collect();
        problems.extend(stacks.iter().flat_map(LoweredStack::problems));
        if problems.is_empty() { Ok(assemble(&stacks)) } else { Err(Problems(problems)) }
    }

    fn stack_problems(&self) -> Vec<Problem> {
        let mut problems: Vec<Problem> = Vec::new();
        let mut names = BTreeSet::new();
        for stack in &self.stacks {
            problems.extend(stack.problems.iter().cloned());
            if !names.insert(stack.name.as_str()) {
                problems.push(Problem::DuplicateStack { name: stack.name.clone() });
            }
        }
        for stack in &self.stacks {
            let unknown = stack.dependencies.iter().filter(|name| !names.contains(name.as_str()));
            problems.extend(unknown.map(|dependency| Problem::UnknownStack {
                stack: stack.name.clone(),
                dependency: dependency.clone(),
            }));
        }
        problems
    }

    fn visit(&self, stack: &mut Stack) -> Vec<Problem> {
        let mut problems = Vec::new();
        for node in &mut stack.nodes {
            for aspect in &self.aspects {
                let reasons = aspect.visit(node, &stack.environment);
                let refused = |reason| Problem::Refused { path: node.path.clone(), reason };
                problems.extend(reasons.into_iter().map(refused));
            }
        }
        problems
    }
}
