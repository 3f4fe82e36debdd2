//! What a planned move does to the lease: it stops settlement, starts it again, or hands it over.

use recovery::Lease;
use recovery::lease::LeaseState;
use recovery::step::Context;

use super::super::database::describe;
use super::super::{StepContext, StepError};
use super::gates::require_well;
use super::{MOVED, is_there, not_there, standing};
use crate::database::settlement::is_writable;
use crate::lease_store::Swap;
use crate::telemetry::now_ms;

/// Changes of the lease that may come between before a step is tried again as a whole.
const SWAPS_MAX: u32 = 10;

/// The lease goes from `serving` to `draining`, if the other region is as well as it was at the first gate.
pub(in super::super) async fn drain(steps: &StepContext, context: &Context) -> Result<String, StepError> {
    if let (_, true) = standing(steps, context).await? {
        return Ok(MOVED.to_owned());
    }
    let lease = steps.require_leave(context).await?;
    require_well(steps, context, &lease).await?;
    change(steps, context, lease, |lease| match lease.state {
        LeaseState::Draining => None,
        LeaseState::Serving | LeaseState::Recovering => Some(lease.draining()),
    })
    .await?;
    Ok(format!("settlement is stopped under epoch {}", context.epoch))
}

/// The lease follows the database, under the next epoch. That database has moved, so the switch does not stop it.
pub(in super::super) async fn hand_over(steps: &StepContext, context: &Context) -> Result<String, StepError> {
    let peer = &steps.regions.peer;
    let already = || Ok(format!("{peer} owns the lease already, under epoch {}", context.epoch.next()));
    if is_handed_over(steps, context).await? {
        return already();
    }
    let lease = steps.require_ownership(context).await?;
    if let Some(why) = not_there(steps).await? {
        return Err(StepError::transient("the lease", why));
    }
    let own = &steps.regions.own;
    let evidence = if context.on_demand {
        format!("switchover from {own} on demand: the database of {peer} is the writer now")
    } else {
        format!("failback from {own}: the database of {peer} is the writer again")
    };
    let handed = |lease: &Lease| Some(lease.handed_to(peer, evidence.clone(), now_ms()));
    let changed = change(steps, context, lease, handed).await;
    // The answer to our own swap may be lost, and home renews at once.
    if changed.is_err() && is_handed_over(steps, context).await? {
        return already();
    }
    changed?;
    Ok(format!("{peer} owns the lease under epoch {} from now on", context.epoch.next()))
}

/// Whether the other region owns the lease under the epoch after this one.
async fn is_handed_over(steps: &StepContext, context: &Context) -> Result<bool, StepError> {
    let (peer, epoch) = (&steps.regions.peer, context.epoch.next());
    Ok(steps.leases.read().await?.is_some_and(|lease| lease.owner == *peer && lease.epoch == epoch))
}

/// The other region has recovered under its epoch, and says from outside that it serves.
pub(in super::super) async fn await_home_serving(
    steps: &StepContext,
    context: &Context,
) -> Result<String, StepError> {
    let (peer, epoch) = (&steps.regions.peer, context.epoch.next());
    let lease =
        steps.leases.read().await?.ok_or_else(|| StepError::NotOwner("there is no lease".to_owned()))?;
    if lease.owner != *peer || lease.epoch != epoch {
        let (owner, later) = (&lease.owner, lease.epoch);
        return Err(StepError::NotOwner(format!(
            "{owner} owns the lease under epoch {later}, not {peer} under {epoch}"
        )));
    }
    if lease.state != LeaseState::Serving {
        return Err(StepError::NotYet(format!("{peer} recovers under epoch {epoch}")));
    }
    match steps.prober.get(&steps.endpoints.peer.join("/health/serving")).await {
        Ok(answer) if answer.status == 200 => Ok(format!("{peer} serves under epoch {epoch}")),
        Ok(answer) => Err(StepError::NotYet(format!("{peer} does not serve: status {}", answer.status))),
        Err(error) => Err(StepError::NotYet(format!("{peer} does not answer: {error}"))),
    }
}

/// This region settles again, unless the database has moved or is on its way. The switch does not stop
/// it: a system that settles nowhere is no state to stay in.
pub(in super::super) async fn undo_drain(
    steps: &StepContext,
    context: &Context,
) -> Result<String, StepError> {
    let lease = steps.require_ownership(context).await?;
    if lease.state != LeaseState::Draining {
        return Ok(format!("there is nothing to undo: the lease is {}", lease.state.as_str()));
    }
    let global = describe(steps).await?;
    if is_there(steps, &global) {
        return Err(StepError::Moved(format!("the cluster in {} is the writer", steps.regions.peer)));
    }
    if global.failover_state().is_some_and(|state| state.status().is_some()) {
        return Err(StepError::NotYet("the database is on its way".to_owned()));
    }
    if !steps.database.ask(async |client| is_writable(client).await).await? {
        return Err(StepError::NotYet("the database takes no writes here".to_owned()));
    }
    change(steps, context, lease, |lease| (lease.state == LeaseState::Draining).then(|| lease.undrained()))
        .await?;
    Ok(format!("{} settles again under epoch {}", steps.regions.own, context.epoch))
}

/// Swaps the lease for what `next` makes of it, until that succeeds or `next` wants nothing; the sentinel
/// renews meanwhile, so a lost swap is tried again on what it left.
async fn change(
    steps: &StepContext,
    context: &Context,
    mut lease: Lease,
    next: impl Fn(&Lease) -> Option<Lease>,
) -> Result<(), StepError> {
    for _ in 0..SWAPS_MAX {
        let Some(wanted) = next(&lease) else { return Ok(()) };
        match steps.leases.replace(&lease, &wanted).await? {
            Swap::Done => return Ok(()),
            Swap::Lost(_) => lease = steps.require_ownership(context).await?,
        }
    }
    Err(StepError::transient("the lease", format!("it changed {SWAPS_MAX} times meanwhile")))
}
