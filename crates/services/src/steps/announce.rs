//! Tells the event bus; its rule reaches whoever subscribes to the alerts topic.

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use recovery::step::{Context, Failure, event};
use serde_json::{Value, json};

use super::{SERVICE, StepContext, StepError};
use crate::aws::CallFailed;
use crate::telemetry::{self, Metric, now_ms};

/// Longest cause that an event carries, in characters.
const CAUSE_MAX: usize = 4096;

/// Announces that orders are accepted and settled again.
pub(super) async fn recovered(steps: &StepContext, context: &Context) -> Result<String, StepError> {
    let announced = put(steps, event::RECOVERED, detail(context)).await?;
    telemetry::count(SERVICE, Metric::RecoveriesCompleted, 1);
    Ok(announced)
}

/// Announces that the system is at home again, or where people wanted it.
pub(super) async fn failed_back(steps: &StepContext, context: &Context) -> Result<String, StepError> {
    let what = if context.on_demand { event::SWITCHED_OVER } else { event::FAILED_BACK };
    put(steps, what, detail(context)).await
}

/// Tells the alerts' subscribers, with what failed if the workflow says so.
pub(super) async fn escalated(
    steps: &StepContext,
    context: &Context,
    failure: Option<&Failure>,
) -> Result<String, StepError> {
    put(steps, event::ESCALATED, failed(context, failure)).await
}

/// Tells them that a planned move has stopped.
pub(super) async fn failback_escalated(
    steps: &StepContext,
    context: &Context,
    failure: Option<&Failure>,
) -> Result<String, StepError> {
    let what = if context.on_demand { event::SWITCHOVER_ESCALATED } else { event::FAILBACK_ESCALATED };
    put(steps, what, failed(context, failure)).await
}

fn failed(context: &Context, failure: Option<&Failure>) -> Value {
    let mut detail = detail(context);
    if let Some(failure) = failure {
        let cause: String = failure.cause.chars().take(CAUSE_MAX).collect();
        detail["error"] = json!(failure.error);
        detail["cause"] = json!(cause);
    }
    detail["action_needed"] =
        json!("the workflow has stopped at a step; its execution's history says at which and why");
    // Counted first: the alarm on it reaches people even when the bus does not take the event.
    telemetry::count(SERVICE, Metric::RecoveriesEscalated, 1);
    detail
}

fn detail(context: &Context) -> Value {
    let now_ms = now_ms();
    json!({
        "region": context.region,
        "lost_region": context.lost_region,
        "epoch": context.epoch,
        "evidence": context.evidence,
        "taken_at_ms": context.taken_at_ms,
        "announced_at_ms": now_ms,
        "since_taken_ms": now_ms.saturating_sub(context.taken_at_ms),
    })
}

async fn put(steps: &StepContext, detail_type: &str, detail: Value) -> Result<String, StepError> {
    const CALL: &str = "events:PutEvents";
    let entry = PutEventsRequestEntry::builder()
        .event_bus_name(&steps.announcements.event_bus)
        .source(event::SOURCE)
        .detail_type(detail_type)
        .detail(detail.to_string())
        .build();
    let (answer, ()) = tokio::join!(
        steps.events.put_events().entries(entry).send(),
        steps.audit.keep(detail_type, &detail),
    );
    let answer = answer.map_err(|error| CallFailed::new(CALL, error))?;
    if answer.failed_entry_count() > 0 {
        let reason =
            answer.entries().first().and_then(|entry| entry.error_code()).unwrap_or("no reason given");
        return Err(CallFailed::unreadable(CALL, format!("the bus refused the event: {reason}")).into());
    }
    Ok(format!("`{detail_type}` is on the event bus {}", steps.announcements.event_bus))
}
