//! Settlement and the fence on real PostgreSQL.

pub mod server;

mod connection;
mod fence;
mod ledger;
mod settlement;
mod tls;
