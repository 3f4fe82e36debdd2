//! A construct tree over CloudFormation, and the cloud assembly that the stock
//! `cdk` command line reads.
//!
//! An [`App`] holds [`Stack`]s, a stack holds resources by path, and a [`Scope`]
//! is where in the tree the next one goes. Adding a resource gives a [`Handle`];
//! its references are tokens until [`App::synthesise`] runs the aspects, lowers
//! the tree and checks it, which gives an [`Assembly`](assembly::Assembly) or every
//! problem at once, each with its construct path. A handle may be used in another
//! stack: it is lowered to an output there, a reading here, and an order.
//!
//! Refused: a reference across regions in a stack that is
//! [self-reliant](Stack::self_reliant), looking anything up in an account, and I/O
//! anywhere but in [`assembly::writer`]. Nothing here knows what the resources are
//! for. Start reading at [`stack`].
//!
//! ```
//! use cdk::{App, Environment, Stack};
//! use cfn::{sns, sqs};
//!
//! let place = |region: &str| Environment { account: "111122223333".into(), region: region.into() };
//! let (mut one, mut two) = (Stack::new("One", place("us-east-1"), ""), Stack::new("Two", place("us-east-2"), ""));
//! let queue = one.scope("Orders").add("Queue", sqs::Queue::new());
//! two.root().add("Alerts", sns::Topic::new().display_name(queue.attribute("QueueName")));
//! let mut app = App::new();
//! app.add(two);
//! app.add(one);
//!
//! let assembly = app.synthesise().expect("the tree is sound");
//! let order: Vec<&str> = assembly.stacks.iter().map(|stack| stack.name.as_str()).collect();
//! assert_eq!(order, ["One", "Two"]);
//! assert!(assembly.files["Two.template.json"].contains("Fn::GetStackOutput"));
//! ```

pub mod app;
pub mod aspect;
pub mod assembly;
pub mod asset;
pub mod context;
pub mod error;
mod graph;
mod identity;
mod lowering;
pub mod node;
pub mod policy;
pub mod stack;
mod token;

pub use app::App;
pub use asset::FileAsset;
pub use context::{Context, ContextError};
pub use error::{Problem, Problems};
pub use identity::content_hash;
pub use node::{Handle, Node};
pub use stack::{Environment, Scope, Stack};
