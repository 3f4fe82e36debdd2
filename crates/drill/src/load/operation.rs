//! What clients saw, while it is being written down.

use std::sync::Mutex;

use recovery::history::Operation;

use super::held;

/// Every operation that has ended.
#[derive(Default)]
pub(super) struct History(Mutex<Vec<Operation>>);

impl History {
    pub(super) fn add(&self, operation: Operation) {
        held(&self.0).push(operation);
    }

    /// All of them in the order of invocation.
    pub(super) fn take(&self) -> Vec<Operation> {
        let mut operations = std::mem::take(&mut *held(&self.0));
        operations.sort_by_key(|operation| operation.invoked_ms);
        operations
    }
}
