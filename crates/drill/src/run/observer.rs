//! Watches the system under test from outside: the lease, the workflows, and nothing that recovers. Only where
//! people would ask for something, it asks in their place.
//!
//! It talks to the emulator directly, past every gateway, so that no fault blinds it.

use std::collections::HashMap;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region as SdkRegion, SdkConfig};
use aws_sdk_dynamodb::error::DisplayErrorContext;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sfn::types::ExecutionStatus;
use aws_smithy_http_client::tls;
use recovery::lease::LEASE_KEY;
use recovery::names::Names;
use recovery::scenario::WorkflowName;
use recovery::step::Context;
use recovery::{Epoch, Region};

use super::DrillError;
use crate::gateway::LeaseItem;

/// Reads the state of one deployed system.
pub struct Observer {
    dynamodb: aws_sdk_dynamodb::Client,
    journal_table: String,
    workflows: Vec<Workflow>,
}

/// A workflow of one region.
struct Workflow {
    region: Region,
    name: WorkflowName,
    client: aws_sdk_sfn::Client,
    state_machine_arn: String,
}

/// One execution of a workflow. Times are milliseconds since the Unix epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// Its name.
    pub name: String,
    /// When it was started.
    pub began_at_ms: u64,
    /// When it ended, and whether well; `None` while it runs.
    pub ended: Option<(u64, bool)>,
}

/// Something that one execution did.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkflowEvent {
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// The region of the workflow.
    pub region: Region,
    /// Which workflow.
    pub workflow: WorkflowName,
    /// The step that it finished, or in words what became of the whole.
    pub what: String,
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
    /// Observes the journal in `table_region` and both workflows of each region of the pair.
    pub fn new(endpoint: &str, table_region: &Region, pair: [&Region; 2], names: &Names) -> Self {
        let machines = |region: &Region| {
            let client = aws_sdk_sfn::Client::new(&sdk_config(endpoint, region));
            WorkflowName::ALL.map(|name| {
                let machine = match name {
                    WorkflowName::Failover => names.failover_state_machine(),
                    WorkflowName::Failback => names.failback_state_machine(),
                };
                let state_machine_arn =
                    format!("arn:aws:states:{region}:{}:stateMachine:{machine}", crate::ACCOUNT);
                Workflow { region: region.clone(), name, client: client.clone(), state_machine_arn }
            })
        };
        Self {
            dynamodb: aws_sdk_dynamodb::Client::new(&sdk_config(endpoint, table_region)),
            journal_table: names.journal_table(),
            workflows: pair.into_iter().flat_map(machines).collect(),
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
            taken_at_ms: number(&item, "moved_at_ms")?,
            on_demand: false,
        })
    }

    /// Starts the planned move out of `region`, which owns the lease, with the input that the runbook describes;
    /// gives the name of the execution.
    ///
    /// # Errors
    /// When the lease cannot be read or is another region's, or the workflow is not started.
    pub async fn start_switchover(&self, region: &Region, other: &Region) -> Result<String, DrillError> {
        let refused = |why: String| DrillError::NoSwitchover { region: region.clone(), why };
        let unread = || refused("it does not own the lease, or the lease cannot be read".to_owned());
        let context = self.context(region, other).await.ok_or_else(unread)?.on_demand();
        let mut machines = self.workflows.iter();
        let machine = machines.find(|one| one.region == *region && one.name == WorkflowName::Failback);
        let machine = machine.ok_or_else(|| refused("it has no such workflow".to_owned()))?;
        let name = format!("switchover-{}", context.epoch);
        let input = serde_json::json!({ "context": context }).to_string();
        let asked = machine.client.start_execution().state_machine_arn(&machine.state_machine_arn);
        let started = asked.name(&name).input(input).send().await;
        started.map_err(|error| refused(DisplayErrorContext(&error).to_string()))?;
        Ok(name)
    }

    /// The executions of a region's workflow, oldest first; none where they cannot be listed.
    pub async fn executions(&self, region: &Region, name: WorkflowName) -> Vec<Execution> {
        let mut all = Vec::new();
        for workflow in self.workflows.iter().filter(|one| one.region == *region && one.name == name) {
            all.extend(workflow.executions().await.into_iter().map(|(_, execution)| execution));
        }
        all.sort_by_key(|execution| execution.began_at_ms);
        all
    }

    /// Every step that any workflow has finished, oldest first.
    pub async fn workflow_events(&self) -> Vec<WorkflowEvent> {
        let mut all = Vec::new();
        for workflow in &self.workflows {
            for (arn, _) in workflow.executions().await {
                all.extend(workflow.events(&arn).await);
            }
        }
        all.sort();
        all
    }
}

impl Workflow {
    /// Each with its ARN.
    async fn executions(&self) -> Vec<(String, Execution)> {
        let list = self.client.list_executions().state_machine_arn(&self.state_machine_arn).send();
        let Ok(listed) = list.await else { return Vec::new() };
        let of = |listed: &aws_sdk_sfn::types::ExecutionListItem| {
            let ended = match listed.status() {
                ExecutionStatus::Running => None,
                status => Some((ms(listed.stop_date()), *status == ExecutionStatus::Succeeded)),
            };
            let began_at_ms = ms(Some(listed.start_date()));
            let execution = Execution { name: listed.name().to_owned(), began_at_ms, ended };
            (listed.execution_arn().to_owned(), execution)
        };
        listed.executions().iter().map(of).collect()
    }

    async fn events(&self, execution_arn: &str) -> Vec<WorkflowEvent> {
        let asked = self.client.get_execution_history().execution_arn(execution_arn).max_results(1000);
        let Ok(history) = asked.send().await else { return Vec::new() };
        let event = |event: &aws_sdk_sfn::types::HistoryEvent| {
            let what = match (event.state_exited_event_details(), event.r#type().as_str()) {
                (Some(left), _) => left.name().to_owned(),
                (None, "ExecutionStarted") => format!("{} started", self.name),
                (None, "ExecutionSucceeded") => format!("{} succeeded", self.name),
                (None, "ExecutionFailed" | "ExecutionTimedOut" | "ExecutionAborted") => {
                    format!("{} failed", self.name)
                }
                _ => return None,
            };
            let (at_ms, region) = (ms(Some(event.timestamp())), self.region.clone());
            Some(WorkflowEvent { at_ms, region, workflow: self.name, what })
        };
        history.events().iter().filter_map(event).collect()
    }
}

fn number(item: &HashMap<String, AttributeValue>, name: &str) -> Option<u64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

fn ms(at: Option<&aws_sdk_sfn::primitives::DateTime>) -> u64 {
    at.and_then(|at| at.to_millis().ok()).and_then(|ms| u64::try_from(ms).ok()).unwrap_or(0)
}

fn read(item: &HashMap<String, AttributeValue>) -> Option<LeaseItem> {
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
    Some(LeaseItem {
        epoch: Epoch(number(item, "epoch")?),
        owner: Region::new(text("owner")?).ok()?,
        state: text("state")?,
        evidence: text("evidence").unwrap_or_default(),
    })
}
