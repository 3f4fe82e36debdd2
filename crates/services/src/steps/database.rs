//! Makes this region's database the writer, and shuts out the writers before it.

use aws_sdk_rds::error::ProvideErrorMetadata;
use aws_sdk_rds::types::{FailoverStatus, GlobalCluster};
use recovery::step::Context;

use super::{StepContext, StepError};
use crate::aws::CallFailed;
use crate::database::settlement::{self, Raise, is_writable};
use crate::database::{Connection, Database, DatabaseError};

/// Calls `FailoverGlobalCluster` in this region, unless the writer is here or on its way.
///
/// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_FailoverGlobalCluster.html>
pub(super) async fn promote(steps: &StepContext, context: &Context) -> Result<String, StepError> {
    steps.require_leave(context).await?;
    let global = describe(steps).await?;
    let own = own_arn(steps, &global)?;
    if leaves(&global, &own) {
        // What is settled here until it has gone would be lost with this cluster's volume.
        let what = format!("it is on its way from {own} to another region");
        return Err(StepError::transient("the writer", what));
    }
    if writer(&global) == Some(own.as_str()) {
        return Ok(format!("{own} is the writer already"));
    }
    if under_way(&global, &own) {
        return Ok(format!("the failover to {own} is under way already"));
    }
    let promoted = steps
        .rds
        .failover_global_cluster()
        .global_cluster_identifier(&steps.clusters.global)
        .target_db_cluster_identifier(&own)
        .allow_data_loss(true)
        .send()
        .await;
    match promoted {
        Ok(_) => Ok(format!("the failover to {own} has begun, data loss allowed")),
        // An earlier try of ours may have got through although its answer was lost.
        Err(error) if error.code() == Some("InvalidGlobalClusterStateFault") => {
            let global = describe(steps).await?;
            if writer(&global) == Some(own.as_str()) || under_way(&global, &own) {
                return Ok(format!("the failover to {own} is under way already"));
            }
            Err(CallFailed::new("rds:FailoverGlobalCluster", error).into())
        }
        Err(error) => Err(CallFailed::new("rds:FailoverGlobalCluster", error).into()),
    }
}

/// The global cluster, as this region's RDS sees it.
pub(super) async fn describe(steps: &StepContext) -> Result<GlobalCluster, StepError> {
    describe_by(&steps.rds, &steps.clusters.global).await
}

/// The global cluster, as the RDS that `rds` asks sees it.
pub(super) async fn describe_by(rds: &aws_sdk_rds::Client, global: &str) -> Result<GlobalCluster, StepError> {
    const CALL: &str = "rds:DescribeGlobalClusters";
    let answer = rds.describe_global_clusters().global_cluster_identifier(global).send().await;
    let clusters = answer.map_err(|error| CallFailed::new(CALL, error))?.global_clusters.unwrap_or_default();
    clusters
        .into_iter()
        .find(|cluster| cluster.global_cluster_identifier() == Some(global))
        .ok_or_else(|| CallFailed::unreadable(CALL, "the global cluster is not in it").into())
}

/// ARN of this region's cluster, as the global cluster lists it.
fn own_arn(steps: &StepContext, global: &GlobalCluster) -> Result<String, StepError> {
    let own = format!(":{}:", steps.regions.own);
    let mut arns = global.global_cluster_members().iter().filter_map(|member| member.db_cluster_arn());
    // arn:aws:rds:REGION:ACCOUNT:cluster:IDENTIFIER
    let found =
        arns.find(|arn| arn.contains(&own) && arn.rsplit(':').next() == Some(steps.clusters.own.as_str()));
    found.map(str::to_owned).ok_or_else(|| {
        let what =
            format!("`{}` is no member of the global cluster in {}", steps.clusters.own, steps.regions.own);
        StepError::transient("the global cluster", what)
    })
}

pub(super) fn writer(global: &GlobalCluster) -> Option<&str> {
    let members = global.global_cluster_members();
    members.iter().find(|member| member.is_writer() == Some(true)).and_then(|member| member.db_cluster_arn())
}

