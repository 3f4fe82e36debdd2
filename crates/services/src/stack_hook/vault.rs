//! Empties a vault: AWS Backup removes none that holds a backup.
//!
//! Two calls of a service of which nothing else is needed, so they are signed by hand.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_config::SdkConfig;
use recovery::Region;
use serde::Deserialize;

use super::HookError;
use crate::aws::{CallFailed, cause};
use crate::signed::{Call, Caller};

const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Looks without any progress after which people have to see to it: five minutes.
const LOOKS_MAX: u32 = 60;
/// Backups per page: as many as one call gives.
const PAGE: u32 = 1000;
/// Status of a backup whose removal goes on.
const LEAVING: &str = "DELETING";
const GONE: &str = "ResourceNotFoundException";

/// Where the vault is, and how it is asked.
struct Vault<'v> {
    caller: &'v Caller,
    region: Region,
    name: &'v str,
}

/// What the vault holds, as AWS Backup says it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    #[serde(default)]
    recovery_points: Vec<Backup>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Backup {
    recovery_point_arn: String,
    #[serde(default)]
    status: String,
}

/// Removes every backup, until a look finds none.
pub(super) async fn empty(aws: &SdkConfig, caller: &Caller, vault: &str) -> Result<String, HookError> {
    empty_looking_every(LOOK_EVERY, aws, caller, vault).await
}

async fn empty_looking_every(
    pause: Duration,
    aws: &SdkConfig,
    caller: &Caller,
    name: &str,
) -> Result<String, HookError> {
    let region = aws.region().and_then(|region| Region::new(region.as_ref()).ok());
    let region =
        region.ok_or_else(|| HookError::Invalid("the function does not know its region".to_owned()))?;
    let vault = Vault { caller, region, name };
    let mut asked: BTreeSet<String> = BTreeSet::new();
    let (mut least, mut idle) = (usize::MAX, 0);
    // Always from the beginning: what was found is gone, and what was copied here meanwhile is seen.
    loop {
        let Some(found) = vault.backups().await? else { return Ok(format!("{name} is gone already")) };
        if found.is_empty() {
            return Ok(format!("{} backups removed from {name}", asked.len()));
        }
        idle = if found.len() < least { 0 } else { idle + 1 };
        least = least.min(found.len());
        let mut refused = None;
        for backup in found.iter().filter(|backup| backup.status != LEAVING) {
            let arn = &backup.recovery_point_arn;
            match vault.remove(arn).await {
                Ok(()) if asked.insert(arn.clone()) => idle = 0,
                Ok(()) => {}
                // One that is still being made or copied can be removed a little later.
                Err(error) => refused = Some(format!("{arn}: {}", cause(&error))),
            }
        }
        if idle >= LOOKS_MAX {
            let first = refused.unwrap_or_else(|| "their removal does not come to its end".to_owned());
            let count = found.len();
            return Err(HookError::Refused(format!("{count} backups stay in {name}; {first}")));
        }
        tokio::time::sleep(pause).await;
    }
}

impl Vault<'_> {
    /// The first backups; `None` without the vault.
    ///
    /// <https://docs.aws.amazon.com/aws-backup/latest/devguide/API_ListRecoveryPointsByBackupVault.html>
    async fn backups(&self) -> Result<Option<Vec<Backup>>, CallFailed> {
        const CALL: &str = "backup:ListRecoveryPointsByBackupVault";
        let call = self.call(CALL, &format!("?maxResults={PAGE}"));
        match self.caller.send(&call).await {
            Ok(body) => {
                let page: Page =
                    serde_json::from_slice(&body).map_err(|error| CallFailed::unreadable(CALL, error))?;
                Ok(Some(page.recovery_points))
            }
            Err(error) if error.source.to_string().contains(GONE) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// <https://docs.aws.amazon.com/aws-backup/latest/devguide/API_DeleteRecoveryPoint.html>
    async fn remove(&self, arn: &str) -> Result<(), CallFailed> {
        let arn: String = form_urlencoded::byte_serialize(arn.as_bytes()).collect();
        let call = self.call("backup:DeleteRecoveryPoint", &arn);
        match self.caller.remove(&call).await {
            Ok(_) => Ok(()),
            Err(error) if error.source.to_string().contains(GONE) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn call(&self, name: &'static str, rest: &str) -> Call {
        Call {
            name,
            endpoint: format!("https://backup.{}.amazonaws.com", self.region),
            service: "backup",
            path: format!("/backup-vaults/{}/recovery-points/{rest}", self.name),
            region: self.region.clone(),
            form: None,
        }
    }
}

#[cfg(test)]
mod tests;
