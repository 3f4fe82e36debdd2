//! The database moves to the other region, and nothing is lost by it.

use std::time::Duration;

use recovery::lease::LeaseState;
use recovery::step::Context;
use tokio::time::sleep;

use super::super::database::{describe, takes_writes, under_way};
use super::super::{StepContext, StepError};
use super::{MOVED, ask_there, is_there, member, not_there, standing};
use crate::aws::CallFailed;
use crate::database::settlement::ledger_end;

/// Between two looks at the end of the ledger.
const PACE: Duration = Duration::from_secs(1);

/// Nothing was settled between two looks, and both times the ledgers of both databases ended alike.
pub(in super::super) async fn await_drained(
    steps: &StepContext,
    context: &Context,
) -> Result<String, StepError> {
    let (lease, moved) = standing(steps, context).await?;
    if moved {
        return Ok(MOVED.to_owned());
    }
    if lease.state != LeaseState::Draining {
        return Err(StepError::transient("the drain", format!("the lease is {}", lease.state.as_str())));
    }
    let mut first = None;
    for look in 0..2 {
        if look > 0 {
            sleep(PACE).await;
        }
        let ours = steps.database.ask(async |client| ledger_end(client).await).await?;
        let theirs = ask_there(steps, async |client| ledger_end(client).await).await?;
        if ours != theirs {
            let (own, peer) = (&steps.regions.own, &steps.regions.peer);
            return Err(StepError::NotYet(format!("the ledgers in {own} and {peer} do not end alike yet")));
        }
        if *first.get_or_insert(ours) != ours {
            return Err(StepError::NotYet("orders are still being settled".to_owned()));
        }
    }
    let (own, peer, pace_s) = (&steps.regions.own, &steps.regions.peer, PACE.as_secs());
    Ok(format!("nothing was settled for {pace_s} s, and the ledgers in {own} and {peer} end alike"))
}

/// Calls `SwitchoverGlobalCluster` in this region, the primary's, unless the other one is the writer or becomes it.
///
/// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_SwitchoverGlobalCluster.html>
pub(in super::super) async fn switch_over(
    steps: &StepContext,
    context: &Context,
) -> Result<String, StepError> {
    let lease = steps.require_leave(context).await?;
    if lease.state != LeaseState::Draining {
        return Err(StepError::transient("the drain", format!("the lease is {}", lease.state.as_str())));
    }
    let global = describe(steps).await?;
    let there = member(&global, &steps.regions.peer).ok_or_else(|| {
        StepError::transient("the global cluster", format!("it has no member in {}", steps.regions.peer))
    })?;
    if is_there(steps, &global) {
        return Ok(MOVED.to_owned());
    }
    let already = || Ok(format!("the switchover to {there} is under way already"));
    if under_way(&global, there) {
        return already();
    }
    let asked = steps
        .rds
        .switchover_global_cluster()
        .global_cluster_identifier(&steps.clusters.global)
        .target_db_cluster_identifier(there)
        .send()
        .await;
    match asked {
        Ok(_) => Ok(format!("the switchover to {there} has begun")),
        // An earlier try of ours may have got through although its answer was lost.
        Err(error) => {
            let now = describe(steps).await?;
            if is_there(steps, &now) || under_way(&now, there) {
                return already();
            }
            Err(CallFailed::new("rds:SwitchoverGlobalCluster", error).into())
        }
    }
}

/// Both regions name the other one's cluster as the global cluster's writer, and it takes a write.
pub(in super::super) async fn await_home_writer(
    steps: &StepContext,
    context: &Context,
) -> Result<String, StepError> {
    steps.require_ownership(context).await?;
    if let Some(why) = not_there(steps).await? {
        return Err(StepError::NotYet(why));
    }
    takes_writes(&steps.destination.writer).await
}
