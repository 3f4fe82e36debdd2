//! Watches the system under test from outside: the lease, the workflow, and nothing that recovers.
//!
//! It talks to the emulator directly, past every gateway, so that no fault blinds it.

use std::collections::HashMap;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region as SdkRegion, SdkConfig};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_http_client::tls;
use recovery::lease::LEASE_KEY;
use recovery::step::Context;
use recovery::{Epoch, Region};

use crate::gateway::LeaseItem;

/// Reads the state of one deployed system.
pub struct Observer {
    dynamodb: aws_sdk_dynamodb::Client,
    workflows: aws_sdk_sfn::Client,
    journal_table: String,
    state_machine_arn: String,
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
    pub async fn lease(&self) -> Option<LeaseItem> {
        read(&self.lease_item().await?)
    }

    async fn lease_item(&self) -> Option<HashMap<String, AttributeValue>> {
        let key = || AttributeValue::S(LEASE_KEY.to_owned());
        let read = self
            .dynamodb
            .get_item()
            .table_name(&self.journal_table)
            .key("pk", key())
            .key("sk", key())
            .consistent_read(true)
            .send();
        tokio::time::timeout(Duration::from_secs(2), read).await.ok()?.ok()?.item
    }

    /// The context of the recovery that the lease asks for now; `None` when it cannot be read, or belongs to
    /// another region than `owner`.
    pub async fn context(&self, owner: &Region, other: &Region) -> Option<Context> {
        let item = self.lease_item().await?;
        let lease = read(&item).filter(|lease| lease.owner == *owner)?;
        Some(Context {
            epoch: lease.epoch,
            region: lease.owner,
            lost_region: other.clone(),
            evidence: lease.evidence,
            taken_at_ms: item.get("moved_at_ms")?.as_n().ok()?.parse().ok()?,
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

fn read(item: &HashMap<String, AttributeValue>) -> Option<LeaseItem> {
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
    Some(LeaseItem {
        epoch: Epoch(item.get("epoch")?.as_n().ok()?.parse().ok()?),
        owner: Region::new(text("owner")?).ok()?,
        state: text("state")?,
        evidence: text("evidence").unwrap_or_default(),
    })
}
