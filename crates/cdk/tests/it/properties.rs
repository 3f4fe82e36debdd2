//! What holds for every tree.

use std::collections::BTreeSet;

use cdk::assembly::Assembly;
use cdk::{App, Handle, Problem, Stack};
use cfn::{sns, sqs};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use serde_json::Value;

use crate::{stack, stack_in};

fn tree(paths: &BTreeSet<Vec<String>>) -> App {
    let mut one = stack("One");
    for path in paths {
        let (last, scopes) = path.split_last().expect("paths have one component or more");
        match scopes {
            [] => one.root().add(last, sqs::Queue::new()),
            [first] => one.scope(first).add(last, sqs::Queue::new()),
            [first, second, ..] => one.scope(first).scope(second).add(last, sqs::Queue::new()),
        };
    }
    let mut app = App::new();
    app.add(one);
    app
}

/// One construct that refers to another: each is a stack's number and a construct's number in it.
#[derive(Clone, Debug)]
struct Reference {
    from: (usize, usize),
    to: (usize, usize),
    form: usize,
}

/// Stacks of topics and their references.
#[derive(Clone, Debug)]
struct Forest {
    /// Of each stack: how many topics, in which of two regions, and whether it is self-reliant.
    stacks: Vec<(usize, bool, bool)>,
    references: Vec<Reference>,
}

const REGIONS: [&str; 2] = ["us-east-1", "us-east-2"];

impl Forest {
    /// Any forest; most references point at stacks and topics that came earlier, so that many have no circle.
    fn any() -> impl Strategy<Value = Self> {
        let stacks = vec((1..4_usize, any::<bool>(), prop::bool::weighted(0.2)), 1..5);
        let reference =
            ((0..5_usize, 0..4_usize), (0..5_usize, 0..4_usize), 0..6_usize, prop::bool::weighted(0.1));
        (stacks, vec(reference, 0..10)).prop_map(|(stacks, references)| {
            let inside = |(stack, topic): (usize, usize)| {
                let stack = stack % stacks.len();
                (stack, topic % stacks[stack].0)
            };
            let references = references
                .into_iter()
                .map(|(one, other, form, backwards)| {
                    let (one, other) = (inside(one), inside(other));
                    let (early, late) = (one.min(other), one.max(other));
                    let (from, to) = if backwards { (early, late) } else { (late, early) };
                    Reference { from, to, form }
                })
                .filter(|reference| reference.from != reference.to)
                .collect();
            Self { stacks, references }
        })
    }

    fn region(&self, stack: usize) -> &'static str {
        REGIONS[usize::from(self.stacks[stack].1)]
    }

    fn build(&self) -> App {
        let name = |stack: usize| format!("Stack{stack}");
        let mut stacks: Vec<Stack> = (0..self.stacks.len())
            .map(|number| {
                let stack = stack_in(&name(number), self.region(number));
                if self.stacks[number].2 { stack.self_reliant() } else { stack }
            })
            .collect();
        let handles: Vec<Vec<Handle>> = stacks
            .iter_mut()
            .zip(&self.stacks)
            .map(|(stack, (topics, ..))| {
                (0..*topics)
                    .map(|topic| stack.root().add(&format!("Topic{topic}"), sns::Topic::new()))
                    .collect()
            })
            .collect();
        for (number, reference) in self.references.iter().enumerate() {
            let (from, to) =
                (&handles[reference.from.0][reference.from.1], &handles[reference.to.0][reference.to.1]);
            let mut root = stacks[reference.from.0].root();
            let value = match reference.form {
                0 => to.reference(),
                1 => to.attribute("TopicArn"),
                2 => cfn::sub(format!("${{{}}}-${{{}.TopicName}}", to.token(), to.token())),
                3 => {
                    root.output(&format!("Output{number}"), "what it refers to", to.reference());
                    continue;
                }
                _ => {
                    root.node(from).depend_on(to);
                    continue;
                }
            };
            let properties = &mut root.node(from).definition.properties;
            properties.insert(format!("Property{number}"), serde_json::json!([{ "Deep": value }]));
        }
        let mut app = App::new();
        stacks.into_iter().for_each(|stack| app.add(stack));
        app
    }

    /// Whether something waits for itself when every reference is a wait between `nodes`; by
    /// transitive closure, which is another method than the one under test.
    fn circular(&self, of: impl Fn((usize, usize)) -> usize, keep: impl Fn(&Reference) -> bool) -> bool {
        let mut reaches = [[false; 32]; 32];
        for reference in self.references.iter().filter(|reference| keep(reference)) {
            reaches[of(reference.from)][of(reference.to)] = true;
        }
        for middle in 0..32 {
            for from in 0..32 {
                for to in 0..32 {
                    reaches[from][to] |= reaches[from][middle] && reaches[middle][to];
                }
            }
        }
        (0..32).any(|node| reaches[node][node])
    }

    fn stack_circle(&self) -> bool {
        self.circular(|(stack, _)| stack, |reference| reference.from.0 != reference.to.0)
    }

    fn resource_circle(&self) -> bool {
        // An output waits for nobody's creation but its own.
        self.circular(|(stack, topic)| stack * 4 + topic, |r| r.from.0 == r.to.0 && r.form != 3)
    }

    /// A reading, which an order alone is not, from another region into a self-reliant stack.
    fn reads_afar(&self) -> bool {
        let afar = |r: &Reference| self.stacks[r.from.0].2 && self.region(r.from.0) != self.region(r.to.0);
        self.references.iter().any(|reference| reference.form < 4 && afar(reference))
    }
}

