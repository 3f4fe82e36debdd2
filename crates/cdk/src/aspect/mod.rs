//! Aspects: rules that visit every resource of every stack.

mod encrypted;
mod lengths;
mod names;
mod privilege;
mod removal;
mod tags;

use std::fmt::Debug;

pub use encrypted::{Encrypted, Encryption, Must, Setting};
pub use lengths::{NAME_LENGTHS, NameLength};
pub use names::NameSuffix;
pub use privilege::LeastPrivilege;
pub use removal::RemovalPolicy;
pub use tags::Tags;

use crate::node::Node;
use crate::stack::Environment;

/// A rule that changes or refuses resources.
pub trait Aspect: Debug {
    /// Visits one resource of a stack in `environment`; gives the reasons to refuse it.
    fn visit(&self, node: &mut Node, environment: &Environment) -> Vec<String>;
}
