//! The stacks as a Mermaid diagram, drawn from the synthesised assembly.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use cdk::assembly::{Assembly, SynthesisedStack};

/// Kinds of resource named in one stack's box: the most frequent ones.
const KINDS_SHOWN: usize = 5;

/// A flowchart: a box for each region, in it a box for each stack with what it holds, and an arrow from each
/// stack to those that are deployed after it. An arrow that others imply is left out.
pub fn mermaid(assembly: &Assembly) -> String {
    let mut text = String::from("flowchart LR\n");
    for region in regions(assembly) {
        let _ = writeln!(text, "  subgraph {region}");
        for stack in assembly.stacks.iter().filter(|stack| stack.environment.region == region) {
            let _ = writeln!(text, "    {}[\"<b>{}</b><br>{}\"]", id(stack), kind(stack), holds(stack));
        }
        text.push_str("  end\n");
    }
    let waits = waits(assembly);
    for stack in &assembly.stacks {
        for first in direct(&stack.name, &waits) {
            let _ = writeln!(text, "  {} --> {}", first.replace('-', "_"), id(stack));
        }
    }
    text
}

fn regions(assembly: &Assembly) -> BTreeSet<&str> {
    assembly.stacks.iter().map(|stack| stack.environment.region.as_str()).collect()
}

fn id(stack: &SynthesisedStack) -> String {
    stack.name.replace('-', "_")
}

/// `Networking` of `TapStack-Networking-us-east-1-production`.
fn kind(stack: &SynthesisedStack) -> &str {
    stack.name.split('-').nth(1).unwrap_or(&stack.name)
}

/// What is most frequent in a stack, and how much else there is.
fn holds(stack: &SynthesisedStack) -> String {
    let mut counts = BTreeMap::<&str, usize>::new();
    for resource in stack.template.resources.values() {
        let short = resource.type_name.rsplit("::").next().unwrap_or(&resource.type_name);
        *counts.entry(short).or_default() += 1;
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let others: usize = counts.iter().skip(KINDS_SHOWN).map(|(_, count)| count).sum();
    let shown = counts.iter().take(KINDS_SHOWN).map(|(short, count)| format!("{count} {short}"));
    let others = (others > 0).then(|| format!("{others} more"));
    shown.chain(others).collect::<Vec<_>>().join(", ")
}

type Waits<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// Which stacks each stack waits for, directly or not.
fn waits(assembly: &Assembly) -> Waits<'_> {
    let mut waits = Waits::new();
    // Each stack comes after those it depends on, so theirs are complete.
    for stack in &assembly.stacks {
        let mut all = BTreeSet::new();
        for dependency in &stack.dependencies {
            all.insert(dependency.as_str());
            all.extend(waits.get(dependency.as_str()).into_iter().flatten());
        }
        waits.insert(&stack.name, all);
    }
    waits
}

/// Those of them that no other one of them waits for already.
fn direct<'a>(stack: &str, waits: &'a Waits<'_>) -> Vec<&'a str> {
    let all = &waits[stack];
    all.iter().copied().filter(|one| !all.iter().any(|other| waits[other].contains(one))).collect()
}
