//! Opens the faces of a region.

use std::net::SocketAddr;
use std::sync::Arc;

use recovery::Region;
use tokio::net::TcpListener;

use super::aws::AwsFace;
use super::edge::EdgeFace;
use super::fault::Faults;
use super::passage::Passage;
use super::replication::{Replication, Route};
use super::scope::Tables;
use super::upstream::{self, Upstream};
use super::{Gateway, GatewayError, GatewayOptions, Ports, database, door};
use crate::seeded::Seeded;

impl Gateway {
    pub(super) fn replicate(
        &mut self,
        options: &GatewayOptions,
        upstream: &Upstream,
    ) -> Arc<[(Region, Replication)]> {
        let mut replications = Vec::with_capacity(2);
        for here in 0..2 {
            let from = self.regions[here].at.region.clone();
            let route = Route {
                from: from.clone(),
                to: self.regions[1 - here].at.region.clone(),
                table: options.sessions_table.clone(),
                upstream: upstream.clone(),
                faults: self.faults.clone(),
                count: Arc::clone(&self.regions[here].count),
            };
            let (replication, worker) = Replication::new(options.replication_lag, route);
            self.tasks.spawn(worker);
            replications.push((from, replication));
        }
        replications.into()
    }

    pub(super) async fn open_aws(
        &mut self,
        options: &GatewayOptions,
        here: usize,
        upstream: &Upstream,
        replications: &Arc<[(Region, Replication)]>,
    ) -> Result<(), GatewayError> {
        let state = &self.regions[here];
        let face = AwsFace {
            region: state.at.region.clone(),
            witness: options.witness.clone(),
            peer: self.regions[1 - here].at.region.clone(),
            tables: Arc::new(Tables {
                journal: options.journal_table.clone(),
                sessions: options.sessions_table.clone(),
            }),
            upstream: upstream.clone(),
            faults: self.faults.clone(),
            database: Arc::clone(&self.database),
            containers: Arc::clone(&self.containers),
            replications: Arc::clone(replications),
            lease_writes: self.lease_writes.clone(),
            count: Arc::clone(&state.count),
        };
        let (listener, passage) = self.door(options, here, self.ports.aws, 1).await?;
        self.tasks.spawn(door::attend(listener, face.region.clone(), self.faults.clone(), move |connection| {
            let (face, passage) = (face.clone(), passage.clone());
            async move { upstream::serve(connection, passage, |parts, body| face.answer(parts, body)).await }
        }));
        Ok(())
    }

    /// The region's own edge, and the ways to it from inside the peer and from inside itself.
    pub(super) async fn open_edge(
        &mut self,
        options: &GatewayOptions,
        here: usize,
        upstream: &Upstream,
    ) -> Result<(), GatewayError> {
        let Ports { edge, own_edge, peer_edge, .. } = self.ports;
        for (from, port) in [(here, edge), (here, own_edge), (1 - here, peer_edge)] {
            let state = &self.regions[here];
            let passage = self.passage(options, here, 2);
            let face = EdgeFace {
                region: state.at.region.clone(),
                public_host: options.public_host.clone(),
                region_host: state.at.host.clone(),
                any_name: from != here,
                outside: (port != own_edge).then(|| passage.clone()),
                upstream: upstream.clone(),
                count: Arc::clone(&state.count),
                throttle: state.throttle.clone(),
                balancer: Arc::clone(&state.balancer),
            };
            let (listener, _) = self.door(options, from, port, 2).await?;
            let (caller, faults) = (self.regions[from].at.region.clone(), self.faults.clone());
            self.tasks.spawn(door::attend(listener, caller.clone(), faults.clone(), move |connection| {
                let (face, passage) = (face.clone(), passage.clone());
                let (caller, faults) = (caller.clone(), faults.clone());
                async move {
                    let reset = connection.reset();
                    let called = face.region.clone();
                    let serving =
                        upstream::serve(connection, passage, |parts, body| face.answer(parts, body));
                    unless_apart(&faults, &caller, &called, reset, serving).await;
                }
            }));
        }
        Ok(())
    }

    pub(super) async fn open_database(
        &mut self,
        options: &GatewayOptions,
        here: usize,
    ) -> Result<(), GatewayError> {
        for from in [here, 1 - here] {
            let port = if from == here { self.ports.db } else { self.ports.peer_db };
            let (listener, _) = self.door(options, from, port, 3).await?;
            let passage = self.passage(options, here, 3);
            let state = &self.regions[here];
            let (target, count) = (state.target.subscribe(), Arc::clone(&state.count));
            let (caller, faults) = (self.regions[from].at.region.clone(), self.faults.clone());
            self.tasks.spawn(door::attend(listener, caller.clone(), faults.clone(), move |connection| {
                let reset = connection.reset();
                let called = passage.region.clone();
                let carrying =
                    database::carry(connection, passage.clone(), target.clone(), Arc::clone(&count));
                let (caller, faults) = (caller.clone(), faults.clone());
                async move { unless_apart(&faults, &caller, &called, reset, carrying).await }
            }));
        }
        Ok(())
    }

    async fn door(
        &self,
        options: &GatewayOptions,
        here: usize,
        port: u16,
        purpose: u64,
    ) -> Result<(TcpListener, Passage), GatewayError> {
        let address = SocketAddr::from((self.regions[here].at.address, port));
        let listener = TcpListener::bind(address).await;
        let listener = listener.map_err(|source| GatewayError::Listen { address, source })?;
        Ok((listener, self.passage(options, here, purpose)))
    }

    fn passage(&self, options: &GatewayOptions, here: usize, purpose: u64) -> Passage {
        let stream = purpose * 2 + u64::try_from(here).expect("one of two regions");
        let seeded = Seeded::stream(options.seed, stream);
        Passage::new(self.regions[here].at.region.clone(), self.faults.clone(), seeded)
    }
}

/// Polls `work` until the two regions cannot reach each other; then resets its connection.
async fn unless_apart(
    faults: &Faults,
    caller: &Region,
    called: &Region,
    reset: door::Reset,
    work: impl Future<Output = ()>,
) {
    let mut work = std::pin::pin!(work);
    tokio::select! {
        () = &mut work => {}
        () = faults.until(|state| !state.reaches(caller, called)) => reset.mark(),
    }
}
