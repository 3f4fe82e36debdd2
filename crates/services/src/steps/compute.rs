//! This region's own compute: brought to size, then looked at.

use std::time::Duration;

use aws_config::SdkConfig;
use recovery::step::Context;
use tokio::task::JoinSet;

use super::{StepContext, StepError};
use crate::fleet::{Crew, Fleet};
use crate::settings;

/// Requests that warm the own API, all at once.
const WARMERS: u32 = 8;
/// Longest of them, a cold start included.
const WARMER_LIMIT: Duration = Duration::from_secs(4);

impl StepContext {
    /// The same where containers run the application.
    #[must_use]
    pub fn with_fleet(mut self, aws: &SdkConfig, fleet: Option<settings::Fleet>) -> Self {
        self.fleet = fleet.map(|fleet| Fleet::new(aws, fleet));
        self
    }
}

/// Has containers run as many tasks as their floors ask for, and warms functions.
pub(super) async fn prepare(steps: &StepContext, context: &Context) -> Result<String, StepError> {
    match &steps.fleet {
        Some(fleet) => raise(steps, context, fleet).await,
        None => Ok(warm(steps).await),
    }
}

/// The floors are the same in both regions and carry the whole load, so there is nothing to do but where
/// somebody took tasks away. More tasks than the floor are left alone: scaling asked for them.
async fn raise(steps: &StepContext, context: &Context, fleet: &Fleet) -> Result<String, StepError> {
    let crews = fleet.look().await?;
    let short: Vec<&Crew> = crews.iter().filter(|crew| crew.is_short()).collect();
    if short.is_empty() {
        return Ok(format!("{}: nothing to raise", told(&crews)));
    }
    steps.require_leave(context).await?;
    for crew in &short {
        fleet.raise(crew).await?;
    }
    let raised: Vec<String> = short.iter().map(|crew| crew.to_string()).collect();
    Ok(format!("raised to the floor: {}", raised.join("; ")))
}

fn told(crews: &[Crew]) -> String {
    crews.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Functions have no size to set. Some requests at once make Lambda start instances of the API,
/// and those open their connections; how many were answered is only told.
async fn warm(steps: &StepContext) -> String {
    let url = steps.endpoints.own.join("/health/ready");
    let mut warmers = JoinSet::new();
    for _ in 0..WARMERS {
        let (prober, url) = (steps.prober.clone().with_total_timeout(WARMER_LIMIT), url.clone());
        warmers.spawn(async move { prober.get(&url).await.is_ok() });
    }
    let answered = warmers.join_all().await.into_iter().filter(|answered| *answered).count();
    format!("functions scale by themselves; {answered} of {WARMERS} requests to warm the API were answered")
}

/// Succeeds once the own API says that it is ready and, of containers, enough tasks run.
pub(super) async fn verify(steps: &StepContext) -> Result<String, StepError> {
    let fleet = match &steps.fleet {
        Some(fleet) => format!(", {}", complete(fleet).await?),
        None => String::new(),
    };
    match steps.prober.get(&steps.endpoints.own.join("/health/ready")).await {
        Ok(answer) if answer.status == 200 => Ok(format!("the own API is ready{fleet}")),
        Ok(answer) => Err(StepError::NotYet(format!("the own API is not ready: status {}", answer.status))),
        Err(error) => Err(StepError::NotYet(format!("the own API does not answer: {error}"))),
    }
}

async fn complete(fleet: &Fleet) -> Result<String, StepError> {
    let crews = fleet.look().await?;
    if crews.iter().all(Crew::is_complete) { Ok(told(&crews)) } else { Err(StepError::NotYet(told(&crews))) }
}
