//! The steps of a planned move, which run in the region that owns the lease: away from home they bring the
//! system back, and where people ask for it they lead to the other region, whichever that is.
//!
//! Every one asks first whether the lease is still this region's. The switch can stop what comes before
//! the database has moved; what comes after only leads out of a state in which nobody settles.

mod gates;
mod lease;
mod switchover;

use aws_config::SdkConfig;
use aws_sdk_rds::types::GlobalCluster;
use recovery::lease::{LeaseState, Timing};
use recovery::step::Context;
use recovery::{Lease, Region};

pub(super) use gates::{await_lag, await_rejoin, confirm_home};
pub(super) use lease::{await_home_serving, drain, hand_over, undo_drain};
pub(super) use switchover::{await_drained, await_home_writer, switch_over};

use super::database::{describe, describe_by, writer};
use super::{SERVICE, StepContext, StepError};
use crate::database::settlement::ledger_end;
use crate::database::{Database, DatabaseError, Target};
use crate::settings;
use crate::switch::Switch;

/// The region that a planned move leads to, as it is seen from here: the other one of the pair.
#[derive(Debug)]
pub(super) struct Destination {
    /// Its database when it takes writes.
    writer: Database,
    /// Its database while it follows this region's.
    reader: Database,
    /// RDS of its region.
    rds: aws_sdk_rds::Client,
    switch: Switch,
    timing: Timing,
    rules: recovery::lease::Failback,
    lag_ms_max: u64,
}

impl Destination {
    /// Connects to nothing yet.
    pub(super) fn new(
        aws: &SdkConfig,
        regions: &settings::Regions,
        database: &settings::Database,
        switch: &settings::Switch,
        lease: &settings::LeaseTimings,
        failback: settings::Failback,
    ) -> Result<Self, DatabaseError> {
        let region = aws_config::Region::new(regions.peer.to_string());
        let aws_there = aws.clone().into_builder().region(region).build();
        let parameter = switch.parameter.clone();
        Ok(Self {
            writer: Database::new(aws.clone(), Target::peer(regions, database, SERVICE))?,
            reader: Database::new(aws.clone(), Target::peer_reader(regions, database, SERVICE))?,
            rds: aws_sdk_rds::Client::new(&aws_there),
            switch: Switch::new(aws_sdk_ssm::Client::new(&aws_there), parameter),
            timing: lease.timing(),
            rules: failback.rules(),
            lag_ms_max: failback.lag_ms_max.into(),
        })
    }
}

/// The lease, if it is this region's, and whether its database has moved already. A planned move that is
/// run again then goes on from there, although its gates could not be passed any more.
async fn standing(steps: &StepContext, context: &Context) -> Result<(Lease, bool), StepError> {
    let lease = steps.require_ownership(context).await?;
    let home = &steps.regions.home;
    if lease.owner == *home && !context.on_demand {
        return Err(StepError::Invalid(format!("{home} is home: there is nowhere to go back to")));
    }
    let moved = has_moved(steps, &lease).await?;
    Ok((lease, moved))
}

/// Whether the database has moved to the other region under this lease.
pub(super) async fn has_moved(steps: &StepContext, lease: &Lease) -> Result<bool, StepError> {
    Ok(lease.state == LeaseState::Draining && is_there(steps, &describe(steps).await?))
}

/// The other region's database and the time of its last settlement, where it will be the writer: in a move that
/// people asked for, and once home has been well for the dwell. Before, and so in a failover, it is lost or
/// follows nobody.
pub(super) async fn copy_there<'s>(
    steps: &'s StepContext,
    context: &Context,
    lease: &Lease,
) -> Result<Option<(&'s Database, Option<u64>)>, StepError> {
    let Destination { rules, timing, reader, .. } = &steps.destination;
    let well = rules.home_well_for(lease, timing) >= rules.dwell;
    let goes_home = lease.owner != steps.regions.home && well;
    if lease.state != LeaseState::Serving || !(goes_home || context.on_demand) {
        return Ok(None);
    }
    let end = ask_there(steps, async |client| ledger_end(client).await).await?;
    Ok(Some((reader, end.map(|end| end.settled_at_ms))))
}

pub(super) const MOVED: &str = "the database has moved already";

/// ARN of the one member of the global cluster in a region.
fn member<'g>(global: &'g GlobalCluster, region: &Region) -> Option<&'g str> {
    // arn:aws:rds:REGION:ACCOUNT:cluster:IDENTIFIER
    let mut arns = global.global_cluster_members().iter().filter_map(|member| member.db_cluster_arn());
    arns.find(|arn| arn.split(':').nth(3) == Some(region.as_str()))
}

fn is_there(steps: &StepContext, global: &GlobalCluster) -> bool {
    let there = member(global, &steps.regions.peer);
    there.is_some() && writer(global) == there
}

/// Why the database has not moved yet, by what both regions say; `None` when it has.
///
/// The other region, once it owns the lease, asks its own region's RDS who is the writer, and promotes its database
/// with data loss allowed unless that is its own. So its own must have said so before.
async fn not_there(steps: &StepContext) -> Result<Option<String>, StepError> {
    let (own, peer) = (&steps.regions.own, &steps.regions.peer);
    for (region, rds) in [(own, &steps.rds), (peer, &steps.destination.rds)] {
        if !is_there(steps, &describe_by(rds, &steps.clusters.global).await?) {
            return Ok(Some(format!(
                "the cluster in {peer} is not the writer yet, says the RDS of {region}"
            )));
        }
    }
    Ok(None)
}

/// Asks the other region's database, which may not be there yet.
async fn ask_there<T>(
    steps: &StepContext,
    question: impl AsyncFnOnce(&tokio_postgres::Client) -> Result<T, DatabaseError>,
) -> Result<T, StepError> {
    steps.destination.reader.ask(question).await.map_err(|error| {
        let peer = &steps.regions.peer;
        StepError::NotYet(format!("the database in {peer}: {}", crate::aws::cause(&error)))
    })
}
