//! The number that fences: it grows by one with every change of owner.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The epoch of the lease. The database refuses writes below its fence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub u64);

impl Epoch {
    /// The epoch of the first lease, and of the fence a new database starts with.
    pub const FIRST: Self = Self(1);

    /// The epoch a challenger takes.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.checked_add(1).expect("an epoch counts failovers and cannot reach 2^64"))
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
