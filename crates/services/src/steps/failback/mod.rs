//! The steps of the failback, which run in the region that owns the lease away from home.
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

/// Home, as it is seen from away.
#[derive(Debug)]
pub(super) struct Home {
    /// Home's database when it takes writes.
    writer: Database,
    /// Home's database while it follows this region's.
    reader: Database,
    /// RDS of home's region.
    rds: aws_sdk_rds::Client,
    switch: Switch,
    timing: Timing,
    rules: recovery::lease::Failback,
    lag_ms_max: u64,
}

impl Home {
    /// Connects to nothing yet.
    pub(super) fn new(
        aws: &SdkConfig,
        regions: &settings::Regions,
        database: &settings::Database,
        switch: &settings::Switch,
        lease: &settings::LeaseTimings,
        failback: settings::Failback,
    ) -> Result<Self, DatabaseError> {
        let region = aws_config::Region::new(regions.home.to_string());
        let aws_at_home = aws.clone().into_builder().region(region).build();
        let parameter = switch.parameter.clone();
        Ok(Self {
            writer: Database::new(aws.clone(), Target::peer(regions, database, SERVICE))?,
            reader: Database::new(aws.clone(), Target::peer_reader(regions, database, SERVICE))?,
            rds: aws_sdk_rds::Client::new(&aws_at_home),
            switch: Switch::new(aws_sdk_ssm::Client::new(&aws_at_home), parameter),
            timing: lease.timing(),
            rules: failback.rules(),
            lag_ms_max: failback.lag_ms_max.into(),
        })
    }
}

/// The lease, if it is this region's, and whether its database has gone home already. A failback that is
/// run again then goes on from there, although its gates could not be passed any more.
async fn standing(steps: &StepContext, context: &Context) -> Result<(Lease, bool), StepError> {
    let lease = steps.require_ownership(context).await?;
    let home = &steps.regions.home;
    if lease.owner == *home {
        return Err(StepError::Invalid(format!("{home} is home: there is nowhere to go back to")));
    }
    let moved = has_moved(steps, &lease).await?;
    Ok((lease, moved))
}

/// Whether the database has gone home under this lease.
pub(super) async fn has_moved(steps: &StepContext, lease: &Lease) -> Result<bool, StepError> {
    Ok(lease.state == LeaseState::Draining && is_at_home(steps, &describe(steps).await?))
}

/// Home's database and the time of its last settlement, once home has been well for the dwell: it will be the
/// writer. Before, and so in a failover, it is lost or follows nobody.
pub(super) async fn home_copy<'s>(
    steps: &'s StepContext,
    lease: &Lease,
) -> Result<Option<(&'s Database, Option<u64>)>, StepError> {
    let Home { rules, timing, reader, .. } = &steps.home;
    let well = rules.home_well_for(lease, timing) >= rules.dwell;
    if lease.owner == steps.regions.home || lease.state != LeaseState::Serving || !well {
        return Ok(None);
    }
    let end = ask_home(steps, async |client| ledger_end(client).await).await?;
    Ok(Some((reader, end.map(|end| end.settled_at_ms))))
}

pub(super) const MOVED: &str = "the database has gone home already";

/// ARN of the one member of the global cluster in a region.
fn member<'g>(global: &'g GlobalCluster, region: &Region) -> Option<&'g str> {
    // arn:aws:rds:REGION:ACCOUNT:cluster:IDENTIFIER
    let mut arns = global.global_cluster_members().iter().filter_map(|member| member.db_cluster_arn());
    arns.find(|arn| arn.split(':').nth(3) == Some(region.as_str()))
}

fn is_at_home(steps: &StepContext, global: &GlobalCluster) -> bool {
    let home = member(global, &steps.regions.home);
    home.is_some() && writer(global) == home
}

/// Why the database is not at home yet, by what both regions say; `None` when it is.
///
/// Home, once it owns the lease, asks its own region's RDS who is the writer, and promotes its database
/// with data loss allowed unless that is its own. So its own must have said so before.
async fn not_at_home(steps: &StepContext) -> Result<Option<String>, StepError> {
    let (own, home) = (&steps.regions.own, &steps.regions.home);
    for (region, rds) in [(own, &steps.rds), (home, &steps.home.rds)] {
        if !is_at_home(steps, &describe_by(rds, &steps.clusters.global).await?) {
            return Ok(Some(format!(
                "the cluster in {home} is not the writer yet, says the RDS of {region}"
            )));
        }
    }
    Ok(None)
}

/// Asks home's database, which may not be there yet.
async fn ask_home<T>(
    steps: &StepContext,
    question: impl AsyncFnOnce(&tokio_postgres::Client) -> Result<T, DatabaseError>,
) -> Result<T, StepError> {
    steps.home.reader.ask(question).await.map_err(|error| {
        let home = &steps.regions.home;
        StepError::NotYet(format!("the database in {home}: {}", crate::aws::cause(&error)))
    })
}
