//! What gets deployed: the functions of one region, each a thin `main` in
//! `src/bin` around a plain function here.
//!
//! Nothing here decides how recovery works (`recovery` does) or where things
//! are (`infra` says so through [`settings`]). Locally these services talk to
//! other endpoints, never to other code. Start reading at [`journal`], the one
//! place where an order becomes *acknowledged*, then [`api`].

pub mod api;
pub mod aws;
mod batch_get;
pub mod clock;
pub mod container;
pub mod custom_resource;
pub mod database;
pub mod database_keeper;
mod fleet;
pub mod journal;
pub mod lease_store;
pub mod nudge;
pub mod preflight;
pub mod probe;
pub mod processor;
pub mod queue;
mod queue_again;
pub mod reconciler;
pub mod sentinel;
pub mod sessions;
pub mod settings;
mod signed;
pub mod stack_hook;
pub mod steps;
mod switch;
pub mod telemetry;
