//! What is judged before anything is deployed: the recovery budget and our own rules,
//! both read from the templates alone, and what other people's validators found.
//!
//! [`Inventory`] holds the templates, [`reading`] computes the budget from them,
//! [`rule`] lists the rules, [`validator`] reads the output of tools that the command
//! line runs, and [`acceptance`] knows which of their findings are accepted and why.
//! All of it is pure. Start reading at [`rule::RULES`].

pub mod acceptance;
mod inventory;
mod load;
pub mod reading;
pub mod report;
pub mod rule;
mod services;
mod statement;
pub mod validator;

pub(crate) use inventory::texts;
pub use inventory::{Inventory, NoAssembly, Resource, Stack};
pub use report::Report;
