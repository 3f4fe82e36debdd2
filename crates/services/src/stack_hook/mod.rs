//! Custom resources of CloudFormation: what a stack leaves behind, or cannot say in its template.
//!
//! Every event gets an answer, whatever it holds: without one CloudFormation waits for as long as
//! it may. Everything here may be repeated, and whatever removes anything does so only while the
//! *stack* is being removed: a resource that merely left its template, perhaps because its id
//! changed, takes nothing along. Start reading at [`handle`].

mod bucket;
mod error;
mod global_cluster;
mod replication;
mod request;
mod stack;
mod vault;
mod zone;

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use serde_json::Value;
use tokio::time::Instant;

pub use error::HookError;
pub use request::{Action, Request, Text};

use crate::custom_resource::{self, ANSWER_LIMIT, Done, Envelope, NEVER_CREATED, RequestType, Unanswered};
use crate::probe::Prober;
use crate::signed::Caller;

/// One attempt at a call: a page of deletions takes its time.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);
/// A call with all its attempts.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(90);

/// What the actions work with.
#[derive(Clone, Debug)]
pub struct Hook {
    aws: SdkConfig,
    s3: aws_sdk_s3::Client,
    route53: aws_sdk_route53::Client,
    cloudformation: aws_sdk_cloudformation::Client,
    prober: Prober,
    caller: Caller,
}

impl Hook {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// When there is no TLS to be had.
    pub fn new(aws: &SdkConfig) -> Result<Self, HookError> {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(crate::aws::CONNECT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .operation_timeout(OPERATION_TIMEOUT)
            .build();
        let aws = aws.clone().into_builder().timeout_config(timeouts).build();
        Ok(Self {
            s3: aws_sdk_s3::Client::new(&aws),
            route53: aws_sdk_route53::Client::new(&aws),
            cloudformation: aws_sdk_cloudformation::Client::new(&aws),
            prober: Prober::new(None)?,
            caller: Caller::new(&aws)?.patient(ATTEMPT_TIMEOUT),
            aws,
        })
    }
}

/// Does what an event asks for, and answers it. `until` is when Lambda ends the function.
///
/// # Errors
/// When the answer could not be delivered: Lambda then calls again, and nothing is done twice.
pub async fn handle(hook: Arc<Hook>, event: Value, until: Instant) -> Result<(), Unanswered> {
    let Some(envelope) = Envelope::read(&event) else {
        tracing::error!("the event has no address to answer to; CloudFormation did not send it");
        return Ok(());
    };
    let until = until.checked_sub(ANSWER_LIMIT).unwrap_or(until);
    let prober = hook.prober.clone();
    let work = async move { work(&hook, &event).await };
    custom_resource::serve(&prober, &envelope, until, work).await
}

async fn work(hook: &Hook, event: &Value) -> Result<Done, HookError> {
    let Some(request) = Request::read(event)? else {
        let detail = "it was never created".to_owned();
        return Ok(Done { physical_id: NEVER_CREATED.to_owned(), detail });
    };
    let physical_id = request.physical_id();
    Ok(Done { physical_id, detail: act(hook, &request).await? })
}

async fn act(hook: &Hook, request: &Request) -> Result<String, HookError> {
    let removal = request.request_type == RequestType::Delete;
    if removal && !stack::is_being_removed(&hook.cloudformation, &request.stack_id).await? {
        return Ok("the stack stays, so nothing is removed".to_owned());
    }
    match (&request.action, removal) {
        (Action::EmptyBucket { bucket }, true) => bucket::empty(&hook.s3, bucket).await,
        (Action::ReplicateBucket(replication), true) => replication::stop(&hook.s3, replication).await,
        (Action::ReplicateBucket(replication), false) => replication::start(&hook.s3, replication).await,
        (Action::ReleaseGlobalCluster { global_cluster, cluster, switch }, true) => {
            global_cluster::release(&hook.aws, global_cluster, cluster, switch).await
        }
        (Action::EmptyZone { zone }, true) => zone::empty(&hook.route53, zone).await,
        (Action::EmptyVault { vault }, true) => vault::empty(&hook.aws, &hook.caller, vault).await,
        (Action::ClaimRegion { deployment }, false) => claim(request.claimed_by.as_deref(), deployment),
        (Action::ClaimRegion { .. }, true) => Ok("the region belongs to nobody any more".to_owned()),
        (_, false) => Ok("nothing to do before its removal".to_owned()),
    }
}

/// Names of stacks and resources have the environment in them and not the deployment: two deployments with the same
/// environment in one account would each take the other's stacks for its own, and change them.
fn claim(before: Option<&str>, deployment: &str) -> Result<String, HookError> {
    match before {
        Some(other) if other != deployment => Err(HookError::Refused(format!(
            "this region of the account is the deployment {other}'s: deploy {deployment} into an account of its own, \
             or give it another `environment`"
        ))),
        _ => Ok(format!("the region is the deployment {deployment}'s")),
    }
}

#[cfg(test)]
mod tests {
    //! Goal: nobody takes a region over by mistake. Method: each deployment before, and after.

    use super::*;

    #[test]
    fn a_region_is_claimed_once_and_kept() {
        assert!(claim(None, "trading").is_ok() && claim(Some("trading"), "trading").is_ok());
        let refused = claim(Some("trading"), "finance-east").expect_err("it is the other's").to_string();
        assert!(
            refused.contains("the deployment trading's") && refused.contains("`environment`"),
            "{refused}"
        );
    }
}
