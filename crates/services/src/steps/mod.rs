//! The steps of the recovery workflows, one function each. Every step is bounded
//! in time, may be killed anywhere and run again, and acts only while this region
//! owns the lease under the epoch of its context.
//!
//! Which step runs when is the workflow's to say (`recovery::step` lists them);
//! nothing here waits for another step. Start reading at [`handle`].

mod announce;
mod audit;
mod comparison;
mod compute;
mod database;
mod error;
mod failback;
mod outage;
pub mod replay;
mod settlement;
mod traffic;

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use recovery::step::{Action, Context, Outcome, Request};
use serde_json::Value;
use tokio::time::timeout;

pub use error::StepError;

use crate::database::{Database, DatabaseError, Target};
use crate::fleet::Fleet;
use crate::journal::Journal;
use crate::lease_store::LeaseStore;
use crate::probe::synthetic::{Caller, Entrance};
use crate::probe::{ProbeError, Prober};
use crate::settings;
use crate::switch::Switch;

/// How the steps are called in logs and in the database's own views.
pub const SERVICE: &str = "recovery-step";
/// Longest step; the function's own timeout must be longer.
pub const STEP_LIMIT: Duration = Duration::from_secs(recovery::workflow::STEP_LIMIT_S);

/// Every setting the steps read.
pub type Settings = (
    settings::Regions,
    settings::Journal,
    settings::Database,
    settings::Clusters,
    settings::Endpoints,
    settings::Announcements,
    (
        settings::Zone,
        settings::Replay,
        settings::Switch,
        settings::Audit,
        settings::LeaseTimings,
        settings::Failback,
    ),
);

