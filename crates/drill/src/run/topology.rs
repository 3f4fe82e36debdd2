//! Where everything is on this machine: one loopback address per region, the same ports in each.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

use recovery::{Deployment, Region, setting};

use crate::gateway::{Ports, RegionAddress};
use crate::seeded::Seeded;

/// How long resolvers may keep the address of a region's own name, in seconds.
const REGION_HOST_TTL_S: u32 = 60;

/// Zones that have an address of their own.
const ZONES: u8 = 6;

/// The addresses and ports of one drill.
#[derive(Clone, Debug)]
pub struct Topology {
    /// The pair, home first.
    pub regions: [RegionAddress; 2],
    /// Where DNS is served.
    pub dns_address: Ipv4Addr,
    /// Ports of every region's faces.
    pub ports: Ports,
    public_host: String,
    seeded: Seeded,
}

impl Topology {
    /// Draws a network of its own within 127.0.0.0/8, so that drills do not meet.
    pub fn draw(deployment: &Deployment, seed: u64) -> Result<Self, crate::gateway::GatewayError> {
        // The process id keeps two drills with one seed apart.
        let mut seeded = Seeded::stream(seed ^ (u64::from(std::process::id()) << 32), 0);
        let byte = |bound: u64, seeded: &mut Seeded| u8::try_from(seeded.below(bound)).unwrap_or(0);
        let (second, third) = (64 + byte(57, &mut seeded), byte(255, &mut seeded));
        let names = deployment.names();
        let at = |region: &Region, last: u8| RegionAddress {
            region: region.clone(),
            address: Ipv4Addr::new(127, second, third, last),
            host: names.region_host(region),
        };
        let [home, standby] = deployment.pair();
        let regions = [at(home, 1), at(standby, 2)];
        let addresses = [regions[0].address, regions[1].address];
        let ports = Ports::find(&addresses, &mut seeded)?;
        let dns_address = Ipv4Addr::new(127, second, third, 3);
        Ok(Self { regions, dns_address, ports, public_host: names.public_host(), seeded })
    }

    /// Draws other ports, because one was taken after all.
    ///
    /// # Errors
    /// When no six are free.
    pub fn redraw_ports(&mut self) -> Result<(), crate::gateway::GatewayError> {
        let addresses = [self.regions[0].address, self.regions[1].address];
        self.ports = Ports::find(&addresses, &mut self.seeded)?;
        Ok(())
    }

    /// Addresses of the regions' own names, as the regions' stacks would publish them.
    pub fn stand_ins(&self) -> crate::route53::StandIns {
        let addresses = self.regions.iter().map(|at| (at.host.clone(), at.address)).collect();
        crate::route53::StandIns { addresses, ttl_s: REGION_HOST_TTL_S }
    }

    /// Addresses of a region's zones, which its containers have.
    pub fn zones(&self, region: &Region) -> Vec<Ipv4Addr> {
        let Some(own) = self.regions.iter().find(|at| at.region == *region) else { return Vec::new() };
        let [first, second, third, last] = own.address.octets();
        (0..ZONES).map(|zone| Ipv4Addr::new(first, second, third, last * 16 + zone)).collect()
    }

    /// The environment variables that a function in `region` needs to be here instead of in AWS.
    pub fn overrides(&self, region: &str, dns: SocketAddr) -> BTreeMap<String, String> {
        let Some(own) = self.regions.iter().find(|at| at.region.as_str() == region) else {
            return BTreeMap::new();
        };
        let Ports { aws, edge, db, own_edge, peer_edge, peer_db } = self.ports;
        let (ip, host) = (own.address, &own.host);
        [
            ("AWS_ENDPOINT_URL", format!("http://{ip}:{aws}")),
            (setting::DATABASE_ENDPOINT, format!("{ip}:{db}")),
            (setting::PEER_DATABASE_ENDPOINT, format!("{ip}:{peer_db}")),
            (setting::DATABASE_NAME, crate::postgres::DATABASE.to_owned()),
            (setting::DATABASE_TLS, "prefer".to_owned()),
            (setting::OWN_URL, format!("http://{host}:{own_edge}")),
            (setting::PEER_URL, format!("http://{ip}:{peer_edge}")),
            (setting::PUBLIC_URL, format!("http://{}:{edge}", self.public_host)),
            (setting::RESOLVER, dns.to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}

#[cfg(test)]
mod tests {
    // Goal: a function is led to its own region's gateway and to nothing else, and a taken port leads
    // to others. Method: the deployment that comes with the project.
    use super::*;

    fn topology() -> Topology {
        let text = include_str!("../../../../deployments/trading.toml");
        let deployment = Deployment::parse(text, "trading.toml").expect("it comes with the project");
        Topology::draw(&deployment, 7).expect("free ports")
    }

    #[test]
    fn every_way_out_of_a_function_enters_its_own_region() {
        let topology = topology();
        let dns = SocketAddr::from((topology.dns_address, 5353));
        for own in &topology.regions {
            let overrides = topology.overrides(own.region.as_str(), dns);
            let (own_ip, names) = (own.address.to_string(), [&own.host, &topology.public_host]);
            for (name, value) in &overrides {
                let by_name = names.iter().any(|host| value.contains(host.as_str()));
                let no_address = [setting::DATABASE_NAME, setting::DATABASE_TLS].contains(&name.as_str());
                let leads_home =
                    value.contains(&own_ip) || by_name || no_address || *value == dns.to_string();
                assert!(leads_home, "{name}={value}");
            }
            assert!(!overrides.is_empty());
        }
        assert!(topology.overrides("us-west-2", dns).is_empty());
    }

    #[test]
    fn other_ports_are_drawn_when_one_is_taken() {
        let mut topology = topology();
        let before = topology.ports;
        topology.redraw_ports().expect("free ports");
        assert_ne!(topology.ports, before);
    }
}
