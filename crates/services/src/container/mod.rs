//! What a container has around the work that a function does too.
//!
//! For [`api::router`](crate::api::router) a [`server`], which lets go of its connections as a load
//! balancer expects it; for the [`processor`](crate::processor) a [`worker`], which fetches the batches that
//! Lambda fetches for the function. Neither decides anything about an order. Start reading at
//! [`server::serve`] and [`worker::Worker::run`].

pub mod alive;
mod connection;
mod ending;
mod late;
pub mod server;
pub mod worker;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

pub use ending::Ending;

use crate::settings;

/// Where `orders-service` listens unless told otherwise.
pub const SERVICE_ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED), 8080);
/// Where `orders-worker` tells whether it is alive, unless told otherwise: nobody outside asks.
pub const WORKER_ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8081);
/// How long a service that was told to end goes on answering, unless told otherwise.
pub const DRAIN: Duration = Duration::from_secs(30);

impl settings::Container {
    /// How long to go on answering.
    pub fn drain(&self) -> Duration {
        self.drain.unwrap_or(DRAIN)
    }
}
