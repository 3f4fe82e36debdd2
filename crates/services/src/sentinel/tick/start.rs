//! What a tick does to have a recovery or a failback run.

use recovery::lease::START_LIMIT;
use recovery::{Lease, step};
use tokio::time::timeout;

use super::Watch;
use crate::sentinel::execution::{Executions, Standing};
use crate::telemetry::now_ms;

/// How the report calls what comes of a start.
struct StartEvents {
    started: &'static str,
    not_started: &'static str,
    waits: &'static str,
    exhausted: &'static str,
}

const RECOVERY: StartEvents = StartEvents {
    started: "recovery_started",
    not_started: "recovery_not_started",
    waits: "recovery_waits",
    exhausted: "recovery_exhausted",
};
const FAILBACK: StartEvents = StartEvents {
    started: "failback_started",
    not_started: "failback_not_started",
    waits: "failback_waits",
    exhausted: "failback_exhausted",
};

impl Watch<'_> {
    pub(super) async fn start_recovery(&mut self, lease: &Lease) {
        self.recovery_started = Some(self.now());
        self.start(&self.sentinel.recoveries, &RECOVERY, lease).await;
    }

    pub(super) async fn start_failback(&mut self, lease: &Lease) {
        self.failback_started = Some(self.now());
        self.start(&self.sentinel.failbacks, &FAILBACK, lease).await;
    }

    async fn start(&mut self, executions: &Executions, events: &StartEvents, lease: &Lease) {
        let context = step::Context::of(lease, &self.sentinel.regions.peer);
        let epoch = Some(lease.epoch);
        let started = timeout(START_LIMIT, executions.start(&context, now_ms())).await;
        let Ok(started) = started else {
            let detail = format!("no answer within {} ms", START_LIMIT.as_millis());
            return self.report.note(events.not_started, epoch, detail);
        };
        match started {
            Ok(Standing::Started(name)) => self.report.note(events.started, epoch, name),
            Ok(Standing::Already(name)) => tracing::debug!(name, "the workflow runs already"),
            Ok(Standing::Waiting(name, left)) => {
                let detail = format!("{name} has failed; the next attempt is due in {} s", left.as_secs());
                self.report.decided(events.waits, epoch, detail);
            }
            Ok(Standing::Exhausted) => {
                let what = executions.kind;
                let detail =
                    format!("every attempt at {what} under this epoch has failed: people have to act");
                self.report.decided(events.exhausted, epoch, detail);
            }
            Err(error) => self.report.note(events.not_started, epoch, error.to_string()),
        }
    }
}