/// Every `Fn::GetStackOutput` below a value.
fn readings<'v>(value: &'v Value, found: &mut Vec<&'v Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| readings(item, found)),
        Value::Object(fields) => {
            found.extend(fields.get("Fn::GetStackOutput"));
            fields.values().for_each(|field| readings(field, found));
        }
        _ => {}
    }
}

/// Nothing of the tree is left in the files, whatever is read exists, and each stack comes after what it reads.
fn holds_together(assembly: &Assembly) {
    for (name, text) in &assembly.files {
        assert!(!text.contains("Token["), "{name}");
    }
    for (place, stack) in assembly.stacks.iter().enumerate() {
        assert!(stack.template.dangling_references().is_empty());
        for dependency in &stack.dependencies {
            assert!(assembly.stacks[..place].iter().any(|earlier| earlier.name == *dependency));
        }
        let (template, mut found) = (stack.template.to_json(), Vec::new());
        readings(&template, &mut found);
        for reading in found {
            let read = assembly.stacks.iter().find(|one| reading["StackName"] == one.name.as_str());
            let read = read.expect("the stack exists");
            assert!(read.template.outputs.contains_key(reading["OutputName"].as_str().expect("a name")));
            assert_eq!(reading["Region"], read.environment.region.as_str());
            assert!(stack.dependencies.contains(&read.name));
        }
    }
}

proptest! {
    #[test]
    fn same_tree_same_bytes_and_ids_do_not_depend_on_neighbours(
        paths in btree_set(vec("[A-C]{1,2}", 1..=3), 1..12),
    ) {
        let assembly = tree(&paths).synthesise().expect("paths differ, so ids do");
        prop_assert_eq!(&assembly, &tree(&paths).synthesise().expect("paths differ, so ids do"));
        let resources = &assembly.stacks[0].template.resources;
        prop_assert_eq!(resources.len(), paths.len());
        for (path, id) in paths.iter().zip(resources.keys()) {
            let alone = tree(&BTreeSet::from([path.clone()])).synthesise().expect("one path");
            prop_assert_eq!(alone.stacks[0].template.resources.keys().next(), Some(id));
            prop_assert!(id.chars().all(|c| c.is_ascii_alphanumeric()));
        }
    }

    #[test]
    fn references_are_lowered_or_refused(forest in Forest::any()) {
        match forest.build().synthesise() {
            Ok(assembly) => {
                prop_assert!(!forest.stack_circle() && !forest.resource_circle() && !forest.reads_afar());
                holds_together(&assembly);
            }
            Err(problems) => {
                let told = |kind: fn(&Problem) -> bool| problems.0.iter().any(kind);
                prop_assert_eq!(told(|p| matches!(p, Problem::StackCycle { .. })), forest.stack_circle());
                prop_assert_eq!(told(|p| matches!(p, Problem::ResourceCycle { .. })), forest.resource_circle());
                let afar = told(|p| matches!(p, Problem::CrossRegionReference { .. }));
                prop_assert_eq!(afar, forest.reads_afar());
                prop_assert!(afar || forest.stack_circle() || forest.resource_circle(), "{}", problems);
            }
        }
    }
}
