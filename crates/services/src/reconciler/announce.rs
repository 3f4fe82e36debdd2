//! Tells what a run found: the log each time, people when nothing explains it and it is news.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use recovery::Region;
use recovery::reconcile::{Finding, KIND_DIMENSION, Kind};
use recovery::step::event;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::cursor::Cursor;
use super::{Run, SERVICE};
use crate::aws::{CallFailed, cause};
use crate::telemetry::{self, Metric, line_of, now_ms};

/// Longest telling.
const LIMIT: Duration = Duration::from_secs(10);

/// Puts events on the recovery bus.
#[derive(Clone, Debug)]
pub(super) struct Announcer {
    client: aws_sdk_eventbridge::Client,
    event_bus: String,
    region: Region,
}

impl Announcer {
    pub(super) fn new(aws: &SdkConfig, event_bus: String, region: Region) -> Self {
        Self { client: aws_sdk_eventbridge::Client::new(aws), event_bus, region }
    }

    /// One line of the log. What it says of differences is the system's, not this function's failure.
    pub(super) fn log(&self, run: &Run) {
        let whole = serde_json::to_string(run).expect("a run has only text keys");
        let (found, unexplained) = (run.report.found(), run.report.unexplained_count());
        tracing::info!(found, unexplained, repaired = run.repaired, run = whole, "reconciliation");
    }

    /// Puts an event on the bus if there are unexplained differences, and other ones than it told last.
    pub(super) async fn tell(&self, run: &Run, cursor: &mut Cursor) {
        let words = run.report.words();
        if words.is_empty() || words == cursor.told {
            // What could not be compared may still differ: only a whole comparison forgets.
            if run.not_compared.is_empty() {
                cursor.told = words;
            }
            return;
        }
        match timeout(LIMIT, self.put(detail(run, &self.region))).await {
            Ok(Ok(())) => cursor.told = words,
            Ok(Err(error)) => tracing::info!(cause = cause(&error), "the differences were not announced"),
            Err(_) => tracing::info!("the differences were not announced in time"),
        }
    }

    async fn put(&self, detail: Value) -> Result<(), CallFailed> {
        const CALL: &str = "events:PutEvents";
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(&self.event_bus)
            .source(event::SOURCE)
            .detail_type(event::DIFFERENCES_FOUND)
            .detail(detail.to_string())
            .build();
        let answer = self.client.put_events().entries(entry).send().await;
        let answer = answer.map_err(|error| CallFailed::new(CALL, error))?;
        if answer.failed_entry_count() > 0 {
            return Err(CallFailed::unreadable(CALL, "the bus refused the event"));
        }
        Ok(())
    }
}

fn detail(run: &Run, region: &Region) -> Value {
    let unexplained: Vec<&Finding> = run.report.unexplained().collect();
    json!({
        "region": region,
        "at_ms": now_ms(),
        "differences": unexplained,
        "queued_again": run.repaired,
        "action_needed": "read docs/consistency.md for what each kind means; what was queued again is settled by itself",
    })
}

/// Writes one line for the whole, on which people are alarmed, and one for each kind. The sign of life is that
/// orders were compared.
pub(super) fn measure(run: &Run, now_ms: u64) {
    let mut figures = vec![
        (Metric::DifferencesFound, run.report.found() as f64),
        (Metric::DifferencesUnexplained, run.report.unexplained_count() as f64),
        (Metric::DifferencesRepaired, run.repaired as f64),
    ];
    if let Some(through_ms) = run.through_ms {
        figures.push((Metric::ComparedAge, (now_ms.saturating_sub(through_ms) / 1000) as f64));
    }
    if !run.not_compared.iter().any(|what| what.starts_with("orders")) {
        figures.push((Metric::ReconcilerRan, 1.0));
    }
    telemetry::gauges(SERVICE, &figures);
    let counts = run.report.by_kind();
    for kind in Kind::ALL {
        let count = counts.get(kind).copied().unwrap_or(0);
        telemetry::write(&line_of(Metric::DifferencesFound, KIND_DIMENSION, kind.name(), count, now_ms));
    }
}
