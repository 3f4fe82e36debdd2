//! The interpreter from outside.

mod agreement;
mod corpus;
mod random;