pub(super) fn under_way(global: &GlobalCluster, own: &str) -> bool {
    global.failover_state().is_some_and(|state| {
        let moving = matches!(state.status(), Some(FailoverStatus::Pending | FailoverStatus::FailingOver));
        moving && state.to_db_cluster_arn() == Some(own)
    })
}

/// Whether the writer is here and a failover or switchover takes it to another region.
fn leaves(global: &GlobalCluster, own: &str) -> bool {
    let elsewhere = |state: &aws_sdk_rds::types::FailoverState| {
        let moving = matches!(state.status(), Some(FailoverStatus::Pending | FailoverStatus::FailingOver));
        moving && state.to_db_cluster_arn().is_some_and(|to| to != own)
    };
    writer(global) == Some(own) && global.failover_state().is_some_and(elsewhere)
}

/// Succeeds once the own endpoint leads to a writer that takes a write, which is rolled back.
pub(super) async fn await_writer(steps: &StepContext) -> Result<String, StepError> {
    takes_writes(&steps.database).await
}

/// The same for any database.
pub(super) async fn takes_writes(database: &Database) -> Result<String, StepError> {
    let not_yet =
        |error: DatabaseError| StepError::NotYet(StepError::transient("the database", error).to_string());
    let mut connection = database.connect().await.map_err(not_yet)?;
    match try_write(&mut connection).await {
        Ok(true) => Ok(format!("the database at {} takes writes", database.target().endpoint)),
        Ok(false) => {
            connection.discard();
            Err(StepError::NotYet("the database is still a replica".to_owned()))
        }
        Err(error) => {
            connection.discard();
            Err(not_yet(error))
        }
    }
}

async fn try_write(connection: &mut Connection<'_>) -> Result<bool, DatabaseError> {
    if !is_writable(connection).await? {
        return Ok(false);
    }
    // A lock is written into the row it locks, and a replica refuses it.
    let transaction = connection.transaction().await?;
    transaction.batch_execute("SELECT epoch FROM fence FOR SHARE").await?;
    transaction.rollback().await?;
    Ok(true)
}

/// Raises the fence to this epoch: from then on the database refuses every earlier owner.
pub(super) async fn raise_fence(steps: &StepContext, context: &Context) -> Result<String, StepError> {
    steps.require_leave(context).await?;
    let mut connection = steps.database.connect().await?;
    match settlement::raise_fence(&mut connection, context.epoch, &context.region).await {
        Ok(Raise::Raised { from }) => Ok(format!("the fence went from epoch {from} to {}", context.epoch)),
        Ok(Raise::Already) => Ok(format!("the fence stands at epoch {} already", context.epoch)),
        Ok(Raise::Above { fence }) => {
            Err(StepError::NotOwner(format!("the fence stands at epoch {fence}, above {}", context.epoch)))
        }
        Err(error) => {
            connection.discard();
            Err(error.into())
        }
    }
}

#[cfg(test)]
mod tests {
    //! Goal: a writer that is on its way to another region is told from one that stays. Method: global clusters
    //! with and without a move.

    use aws_sdk_rds::types::{FailoverState, GlobalClusterMember};

    use super::*;

    #[test]
    fn a_writer_that_leaves_is_none_to_settle_in() {
        let (own, other) = ("arn:aws:rds:us-east-1:1:cluster:a", "arn:aws:rds:us-east-2:1:cluster:b");
        let cluster = |writer: &str, moving: Option<(&str, FailoverStatus)>| {
            let member = GlobalClusterMember::builder().db_cluster_arn(writer).is_writer(true).build();
            let state = moving
                .map(|(to, status)| FailoverState::builder().to_db_cluster_arn(to).status(status).build());
            GlobalCluster::builder().global_cluster_members(member).set_failover_state(state).build()
        };
        assert!(leaves(&cluster(own, Some((other, FailoverStatus::FailingOver))), own));
        assert!(leaves(&cluster(own, Some((other, FailoverStatus::Pending))), own));
        assert!(!leaves(&cluster(own, Some((own, FailoverStatus::FailingOver))), own));
        assert!(!leaves(&cluster(own, Some((other, FailoverStatus::Cancelling))), own));
        assert!(!leaves(&cluster(own, None), own));
        assert!(!leaves(&cluster(other, Some((other, FailoverStatus::FailingOver))), own));
    }
}
