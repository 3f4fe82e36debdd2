//! The order processor between a real queue, a journal and real databases.

pub mod stage;

mod failures;
mod poison;
mod settling;
