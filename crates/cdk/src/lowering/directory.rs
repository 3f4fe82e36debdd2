//! Where every construct is, before any stack is changed.

use std::collections::BTreeMap;

use crate::stack::{Environment, Stack};

/// The stack that a reference stands in.
#[derive(Clone, Debug)]
pub(super) struct Here {
    pub(super) name: String,
    pub(super) environment: Environment,
    pub(super) self_reliant: bool,
}

/// What a reference refers to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Target {
    pub(super) stack: String,
    pub(super) logical_id: String,
}

/// Every construct by its path, and the place of every stack by its name.
pub(super) struct Directory {
    constructs: BTreeMap<String, Target>,
    places: BTreeMap<String, Environment>,
}

impl Directory {
    pub(super) fn of(stacks: &[Stack]) -> Self {
        let constructs = stacks
            .iter()
            .flat_map(|stack| stack.nodes.iter().map(move |node| (stack, node)))
            .map(|(stack, node)| {
                let target = Target { stack: stack.name.clone(), logical_id: node.logical_id.clone() };
                (node.path.clone(), target)
            })
            .collect();
        let place = |stack: &Stack| (stack.name.clone(), stack.environment.clone());
        Self { constructs, places: stacks.iter().map(place).collect() }
    }

    pub(super) fn here(&self, stack: &Stack) -> Here {
        Here {
            name: stack.name.clone(),
            environment: stack.environment.clone(),
            self_reliant: stack.self_reliant,
        }
    }

    pub(super) fn construct(&self, path: &str) -> Option<&Target> {
        self.constructs.get(path)
    }

    pub(super) fn place(&self, stack: &str) -> Option<&Environment> {
        self.places.get(stack)
    }
}
