//! Before anything is changed: is the other region lost, and is the lease ours?

use std::time::Duration;

use recovery::step::Context;
use tokio::task::JoinSet;

use super::{StepContext, StepError};

/// Looks at the peer, started one after another.
const LOOKS: u32 = 3;
/// Between two of them.
const PACE: Duration = Duration::from_millis(250);
/// Longest look. The recovery waits for it.
const LOOK_LIMIT: Duration = Duration::from_secs(1);

/// Looks at the peer from outside and at the lease.
pub(super) async fn confirm(steps: &StepContext, context: &Context) -> Result<String, StepError> {
    let (ownership, serving) = tokio::join!(steps.require_ownership(context), looks_serving(steps));
    match ownership {
        Ok(_) => {
            Ok(format!("the lease is ours; {serving} of {LOOKS} looks found {} serving", context.lost_region))
        }
        Err(StepError::NotOwner(why)) if serving > 0 => {
            Err(StepError::NotConfirmed(format!("{} serves, and {why}", context.lost_region)))
        }
        Err(error) => Err(error),
    }
}

/// How many looks were answered by a region that says it serves.
async fn looks_serving(steps: &StepContext) -> u32 {
    let url = steps.endpoints.peer.join("/health/serving");
    let mut looks = JoinSet::new();
    for look in 0..LOOKS {
        let (prober, url) = (steps.prober.clone().with_total_timeout(LOOK_LIMIT), url.clone());
        looks.spawn(async move {
            tokio::time::sleep(PACE * look).await;
            prober.get(&url).await.is_ok_and(|answer| answer.status == 200)
        });
    }
    looks.join_all().await.into_iter().map(u32::from).sum()
}

/// Verifies by a strong read that the lease is ours under this epoch.
pub(super) async fn own_lease(steps: &StepContext, context: &Context) -> Result<String, StepError> {
    let lease = steps.require_ownership(context).await?;
    Ok(format!("{} owns the lease under epoch {}, {}", lease.owner, lease.epoch, lease.state.as_str()))
}
