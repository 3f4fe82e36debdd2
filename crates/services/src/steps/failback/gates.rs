//! What must be so before anything is changed.

use recovery::step::Context;
use recovery::{Lease, lease};
use tokio::task::JoinSet;

use super::super::database::{describe, writer};
use super::super::{StepContext, StepError};
use super::{MOVED, ask_there, member, standing};
use crate::database::settlement::ledger_end;
use crate::telemetry::now_ms;

/// Looks at the other region, all at once.
const LOOKS: usize = 3;

/// Home has been well for the dwell, by the count in the lease, and is so now; of the region that people want
/// to move to only the latter.
pub(in super::super) async fn confirm_home(
    steps: &StepContext,
    context: &Context,
) -> Result<String, StepError> {
    match standing(steps, context).await? {
        (_, true) => Ok(MOVED.to_owned()),
        (lease, false) => require_well(steps, context, &lease).await,
    }
}

/// What both the first gate and the step that stops settlement ask.
pub(super) async fn require_well(
    steps: &StepContext,
    context: &Context,
    lease: &Lease,
) -> Result<String, StepError> {
    let (peer, gates) = (&steps.regions.peer, &steps.destination);
    let hindrance = if context.on_demand {
        lease::not_settling(lease)
    } else {
        gates.rules.hindrance(lease, peer, &gates.timing, now_ms())
    };
    if let Some(why) = hindrance {
        return Err(StepError::NotYet(why));
    }
    // Whoever turned it off there would find a system that settles nowhere.
    if gates.switch.is_on().await == Some(false) {
        return Err(StepError::NotYet(format!("the switch of {peer} is off")));
    }
    let url = steps.endpoints.peer.join("/health/ready");
    let mut looks = JoinSet::new();
    for _ in 0..LOOKS {
        let (prober, url) = (steps.prober.clone(), url.clone());
        looks.spawn(async move { prober.get(&url).await.is_ok_and(|answer| answer.status == 200) });
    }
    let ready = looks.join_all().await.into_iter().filter(|ready| *ready).count();
    if ready < LOOKS {
        return Err(StepError::NotYet(format!("{ready} of {LOOKS} looks found {peer} ready")));
    }
    if context.on_demand {
        return Ok(format!("people asked for it, and {LOOKS} looks found {peer} ready"));
    }
    let well_s = gates.rules.home_well_for(lease, &gates.timing).as_secs();
    Ok(format!("{peer} has been well for {well_s} s, and {LOOKS} looks found it ready"))
}

/// The other region's cluster follows this region's.
pub(in super::super) async fn await_rejoin(
    steps: &StepContext,
    context: &Context,
) -> Result<String, StepError> {
    if let (_, true) = standing(steps, context).await? {
        return Ok(MOVED.to_owned());
    }
    let global = describe(steps).await?;
    let (peer, own) = (&steps.regions.peer, &steps.regions.own);
    let not_yet = |why: String| Err(StepError::NotYet(why));
    let Some(arn) = member(&global, peer) else {
        return not_yet(format!("no cluster in {peer} is a member of the global cluster"));
    };
    let here = member(&global, own);
    if here.is_none() || writer(&global) != here {
        return not_yet(format!("the global cluster does not name the cluster in {own} as its writer"));
    }
    if global.failover_state().is_some_and(|state| state.status().is_some()) {
        return not_yet("a failover or switchover is under way".to_owned());
    }
    let followed = global.global_cluster_members().iter().find(|one| one.db_cluster_arn() == Some(arn));
    let status = followed.and_then(|one| one.synchronization_status()).map(|status| status.as_str());
    match status {
        Some("connected") => Ok(format!("{arn} is a connected member of the global cluster")),
        other => not_yet(format!("{arn} is {}", other.unwrap_or("in an unknown state"))),
    }
}

/// The other region's database is behind by less than the bound: by how much later the last settlement here was
/// than the last one there, both by the clock of this region's writer. The other one is asked first, so that what is
/// settled meanwhile makes it look further behind, never nearer.
pub(in super::super) async fn await_lag(steps: &StepContext, context: &Context) -> Result<String, StepError> {
    if let (_, true) = standing(steps, context).await? {
        return Ok(MOVED.to_owned());
    }
    let peer = &steps.regions.peer;
    let theirs = ask_there(steps, async |client| ledger_end(client).await).await?;
    let ours = steps.database.ask(async |client| ledger_end(client).await).await?;
    let (ours_ms, theirs_ms) = (ours.map(|end| end.settled_at_ms), theirs.map(|end| end.settled_at_ms));
    let lag_ms = match (ours_ms, theirs_ms) {
        (None, _) => 0,
        (Some(_), None) => return Err(StepError::NotYet(format!("the database in {peer} has no order yet"))),
        (Some(ours), Some(theirs)) => ours.saturating_sub(theirs),
    };
    let words =
        format!("the database in {peer} is {lag_ms} ms behind; it may be {}", steps.destination.lag_ms_max);
    if lag_ms > steps.destination.lag_ms_max { Err(StepError::NotYet(words)) } else { Ok(words) }
}
