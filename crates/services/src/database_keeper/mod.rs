//! Keeps the database's own house: its schema, its users and their rights, and the master password.
//!
//! Two callers ask it. CloudFormation does, in both regions and with every deployment, through a custom
//! resource that the other functions wait for: [`keep`]. Secrets Manager does, to rotate the master
//! password: [`rotation`]. Nothing that recovers a region needs either of them.
//!
//! It is the only one who logs in as the master user. It goes to whichever of the two databases is the
//! writer, for after a failover that is the other region's.

mod keep;
mod login;
mod password;
mod roles;
mod rotation;
mod shards;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use serde_json::Value;
use tokio::time::Instant;

use crate::aws::{CallFailed, cause};
use crate::custom_resource::{self, ANSWER_LIMIT, Envelope, Unanswered};
use crate::database::{DatabaseError, Target};
use crate::probe::{ProbeError, Prober};
use crate::settings;

pub use keep::furnish;
pub use roles::USERS;

/// How it is called in logs and in the database's own views.
pub const SERVICE: &str = "database-keeper";
/// How long a writer is looked for: one that was just made, or moves, needs a moment.
const PATIENCE: Duration = Duration::from_secs(45);
/// Longest work for one request of CloudFormation; the answer has its own limit.
const WORK_LIMIT: Duration = Duration::from_secs(90);
/// Longest invocation; the function's own timeout must be longer.
pub const INVOCATION_LIMIT: Duration = WORK_LIMIT.saturating_add(ANSWER_LIMIT);

/// The settings it needs.
pub type Settings = (settings::Regions, settings::Database, settings::MasterSecret);

/// Why something was not done. None of these carries a password.
#[derive(Debug, thiserror::Error)]
pub enum KeeperError {
    /// The event is neither CloudFormation's nor Secrets Manager's.
    #[error("the event is no request of CloudFormation and no step of a rotation")]
    Event,
    /// CloudFormation asks for something that cannot be read.
    #[error("invalid request")]
    Request(#[source] serde_json::Error),
    /// A property of the custom resource cannot be used.
    #[error("`{0}` is not among the properties, or not what it should be")]
    Property(&'static str),
    /// The secret is of another deployment.
    #[error("a rotation of the secret `{asked}` was asked for; this function keeps `{own}`")]
    OtherSecret {
        /// As the event named it.
        asked: String,
        /// As the settings name it.
        own: String,
    },
    /// The version cannot be rotated.
    #[error("version {version} of the secret {reason}")]
    Version {
        /// Id of the version.
        version: String,
        /// Why not.
        reason: &'static str,
    },
    /// A version of the secret does not hold a login.
    #[error("the secret holds no JSON object with `username` and `password`")]
    NoLogin,
    /// None of the databases is a writer that lets the master user in.
    #[error("no writer was found: {0}")]
    NoWriter(String),
    /// The shards of the journal would change.
    #[error(
        "journal.shards is {recorded} in this deployment and cannot become {asked}: an order that is \
         repeated would be looked for in another partition and taken twice"
    )]
    ShardsChanged {
        /// As the first deployment set it.
        recorded: u32,
        /// As this one would.
        asked: u32,
    },
    /// Secrets Manager.
    #[error(transparent)]
    Call(#[from] CallFailed),
    /// The database refused something, or went away.
    #[error("the database was not brought up to date")]
    Database(#[from] DatabaseError),
    /// CloudFormation was not told.
    #[error(transparent)]
    Unanswered(#[from] Unanswered),
}

/// Why a keeper cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("the database's keeper cannot answer CloudFormation")]
pub struct SetUpError(#[from] ProbeError);

/// What the keeper works with.
#[derive(Debug)]
pub struct Keeper {
    targets: [Target; 2],
    secrets: aws_sdk_secretsmanager::Client,
    secret: String,
    prober: Prober,
    patience: Duration,
}

impl Keeper {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(aws: &SdkConfig, settings: Settings) -> Result<Self, SetUpError> {
        let (regions, database, secret) = settings;
        let own = Target::own(&regions, &database, SERVICE);
        Ok(Self {
            targets: [own, Target::peer(&regions, &database, SERVICE)],
            secrets: aws_sdk_secretsmanager::Client::new(aws),
            secret: secret.name,
            prober: Prober::new(None)?,
            patience: PATIENCE,
        })
    }

    /// The same, with another time to look for a writer.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }
}

/// Answers one event. A request of CloudFormation that fails is answered there and is no error here.
///
/// # Errors
/// When CloudFormation cannot be told, or a step of a rotation failed and is to be tried again.
pub async fn handle(keeper: &Arc<Keeper>, event: &Value) -> Result<(), KeeperError> {
    if let Some(envelope) = Envelope::read(event) {
        let until = Instant::now() + WORK_LIMIT;
        // In a box, for the compiler gives up on the depth of it all.
        let work = Box::pin(keep::answer(Arc::clone(keeper), envelope.clone(), event.clone()));
        return Ok(custom_resource::serve(&keeper.prober, &envelope, until, work).await?);
    }
    let rotation = rotation::Event::of(event).ok_or(KeeperError::Event)?;
    Box::pin(rotation::rotate(keeper, &rotation)).await.inspect_err(|error| {
        tracing::error!(?rotation, cause = cause(error), "a step of the rotation failed");
    })
}
