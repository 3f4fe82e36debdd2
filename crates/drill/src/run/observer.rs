//! Watches the system under test from outside: the lease, the workflow, and nothing that recovers.
//!
//! It talks to the emulator directly, past every gateway, so that no fault blinds it.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region as SdkRegion, SdkConfig};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_http_client::tls;
use recovery::lease::LEASE_KEY;
use recovery::{Epoch, Region};

use crate::report::Event;

/// Reads the state of one deployed system.
pub struct Observer {
    dynamodb: aws_sdk_dynamodb::Client,
    workflows: aws_sdk_sfn::Client,
    journal_table: String,
    state_machine_arn: String,
}

/// What the lease said when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenLease {
    /// Its epoch.
    pub epoch: Epoch,
    /// Its owner.
    pub owner: Region,
    /// Its state, as stored.
    pub state: String,
    /// Why it was taken.
    pub evidence: String,
}

/// Configuration of an SDK client that talks to `endpoint` as `region`.
///
/// The emulator checks no signature; the credentials only have to be there.
pub fn sdk_config(endpoint: &str, region: &Region) -> SdkConfig {
    let credentials = aws_sdk_dynamodb::config::Credentials::new("drill", "drill", None, None, "drill");
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .build_https();
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(SdkRegion::new(region.to_string()))
        .endpoint_url(endpoint)
        .credentials_provider(aws_sdk_dynamodb::config::SharedCredentialsProvider::new(credentials))
        .http_client(http)
        .build()
}

impl Observer {
    /// Observes the journal in `table_region` and the workflow of `survivor`.
    pub fn new(
        endpoint: &str,
        table_region: &Region,
        survivor: &Region,
        journal_table: String,
        state_machine_arn: String,
    ) -> Self {
        Self {
            dynamodb: aws_sdk_dynamodb::Client::new(&sdk_config(endpoint, table_region)),
            workflows: aws_sdk_sfn::Client::new(&sdk_config(endpoint, survivor)),
            journal_table,
            state_machine_arn,
        }
    }

    /// The lease as it is now; `None` when there is none yet or it cannot be read.
    pub async fn lease(&self) -> Option<SeenLease> {
        let key = || AttributeValue::S(LEASE_KEY.to_owned());
        let read = self
            .dynamodb
            .get_item()
            .table_name(&self.journal_table)
            .key("pk", key())
            .key("sk", key())
            .consistent_read(true)
            .send();
        let item = tokio::time::timeout(Duration::from_secs(2), read).await.ok()?.ok()?.item?;
        let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
        Some(SeenLease {
            epoch: Epoch(item.get("epoch")?.as_n().ok()?.parse().ok()?),
            owner: Region::new(text("owner")?).ok()?,
            state: text("state")?,
            evidence: text("evidence").unwrap_or_default(),
        })
    }

    /// Every step the failover workflow finished, with Unix time in milliseconds, oldest first.
    pub async fn workflow_steps(&self) -> Vec<(u64, String)> {
        let list = self.workflows.list_executions().state_machine_arn(&self.state_machine_arn).send();
        let Ok(executions) = list.await else { return Vec::new() };
        let mut steps = Vec::new();
        for execution in executions.executions() {
            let history = self
                .workflows
                .get_execution_history()
                .execution_arn(execution.execution_arn())
                .max_results(1000)
                .send();
            let Ok(history) = history.await else { continue };
            for event in history.events() {
                let at_ms = u64::try_from(event.timestamp().to_millis().unwrap_or(0)).unwrap_or(0);
                if let Some(left) = event.state_exited_event_details() {
                    steps.push((at_ms, left.name().to_owned()));
                } else if event.r#type().as_str() == "ExecutionStarted" {
                    steps.push((at_ms, "workflow started".to_owned()));
                } else if event.r#type().as_str() == "ExecutionSucceeded" {
                    steps.push((at_ms, "workflow succeeded".to_owned()));
                } else if event.r#type().as_str() == "ExecutionFailed" {
                    steps.push((at_ms, "workflow failed".to_owned()));
                }
            }
        }
        steps.sort();
        steps
    }
}

/// Keeps what was seen of the lease and turns changes into events.
#[derive(Debug, Default)]
pub struct LeaseLog {
    seen: BTreeSet<(Epoch, Region)>,
    last: Option<SeenLease>,
}

impl LeaseLog {
    /// Notes a reading; gives the event it makes, if it differs from the one before.
    pub fn note(&mut self, now: SeenLease, at_s: f64) -> Option<Event> {
        self.seen.insert((now.epoch, now.owner.clone()));
        let before = self.last.replace(now.clone());
        let event = match before {
            Some(before) if before.epoch == now.epoch && before.state == now.state => return None,
            Some(before) if before.epoch == now.epoch => "settlement enabled",
            Some(_) => "lease taken",
            None => "lease created",
        };
        let detail = match event {
            "lease taken" => format!("epoch {}: {}", now.epoch, now.evidence),
            _ => format!("epoch {}", now.epoch),
        };
        Some(Event { at_s, region: Some(now.owner.to_string()), event: event.to_owned(), detail })
    }

    /// Every pair of epoch and owner that was seen.
    pub fn owners(&self) -> Vec<(Epoch, Region)> {
        self.seen.iter().cloned().collect()
    }

    /// The latest reading.
    pub fn latest(&self) -> Option<&SeenLease> {
        self.last.as_ref()
    }
}

#[cfg(test)]
mod tests {
    // Goal: the log reports each change of the lease once and keeps every owner.
    // Method: feed readings as a failover gives them.
    use super::*;

    fn seen(epoch: u64, owner: &str, state: &str) -> SeenLease {
        SeenLease {
            epoch: Epoch(epoch),
            owner: Region::new(owner).expect("a region"),
            state: state.to_owned(),
            evidence: "silence".to_owned(),
        }
    }

    #[test]
    fn a_failover_makes_three_events() {
        let mut log = LeaseLog::default();
        let events: Vec<String> = [
            seen(1, "us-east-1", "serving"),
            seen(1, "us-east-1", "serving"),
            seen(2, "us-east-2", "recovering"),
            seen(2, "us-east-2", "serving"),
        ]
        .into_iter()
        .filter_map(|lease| log.note(lease, 0.0))
        .map(|event| event.event)
        .collect();
        assert_eq!(events, ["lease created", "lease taken", "settlement enabled"]);
        assert_eq!(log.owners().len(), 2);
    }
}
