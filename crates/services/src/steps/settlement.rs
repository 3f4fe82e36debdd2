//! Lets the processors settle, and sees for itself that they do.

use std::time::Duration;

use recovery::lease::LeaseState;
use recovery::step::Context;
use tokio::time::{Instant, sleep};

use super::{StepContext, StepError};
use crate::lease_store::Swap;
use crate::probe::synthetic::{self, Entrance};

/// Changes of the lease that may come between before this is tried again as a whole.
const SWAPS_MAX: u32 = 10;
/// Time that a synthetic order has to be settled.
const SETTLED_WITHIN: Duration = Duration::from_secs(8);
/// Between two looks at it.
const PACE: Duration = Duration::from_millis(250);

/// The lease goes from `recovering` to `serving`.
pub(super) async fn enable(steps: &StepContext, context: &Context) -> Result<String, StepError> {
    let mut lease = steps.require_leave(context).await?;
    for _ in 0..SWAPS_MAX {
        match lease.state {
            LeaseState::Serving => return Ok(format!("the lease is serving under epoch {}", lease.epoch)),
            LeaseState::Draining => return Err(StepError::NotYet("the database goes home".to_owned())),
            LeaseState::Recovering => {}
        }
        // The sentinel renews meanwhile: a lost swap is tried again on what it left.
        match steps.leases.replace(&lease, &lease.serving()).await? {
            Swap::Done => return Ok(format!("the lease is serving under epoch {} from now on", lease.epoch)),
            Swap::Lost(_) => lease = steps.require_ownership(context).await?,
        }
    }
    Err(StepError::transient("the lease", format!("it changed {SWAPS_MAX} times meanwhile")))
}

/// Places a synthetic order through `entrance` and waits until it is settled.
pub(super) async fn validate(steps: &StepContext, entrance: &Entrance) -> Result<String, StepError> {
    let (caller, base) = (&steps.caller, &entrance.base);
    let not_yet = |error: synthetic::SyntheticError| StepError::NotYet(format!("at {base}: {error}"));
    let id = synthetic::place(caller, entrance).await.map_err(not_yet)?;
    let placed = Instant::now();
    let mut last = "it is acknowledged".to_owned();
    while placed.elapsed() < SETTLED_WITHIN {
        match synthetic::is_settled(caller, entrance, id).await {
            Ok(true) => {
                let ms = placed.elapsed().as_millis();
                return Ok(format!("synthetic order {id} was seen settled at {base} after {ms} ms"));
            }
            Ok(false) => {}
            Err(error) => last = error.to_string(),
        }
        sleep(PACE).await;
    }
    let within = SETTLED_WITHIN.as_secs();
    Err(StepError::NotYet(format!(
        "synthetic order {id} was not settled at {base} within {within} s: {last}"
    )))
}
