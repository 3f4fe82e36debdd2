//! Names to addresses, asked anew every time.

use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hickory_resolver::config::{
    ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::{Resolver, TokioResolver};
use hyper_util::client::legacy::connect::dns::Name;
use tower::Service;

use super::ProbeError;

/// Longest time of one DNS query; it is asked twice.
const QUERY_TIMEOUT: Duration = Duration::from_millis(700);

/// Finds addresses, from one given name server or from the system's resolver. Keeps no cache.
#[derive(Clone)]
pub(super) struct Dns {
    resolver: Option<TokioResolver>,
}

impl std::fmt::Debug for Dns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.resolver.is_some() { "Dns(given)" } else { "Dns(system)" })
    }
}

impl Dns {
    pub(super) fn new(resolver: Option<SocketAddr>) -> Result<Self, ProbeError> {
        let Some(address) = resolver else { return Ok(Self { resolver: None }) };
        let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
            connection.port = address.port();
            connection
        });
        let server = NameServerConfig::new(address.ip(), true, connections.into());
        let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
        let mut builder = Resolver::builder_with_config(config, TokioRuntimeProvider::default());
        let options = builder.options_mut();
        options.cache_size = 0;
        options.timeout = QUERY_TIMEOUT;
        options.attempts = 1;
        options.ip_strategy = LookupIpStrategy::Ipv4Only;
        options.use_hosts_file = ResolveHosts::Never;
        let resolver = builder
            .build()
            .map_err(|source| ProbeError::Resolve { host: address.to_string(), source: Box::new(source) })?;
        Ok(Self { resolver: Some(resolver) })
    }

    pub(super) async fn resolve(&self, host: &str) -> Result<Vec<SocketAddr>, Box<dyn Error + Send + Sync>> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, 0)]);
        }
        let Some(resolver) = &self.resolver else {
            return Ok(tokio::net::lookup_host((host, 0)).await?.collect());
        };
        // A trailing dot keeps search domains out of it.
        let name = if host.ends_with('.') { host.to_owned() } else { format!("{host}.") };
        let found = resolver.lookup_ip(name).await?;
        Ok(found.iter().map(|address| SocketAddr::new(address, 0)).collect())
    }
}

impl Service<Name> for Dns {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let dns = self.clone();
        Box::pin(async move { Ok(dns.resolve(name.as_str()).await?.into_iter()) })
    }
}
