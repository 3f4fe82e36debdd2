//! This region's own compute: brought to size, then looked at.

use std::time::Duration;

use tokio::task::JoinSet;

use super::{StepContext, StepError};

/// Requests that warm the own API, all at once.
const WARMERS: u32 = 8;
/// Longest of them, a cold start included.
const WARMER_LIMIT: Duration = Duration::from_secs(4);

/// Functions have no size to set. Some requests at once make Lambda start instances of the API,
/// and those open their connections; how many were answered is only told.
pub(super) async fn prepare(steps: &StepContext) -> String {
    let url = steps.endpoints.own.join("/health/ready");
    let mut warmers = JoinSet::new();
    for _ in 0..WARMERS {
        let (prober, url) = (steps.prober.clone().with_total_timeout(WARMER_LIMIT), url.clone());
        warmers.spawn(async move { prober.get(&url).await.is_ok() });
    }
    let answered = warmers.join_all().await.into_iter().filter(|answered| *answered).count();
    format!("functions scale by themselves; {answered} of {WARMERS} requests to warm the API were answered")
}

/// Succeeds once the own API says that it is ready.
pub(super) async fn verify(steps: &StepContext) -> Result<String, StepError> {
    match steps.prober.get(&steps.endpoints.own.join("/health/ready")).await {
        Ok(answer) if answer.status == 200 => Ok("the own API is ready".to_owned()),
        Ok(answer) => Err(StepError::NotYet(format!("the own API is not ready: status {}", answer.status))),
        Err(error) => Err(StepError::NotYet(format!("the own API does not answer: {error}"))),
    }
}