/// Why the steps cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// The database's name or authorities cannot be used.
    #[error("the recovery steps cannot use their database settings")]
    Database(#[from] DatabaseError),
    /// The HTTP client cannot be made.
    #[error("the recovery steps cannot probe")]
    Probe(#[from] ProbeError),
}

/// What the steps work with.
#[derive(Debug)]
pub struct StepContext {
    regions: settings::Regions,
    leases: LeaseStore,
    journal: Journal,
    database: Database,
    rds: aws_sdk_rds::Client,
    route53: aws_sdk_route53::Client,
    events: aws_sdk_eventbridge::Client,
    prober: Prober,
    caller: Caller,
    clusters: settings::Clusters,
    endpoints: settings::Endpoints,
    announcements: settings::Announcements,
    audit: audit::Log,
    zone: settings::Zone,
    replay: settings::Replay,
    switch: Switch,
    destination: failback::Destination,
    fleet: Option<Fleet>,
}

impl StepContext {
    /// Connects to nothing yet.
    pub fn new(aws: &SdkConfig, settings: Settings) -> Result<Self, SetUpError> {
        let (regions, journal, database, clusters, endpoints, announcements, rest) = settings;
        let (zone, replay, switch, audit, lease, failback) = rest;
        let dynamodb = aws_sdk_dynamodb::Client::new(aws);
        // Route 53's control plane may be what is lost: one try, and the workflow goes on.
        let route53 =
            aws_sdk_route53::config::Builder::from(aws).retry_config(RetryConfig::disabled()).build();
        let prober = Prober::new(endpoints.resolver)?;
        Ok(Self {
            leases: LeaseStore::new(dynamodb.clone(), &journal.table),
            caller: Caller::new(aws, prober.clone(), &endpoints)?,
            prober,
            journal: Journal::new(dynamodb, journal, regions.own.clone()),
            destination: failback::Destination::new(aws, &regions, &database, &switch, &lease, failback)?,
            database: Database::new(aws.clone(), Target::own(&regions, &database, SERVICE))?,
            rds: aws_sdk_rds::Client::new(aws),
            route53: aws_sdk_route53::Client::from_conf(route53),
            events: aws_sdk_eventbridge::Client::new(aws),
            regions,
            clusters,
            endpoints,
            announcements,
            audit: audit::Log::new(aws_sdk_s3::Client::new(aws), audit.bucket),
            zone,
            replay,
            switch: Switch::new(aws_sdk_ssm::Client::new(aws), switch.parameter),
            fleet: None,
        })
    }

    fn own_entrance(&self) -> Entrance {
        Entrance { base: self.endpoints.own.clone(), regions: vec![self.regions.own.clone()] }
    }

    /// Whichever region DNS leads to takes the signature, as it does its clients'.
    fn public_entrance(&self) -> Entrance {
        let regions = vec![self.regions.own.clone(), self.regions.peer.clone()];
        Entrance { base: self.endpoints.public.clone(), regions }
    }

    /// Refuses to change anything unless [`Self::require_ownership`] allows it and the switch is not
    /// off. A switch that cannot be read stops nothing: the sentinel has seen it on a moment ago, and
    /// the recovery must not hang on one more service.
    async fn require_leave(&self, context: &Context) -> Result<recovery::Lease, StepError> {
        let (lease, on) = tokio::join!(self.require_ownership(context), self.switch.is_on());
        let lease = lease?;
        if on == Some(false) {
            return Err(StepError::transient("this step", "the switch is off"));
        }
        Ok(lease)
    }

    /// Refuses to act unless this region owns the lease under the epoch of `context`.
    async fn require_ownership(&self, context: &Context) -> Result<recovery::Lease, StepError> {
        let lease = self.leases.read().await?;
        let lease = lease.ok_or_else(|| StepError::NotOwner("there is no lease".to_owned()))?;
        if lease.owner == context.region && lease.epoch == context.epoch {
            return Ok(lease);
        }
        let (owner, epoch) = (&lease.owner, lease.epoch);
        Err(StepError::NotOwner(format!("{owner} owns the lease under epoch {epoch}, not {}", context.epoch)))
    }
}

/// Reads the function's input.
pub fn parse(input: &Value) -> Result<Request, StepError> {
    // By reference: the error then names the field, and the input stays out of the message.
    serde::Deserialize::deserialize(input)
        .map_err(|error: serde_json::Error| StepError::Invalid(error.to_string()))
}

/// Runs one step to its end, at most [`STEP_LIMIT`].
pub async fn handle(request: Request, steps: &StepContext) -> Result<Outcome, StepError> {
    let (action, epoch) = (request.action, request.context.epoch.0);
    if request.context.region != steps.regions.own {
        let (wanted, own) = (&request.context.region, &steps.regions.own);
        return Err(StepError::Invalid(format!("the context is for {wanted}, this is {own}")));
    }
    let outcome = timeout(STEP_LIMIT, run(request, steps)).await.unwrap_or_else(|_| {
        Err(StepError::transient("the step", format!("it took longer than {} s", STEP_LIMIT.as_secs())))
    });
    match &outcome {
        Ok(outcome) => tracing::info!(?action, epoch, done = outcome.done, detail = outcome.detail, "step"),
        Err(error @ StepError::NotYet(_)) => {
            tracing::info!(?action, epoch, error = error.name(), detail = %error, "step");
        }
        Err(error) => tracing::warn!(?action, epoch, error = error.name(), detail = %error, "step failed"),
    }
    outcome
}

async fn run(request: Request, steps: &StepContext) -> Result<Outcome, StepError> {
    let Request { action, context, cursor, error } = request;
    let context = &context;
    let detail = match action {
        Action::ConfirmOutage => outage::confirm(steps, context).await?,
        Action::OwnLease => outage::own_lease(steps, context).await?,
        Action::PromoteDatabase => database::promote(steps, context).await?,
        Action::AwaitWriter => database::await_writer(steps).await?,
        Action::RaiseFence => database::raise_fence(steps, context).await?,
        Action::PrepareCompute => compute::prepare(steps, context).await?,
        Action::VerifyCompute => compute::verify(steps).await?,
        Action::SteerTraffic => traffic::steer(steps, context).await?,
        Action::VerifyTraffic => traffic::verify(steps).await?,
        Action::ReplayJournal => return replay::replay(steps, context, cursor.as_deref()).await,
        Action::EnableSettlement => settlement::enable(steps, context).await?,
        Action::ValidateSettlement => settlement::validate(steps, &steps.own_entrance()).await?,
        Action::ValidateEndToEnd => settlement::validate(steps, &steps.public_entrance()).await?,
        Action::Announce => announce::recovered(steps, context).await?,
        Action::Escalate => announce::escalated(steps, context, error.as_ref()).await?,
        Action::CompareJournal => {
            return comparison::compare_journal(steps, context, cursor.as_deref()).await;
        }
        Action::ConfirmHome => failback::confirm_home(steps, context).await?,
        Action::AwaitRejoin => failback::await_rejoin(steps, context).await?,
        Action::AwaitLag => failback::await_lag(steps, context).await?,
        Action::Drain => failback::drain(steps, context).await?,
        Action::AwaitDrained => failback::await_drained(steps, context).await?,
        Action::SwitchOver => failback::switch_over(steps, context).await?,
        Action::AwaitHomeWriter => failback::await_home_writer(steps, context).await?,
        Action::HandOverLease => failback::hand_over(steps, context).await?,
        Action::AwaitHomeServing => failback::await_home_serving(steps, context).await?,
        Action::UndoDrain => failback::undo_drain(steps, context).await?,
        Action::AnnounceFailback => announce::failed_back(steps, context).await?,
        Action::EscalateFailback => announce::failback_escalated(steps, context, error.as_ref()).await?,
    };
    Ok(Outcome { action, done: true, cursor: None, detail, replayed: 0 })
}
