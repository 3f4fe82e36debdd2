//! A construct tree over CloudFormation, and the cloud assembly that the stock
//! `cdk` command line reads.
//!
//! An [`App`] holds [`Stack`]s, a stack holds resources by path, and a [`Scope`]
//! is where in the tree the next one goes. Adding a resource gives a [`Handle`];
//! its references are tokens until [`App::synthesise`] runs the aspects, checks
//! the tree and lowers it to an [`Assembly`](assembly::Assembly).
//!
//! Refused: references from one stack to another (compute the name instead),
//! looking anything up in an account, and I/O anywhere but in
//! [`assembly::writer`]. Nothing here knows what the resources are for. Start
//! reading at [`stack`].

pub mod app;
pub mod aspect;
pub mod assembly;
pub mod asset;
pub mod error;
mod graph;
mod identity;
pub mod node;
pub mod stack;
mod token;

pub use app::App;
pub use asset::FileAsset;
pub use error::{Problem, Problems};
pub use identity::content_hash;
pub use node::{Handle, Node};
pub use stack::{Environment, Scope, Stack};
