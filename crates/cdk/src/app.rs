//! The whole tree: stacks, their order, and the aspects that apply to all.

use std::collections::{BTreeMap, BTreeSet};

use crate::aspect::Aspect;
use crate::assembly::{Assembly, LoweredStack, assemble};
use crate::error::{Problem, Problems};
use crate::graph::{Edges, cycle};
use crate::node::Node;
use crate::stack::Stack;
use crate::token::{lower, lower_text, lower_value};

/// Resources CloudFormation allows in one template.
const RESOURCES_MAX: usize = 500;

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

    /// Runs the aspects, checks the tree and lowers it. Touches no file.
    ///
    /// # Errors
    /// Every problem of the tree at once.
    pub fn synthesise(&self) -> Result<Assembly, Problems> {
        let mut problems = self.stack_problems();
        let targets: BTreeMap<String, (String, String)> = self
            .stacks
            .iter()
            .flat_map(|stack| stack.nodes.iter().map(|node| (node, stack.name.clone())))
            .map(|(node, stack)| (node.path.clone(), (stack, node.logical_id.clone())))
            .collect();
        let lowered: Vec<LoweredStack> =
            self.stacks.iter().map(|stack| self.lower_stack(stack, &targets, &mut problems)).collect();
        if problems.is_empty() {
            let assembly = assemble(lowered);
            problems = assembly.problems();
            if problems.is_empty() {
                return Ok(assembly);
            }
        }
        Err(Problems(problems))
    }

    fn stack_problems(&self) -> Vec<Problem> {
        let mut problems: Vec<Problem> = Vec::new();
        let mut names = BTreeSet::new();
        let mut edges = Edges::new();
        for stack in &self.stacks {
            problems.extend(stack.problems.iter().cloned());
            if !names.insert(stack.name.clone()) {
                problems.push(Problem::DuplicateStack { name: stack.name.clone() });
            }
            if stack.nodes.len() > RESOURCES_MAX {
                problems
                    .push(Problem::TooManyResources { stack: stack.name.clone(), count: stack.nodes.len() });
            }
            edges.entry(stack.name.clone()).or_default().extend(stack.dependencies.iter().cloned());
        }
        for (stack, dependency) in edges.iter().flat_map(|(stack, all)| all.iter().map(move |d| (stack, d))) {
            if !names.contains(dependency) {
                problems.push(Problem::UnknownStack { stack: stack.clone(), dependency: dependency.clone() });
            }
        }
        problems.extend(cycle(&edges).map(|stacks| Problem::StackCycle { stacks }));
        problems
    }

    fn lower_stack(
        &self,
        stack: &Stack,
        targets: &BTreeMap<String, (String, String)>,
        problems: &mut Vec<Problem>,
    ) -> LoweredStack {
        let mut lowered = stack.clone();
        let mut edges = Edges::new();
        for node in &mut lowered.nodes {
            self.visit(node, stack, problems);
            let mut resolver = Resolver { from: &node.path, stack: &stack.name, targets, problems };
            let waits = edges.entry(node.path.clone()).or_default();
            let mut resolve = |to: &str| {
                waits.insert(to.to_owned());
                resolver.logical_id(to)
            };
            let definition = &mut node.definition;
            for value in definition.properties.values_mut().chain(definition.metadata.values_mut()) {
                lower(value, &mut resolve);
            }
            definition.depends_on =
                definition.depends_on.iter().map(|token| lower_text(token, &mut resolve)).collect();
        }
        for (name, output) in &mut lowered.outputs {
            let from = format!("{}/{name}", stack.name);
            let mut resolver = Resolver { from: &from, stack: &stack.name, targets, problems };
            lower_value(&mut output.value, &mut |to| resolver.logical_id(to));
        }
        problems.extend(cycle(&edges).map(|paths| Problem::ResourceCycle { paths }));
        LoweredStack::new(lowered)
    }

    fn visit(&self, node: &mut Node, stack: &Stack, problems: &mut Vec<Problem>) {
        for aspect in &self.aspects {
            let reasons = aspect.visit(node, &stack.environment);
            let refused = |reason| Problem::Refused { path: node.path.clone(), reason };
            problems.extend(reasons.into_iter().map(refused));
        }
    }
}

/// Turns the paths that one construct refers to into logical ids.
struct Resolver<'a> {
    from: &'a str,
    stack: &'a str,
    targets: &'a BTreeMap<String, (String, String)>,
    problems: &'a mut Vec<Problem>,
}

impl Resolver<'_> {
    fn logical_id(&mut self, to: &str) -> String {
        let (from, to) = (self.from.to_owned(), to.to_owned());
        match self.targets.get(&to) {
            Some((owner, logical_id)) if owner == self.stack => return logical_id.clone(),
            Some(_) => self.problems.push(Problem::CrossStackReference { from, to }),
            None => self.problems.push(Problem::UnknownReference { from, to }),
        }
        String::new()
    }
}
