//! People ask for a move to the other region: no failure, and yet something that may cost somebody an order.

use recovery::Region;

use super::super::DrillError;
use super::super::stage::Stage;

/// Starts the planned move in the region that owns the lease, as the runbook says.
///
/// # Errors
/// When there is no lease, another region owns it, or the workflow cannot be started.
pub(super) async fn ask(stage: &Stage, region: &Region, other: &Region) -> Result<String, DrillError> {
    let name = stage.observer.start_switchover(region, other).await?;
    Ok(format!("people ask for a switchover to {other}: {name}"))
}
