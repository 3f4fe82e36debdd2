//! Faults that act through AWS's control plane or on the processes of one machine: what an operator, an
//! accident or another service does to a deployed system.
//!
//! [`Levers`] pulls them past every gateway, so that no fault stands in the way of another. Each has a file of
//! its own, and says in words what it did. Start reading at [`ControlPlane`], through which most of them go.

mod clock;
mod control;
mod duplicate;
mod processing;
mod schedule;
mod switch;

use recovery::names::Names;

pub use clock::{ClockError, Clocks};
pub use control::{ControlPlane, LeverError};
pub use duplicate::Duplicates;

/// Every lever of one deployed system.
#[derive(Clone, Debug)]
pub struct Levers {
    control: ControlPlane,
    names: Names,
}

impl Levers {
    /// Levers of the deployment with these `names`, in the emulator at `endpoint`.
    pub fn new(endpoint: &str, names: Names) -> Self {
        Self { control: ControlPlane::new(endpoint), names }
    }
}
