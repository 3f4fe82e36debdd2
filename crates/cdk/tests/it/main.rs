//! Goal: a construct tree lowers to the assembly that the `cdk` command line
//! reads, the same bytes each time, and every mistake is reported by path.
//! Method: small trees of queues and topics; the assembly as a snapshot, each
//! problem by its message, and generated trees for what must hold for all.

mod aspects;
mod assembly;
mod privilege;
mod properties;
mod references;
mod tree;

use cdk::{App, Environment, Stack};

/// A region of a made-up account.
fn environment(region: &str) -> Environment {
    Environment { account: "111122223333".to_owned(), region: region.to_owned() }
}

/// An empty stack in us-east-1.
fn stack(name: &str) -> Stack {
    stack_in(name, "us-east-1")
}

/// An empty stack in a region.
fn stack_in(name: &str, region: &str) -> Stack {
    Stack::new(name, environment(region), "")
}

/// The messages of everything that is wrong with these stacks.
fn problems(stacks: impl IntoIterator<Item = Stack>) -> Vec<String> {
    let mut app = App::new();
    stacks.into_iter().for_each(|stack| app.add(stack));
    match app.synthesise() {
        Ok(_) => Vec::new(),
        Err(problems) => problems.0.iter().map(ToString::to_string).collect(),
    }
}
