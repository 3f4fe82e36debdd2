//! The relational side: settled orders, their ledger, and the fence before them.
//!
//! A connection is kept between invocations and made again when it broke. Nothing here
//! decides which region's database to use; that is the lease's to say.

mod connection;
mod error;
mod fence;
pub mod migrations;
mod row;
mod settled;
pub mod settlement;
pub mod standing;
pub mod swept;
mod tls;
pub mod window;

pub use connection::{CONNECT_LIMIT, Connection, Database, Target};
pub use error::DatabaseError;
pub use settled::settled_at;
