//! Our infrastructure: from a deployment file to the stacks of two regions.
//!
//! [`fn@app`] composes everything; each file under [`stack`] is one kind of stack, a
//! plain function from a place and its properties to handles. Regions refer to
//! each other by computed names ([`place`]). What a region cannot compute (an
//! endpoint with a random part) is copied into its own Parameter Store by the
//! peering stack, which nothing on the recovery path depends on.
//!
//! Refused: calling AWS, deciding anything about recovery (that is
//! `recovery`'s), and wildcards in policies without a written reason. Start
//! reading at [`mod@app`], then [`tap`]; [`check`] judges the templates before they are deployed, and
//! [`compliance`] lists what is evidence in them.

pub mod app;
pub mod check;
pub mod compliance;
pub mod connections;
pub mod cost;
pub mod diagram;
pub mod packages;
pub mod place;
pub mod policy;
mod region_name;
pub mod rules;
pub mod stack;
pub mod tap;

pub use app::{Replay, Synthesis, SynthesisError, app, synthesise};
pub use cdk::{Context, ContextError, Problem, Problems};
pub use packages::Packages;
