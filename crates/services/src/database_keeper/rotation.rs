//! Rotation of the master password, in the four steps of Secrets Manager. Each may run again, and a
//! rotation that was broken off anywhere is finished or replaced by the next one.
//!
//! The database is told a hash of the password and never the password, so that no log of its can hold it.
//!
//! Source: "Rotation by Lambda function" in the Secrets Manager user guide.

use serde::Deserialize;
use serde_json::Value;
use tokio_postgres::Client;

use super::password::{self, stage};
use super::{Keeper, KeeperError, writer};
use crate::aws::CallFailed;
use crate::database::DatabaseError;

/// A step of a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum Step {
    /// A new password is written into the secret, not in use yet.
    #[serde(rename = "createSecret")]
    Create,
    /// The database takes it.
    #[serde(rename = "setSecret")]
    Set,
    /// It opens the database.
    #[serde(rename = "testSecret")]
    Test,
    /// It is the one in use.
    #[serde(rename = "finishSecret")]
    Finish,
}

/// What Secrets Manager asks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Event {
    step: Step,
    secret_id: String,
    /// Id of the version that the new password is written as.
    client_request_token: String,
}

impl Event {
    /// The step in an event; `None` when the event is something else.
    pub(super) fn of(event: &Value) -> Option<Self> {
        Self::deserialize(event).ok()
    }
}

/// Does one step.
pub(super) async fn rotate(keeper: &Keeper, event: &Event) -> Result<(), KeeperError> {
    require_own(keeper, &event.secret_id)?;
    let version = event.client_request_token.as_str();
    let standing = standing(keeper, version).await?;
    if standing.in_use {
        tracing::info!(?event.step, version, "the rotation is done already");
        return Ok(());
    }
    match event.step {
        Step::Create => create(keeper, version).await,
        Step::Set => set(keeper, version).await,
        Step::Test => test(keeper, version).await,
        Step::Finish => finish(keeper, version, standing.current).await,
    }?;
    tracing::info!(?event.step, version, "a step of the rotation is done");
    Ok(())
}

/// Only our own secret: by its name, or by its ARN, which ends in the name, a dash and six characters.
fn require_own(keeper: &Keeper, asked: &str) -> Result<(), KeeperError> {
    let own = keeper.secret.as_str();
    let name = asked.rsplit(':').next().unwrap_or(asked);
    let suffix = name.strip_prefix(own);
    let fits = suffix.is_some_and(|rest| {
        rest.is_empty()
            || (rest.len() == 7
                && rest.starts_with('-')
                && rest[1..].bytes().all(|b| b.is_ascii_alphanumeric()))
    });
    if fits { Ok(()) } else { Err(KeeperError::OtherSecret { asked: asked.to_owned(), own: own.to_owned() }) }
}

/// Where a rotation stands.
struct Standing {
    /// Its version is the current one.
    in_use: bool,
    /// The version that is.
    current: Option<String>,
}

async fn standing(keeper: &Keeper, version: &str) -> Result<Standing, KeeperError> {
    let unfit = |reason| KeeperError::Version { version: version.to_owned(), reason };
    let answer = keeper.secrets.describe_secret().secret_id(&keeper.secret).send().await;
    let secret = answer.map_err(|error| CallFailed::new("secretsmanager:DescribeSecret", error))?;
    let stages = secret.version_ids_to_stages.unwrap_or_default();
    let is =
        |id: &str, stage: &str| stages.get(id).is_some_and(|stages| stages.iter().any(|one| one == stage));
    let in_use = is(version, stage::CURRENT);
    if !in_use && !is(version, stage::PENDING) {
        return Err(unfit("is not one that a rotation has begun"));
    }
    let current = stages.keys().find(|id| is(id, stage::CURRENT)).cloned();
    Ok(Standing { in_use, current })
}

async fn create(keeper: &Keeper, version: &str) -> Result<(), KeeperError> {
    let current = password::current(keeper).await?;
    if password::find(keeper, stage::PENDING, Some(version)).await?.is_some() {
        return Ok(());
    }
    let next = current.with_password(password::random(keeper).await?);
    password::put_pending(keeper, version, &next).await
}

/// Whichever password opens the database, afterwards it is the pending one.
async fn set(keeper: &Keeper, version: &str) -> Result<(), KeeperError> {
    let pending = pending(keeper, version).await?;
    if writer::find(keeper, &pending).await.is_ok() {
        return Ok(());
    }
    // The previous one: a rotation that was broken off may have set a password that the secret then lost.
    let mut refused = KeeperError::NoLogin;
    for stage in [stage::CURRENT, stage::PREVIOUS] {
        let Some(login) = password::find(keeper, stage, None).await? else { continue };
        match writer::find(keeper, &login).await {
            Ok(client) => return Ok(change(&client, pending.password()).await?),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

async fn pending(keeper: &Keeper, version: &str) -> Result<super::login::Login, KeeperError> {
    let pending = password::find(keeper, stage::PENDING, Some(version)).await?;
    let reason = "has no password yet";
    pending.ok_or_else(|| KeeperError::Version { version: version.to_owned(), reason })
}

async fn change(client: &Client, password: &str) -> Result<(), DatabaseError> {
    // The hash is Base64 with `$` and `:` between its parts: nothing to quote.
    let hash = postgres_protocol::password::scram_sha_256(password.as_bytes());
    Ok(client.batch_execute(&format!("ALTER ROLE CURRENT_USER PASSWORD '{hash}'")).await?)
}

/// A version without a password is Secrets Manager's own test of the configuration: it makes one when a
/// rotation is set that does not begin at once, asks for this step alone, and takes it away again. What the
/// test is about is then shown by the password in use.
///
/// <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html>, at
/// `RotateImmediately`
async fn test(keeper: &Keeper, version: &str) -> Result<(), KeeperError> {
    let login = match password::find(keeper, stage::PENDING, Some(version)).await? {
        Some(pending) => pending,
        None => password::current(keeper).await?,
    };
    writer::find(keeper, &login).await.map(drop)
}

/// A version without a password is never put in use, whatever was tested.
async fn finish(keeper: &Keeper, version: &str, current: Option<String>) -> Result<(), KeeperError> {
    pending(keeper, version).await?;
    let request = keeper.secrets.update_secret_version_stage().secret_id(&keeper.secret);
    let request = request.version_stage(stage::CURRENT).move_to_version_id(version);
    let moved = request.set_remove_from_version_id(current).send().await;
    moved.map_err(|error| CallFailed::new("secretsmanager:UpdateSecretVersionStage", error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    //! Goal: nothing but the four steps is a rotation. Method: events as they come, and spoilt.

    use super::*;
    use serde_json::json;

    #[test]
    fn the_four_steps_are_read_and_nothing_else() {
        let event = |step: &str| json!({ "Step": step, "SecretId": "s", "ClientRequestToken": "t" });
        for step in ["createSecret", "setSecret", "testSecret", "finishSecret"] {
            assert!(Event::of(&event(step)).is_some(), "{step}");
        }
        assert_eq!(Event::of(&event("dropSecret")), None);
        assert_eq!(Event::of(&json!({ "Step": "setSecret", "SecretId": "s" })), None);
    }
}
