//! Fixed ports that are free on every region's address at once.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use crate::seeded::Seeded;

use super::GatewayError;

/// Below Linux's ephemeral range, so that no outgoing connection takes a
/// region's port while the region is dead and its listeners are closed.
const RANGE: std::ops::Range<u16> = 18_000..31_000;
const ATTEMPTS: u32 = 400;

/// The ports of every region's faces: the same in all regions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// AWS API calls.
    pub aws: u16,
    /// Public HTTP.
    pub edge: u16,
    /// The region's database.
    pub db: u16,
    /// The way from inside this region to its own public HTTP, which no fault of its outside touches.
    pub own_edge: u16,
    /// The way from inside this region to the peer's public HTTP.
    pub peer_edge: u16,
    /// The way from inside this region to the peer's database.
    pub peer_db: u16,
}

impl Ports {
    /// Tries until all six ports bind on all addresses. The ports are released
    /// again; whoever binds them next must be prepared to find one taken.
    pub fn find(addresses: &[Ipv4Addr], seeded: &mut Seeded) -> Result<Self, GatewayError> {
        let mut found = Vec::with_capacity(6);
        for _ in 0..ATTEMPTS {
            let span = u64::from(RANGE.end - RANGE.start);
            let offset = u16::try_from(seeded.below(span)).expect("the range is shorter than 65536");
            let port = RANGE.start + offset;
            if !found.contains(&port) && is_free(addresses, port) {
                found.push(port);
            }
            if let [aws, edge, db, own_edge, peer_edge, peer_db] = found[..] {
                return Ok(Self { aws, edge, db, own_edge, peer_edge, peer_db });
            }
        }
        Err(GatewayError::NoPorts { addresses: addresses.to_vec() })
    }
}

fn is_free(addresses: &[Ipv4Addr], port: u16) -> bool {
    addresses.iter().all(|address| TcpListener::bind(SocketAddr::from((*address, port))).is_ok())
}

#[cfg(test)]
mod tests {
    // Goal: a port taken on any one address is not chosen. Method: learn the choice, occupy it, choose again.
    use super::*;

    #[test]
    fn a_port_taken_on_one_address_is_passed_over() {
        let addresses = [Ipv4Addr::new(127, 60, 0, 1), Ipv4Addr::new(127, 60, 0, 2)];
        let first = Ports::find(&addresses, &mut Seeded::new(5)).expect("free ports");
        let taken = TcpListener::bind(SocketAddr::from((addresses[1], first.aws))).expect("it was free");
        let second = Ports::find(&addresses, &mut Seeded::new(5)).expect("free ports");
        assert_ne!(first.aws, second.aws);
        drop(taken);
    }
}
