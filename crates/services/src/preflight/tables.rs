//! The lease, its heartbeat, the journal and the sessions.

use std::time::Duration;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use recovery::Lease;
use recovery::lease::LeaseState;
use recovery::preflight::{Check, Finding};

use super::ask::{Answer, Gap, ask, ask_within, from_check};
use super::{HEARTBEAT_MAX, Preflight, SERVICE, Seen};
use crate::aws::CallFailed;
use crate::telemetry::now_ms;

/// Between two looks at the lease's version.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// The lease, for everything that depends on who owns it.
pub(super) async fn lease(preflight: &Preflight) -> (Finding, Option<Lease>) {
    let mut read = None;
    let finding = ask(Check::Lease, async {
        let lease = preflight.leases.read().await?;
        let lease = lease.ok_or_else(|| Gap::Failed("nobody owns it yet".to_owned()))?;
        let answer = judge_lease(preflight, &lease);
        read = Some(lease);
        answer
    });
    let finding = finding.await;
    (finding, read)
}

fn judge_lease(preflight: &Preflight, lease: &Lease) -> Answer {
    let Lease { owner, epoch, state, .. } = lease;
    if ![&preflight.regions.own, &preflight.regions.peer].contains(&owner) {
        return Err(Gap::Failed(format!("{owner} owns it, which is none of the pair")));
    }
    if *state != LeaseState::Serving {
        return Err(Gap::Failed(format!("{owner} is {} under epoch {epoch}", state.as_str())));
    }
    Ok(format!("{owner} owns it under epoch {epoch}"))
}

/// Everything of the tables but the lease itself.
pub(super) async fn check(preflight: &Preflight, seen: &Seen) -> [Finding; 3] {
    let limit = (preflight.timings.ttl + preflight.timings.margin).min(HEARTBEAT_MAX);
    let (heartbeat, journal, sessions) = tokio::join!(
        // A little longer than what it waits for, so that it says what it saw.
        ask_within(HEARTBEAT_MAX, Check::Heartbeat, heartbeat(preflight, seen, limit)),
        ask(Check::Journal, journal(preflight)),
        ask(Check::Sessions, sessions(preflight)),
    );
    [heartbeat, journal, sessions]
}

/// The owner's sentinel is alive if and only if the version moves.
async fn heartbeat(preflight: &Preflight, seen: &Seen, limit: Duration) -> Answer {
    let lease = from_check(seen.lease.as_ref(), Check::Lease)?;
    let begun = tokio::time::Instant::now();
    while begun.elapsed() < limit {
        match preflight.leases.read().await {
            Ok(Some(now)) if now.version != lease.version => {
                return Ok(format!("version {} became {}", lease.version, now.version));
            }
            Ok(_) => tokio::time::sleep(LOOK_AGAIN).await,
            Err(error) => return Err(error.into()),
        }
    }
    let (owner, version) = (&lease.owner, lease.version);
    Err(Gap::Failed(format!("{owner} left version {version} unchanged for {} ms", limit.as_millis())))
}

/// A put whose condition contradicts itself: being refused for it shows that this region may write
/// and that the table reached a decision.
async fn journal(preflight: &Preflight) -> Answer {
    let client = aws_sdk_dynamodb::Client::new(&preflight.aws);
    let put = client
        .put_item()
        .table_name(&preflight.journal.table)
        .item("pk", AttributeValue::S(SERVICE.to_owned()))
        .item("sk", AttributeValue::S("never".to_owned()))
        .condition_expression("attribute_exists(pk) AND attribute_not_exists(pk)")
        .send()
        .await;
    match put {
        Err(error)
            if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) =>
        {
            Ok("the condition was judged, and nothing was written".to_owned())
        }
        Err(error) => Err(CallFailed::new("dynamodb:PutItem", error).into()),
        Ok(_) => Err(Gap::Failed("the table took an item whose condition cannot hold".to_owned())),
    }
}

async fn sessions(preflight: &Preflight) -> Answer {
    preflight.sessions.get(SERVICE, None, now_ms()).await?;
    Ok("the table answers".to_owned())
}
