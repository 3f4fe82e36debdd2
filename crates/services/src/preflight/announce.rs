//! Tells what a preflight found: the log each time, people when it is news.
//!
//! What the run before found lies beside the journal, one item per region: a function keeps nothing.

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use recovery::preflight::{Check, Finding, News, Report, news};
use recovery::step::event;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{LIMIT, Preflight, SERVICE};
use crate::aws::{CallFailed, cause};

/// Longest detail of one finding in an event, in characters: an event ends at 256 KB.
const DETAIL_MAX: usize = 1000;

/// One line of the log. What it says of gaps is the system's, not this function's failure.
pub(super) fn log(report: &Report) {
    let gaps: Vec<&str> = report.gaps.iter().map(|check| check.name()).collect();
    let whole = serde_json::to_string(report).expect("a report has only text keys");
    tracing::info!(passed = report.passed, gaps = gaps.join(","), report = whole, "preflight");
}

/// Puts an event on the recovery bus if there is news. A preflight that cannot tell says so in the log;
/// it has no other result to change.
pub(super) async fn tell(preflight: &Preflight, report: &Report) {
    match timeout(LIMIT, try_to_tell(preflight, report)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::info!(cause = cause(&error), "the preflight's news did not get out"),
        Err(_) => tracing::info!("the preflight's news did not get out in time"),
    }
}

async fn try_to_tell(preflight: &Preflight, report: &Report) -> Result<(), CallFailed> {
    let before = match remembered(preflight).await {
        Ok(before) => before,
        // Whoever cannot remember tells: twice is better than never.
        Err(error) => {
            tracing::info!(cause = cause(&error), "the preflight before is forgotten");
            Vec::new()
        }
    };
    let Some(news) = news(&before, &report.gaps) else { return Ok(()) };
    let detail_type = match news {
        News::Failed => event::PREFLIGHT_FAILED,
        News::Passed => event::PREFLIGHT_PASSED,
    };
    put(preflight, detail_type, detail(report)).await?;
    // After the event: what was remembered without having been told would never be told.
    remember(preflight, &report.gaps).await
}

fn detail(report: &Report) -> Value {
    let of = |finding: &&Finding| report.gaps.contains(&finding.check);
    let shown = |finding: &Finding| {
        let detail: String = finding.detail.chars().take(DETAIL_MAX).collect();
        json!({ "check": finding.check, "asks": finding.check.asks(), "found": detail })
    };
    let gaps: Vec<Value> = report.findings.iter().filter(of).map(shown).collect();
    json!({ "region": report.region, "at_ms": report.at_ms, "gaps": gaps })
}

async fn put(preflight: &Preflight, detail_type: &str, detail: Value) -> Result<(), CallFailed> {
    const CALL: &str = "events:PutEvents";
    let entry = PutEventsRequestEntry::builder()
        .event_bus_name(&preflight.announcements.event_bus)
        .source(event::SOURCE)
        .detail_type(detail_type)
        .detail(detail.to_string())
        .build();
    let client = aws_sdk_eventbridge::Client::new(&preflight.aws);
    let answer = client.put_events().entries(entry).send().await;
    let answer = answer.map_err(|error| CallFailed::new(CALL, error))?;
    if answer.failed_entry_count() > 0 {
        return Err(CallFailed::unreadable(CALL, "the bus refused the event"));
    }
    Ok(())
}

fn key(preflight: &Preflight) -> [(&'static str, AttributeValue); 2] {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    [("pk", text(SERVICE)), ("sk", text(preflight.regions.own.as_str()))]
}

/// The gaps of the run before; none when there was none.
async fn remembered(preflight: &Preflight) -> Result<Vec<Check>, CallFailed> {
    const CALL: &str = "dynamodb:GetItem";
    let client = aws_sdk_dynamodb::Client::new(&preflight.aws);
    let key = key(preflight).map(|(name, value)| (name.to_owned(), value));
    let answer = client
        .get_item()
        .table_name(&preflight.journal.table)
        .set_key(Some(key.into()))
        .consistent_read(true)
        .send()
        .await
        .map_err(|error| CallFailed::new(CALL, error))?;
    let gaps = answer.item.as_ref().and_then(|item| item.get("gaps")?.as_s().ok());
    // A check that a later release has given up is forgotten.
    let names: Vec<String> = gaps.and_then(|gaps| serde_json::from_str(gaps).ok()).unwrap_or_default();
    Ok(Check::ALL.iter().copied().filter(|check| names.iter().any(|name| name == check.name())).collect())
}

async fn remember(preflight: &Preflight, gaps: &[Check]) -> Result<(), CallFailed> {
    let client = aws_sdk_dynamodb::Client::new(&preflight.aws);
    let text = serde_json::to_string(gaps).expect("checks are words");
    let mut put = client.put_item().table_name(&preflight.journal.table);
    for (name, value) in key(preflight) {
        put = put.item(name, value);
    }
    let put = put.item("gaps", AttributeValue::S(text)).send().await;
    put.map(drop).map_err(|error| CallFailed::new("dynamodb:PutItem", error))
}
