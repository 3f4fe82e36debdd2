//! Whether Standfast would act at all: the off switch, and the schedule that starts the sentinel.

use recovery::preflight::{Check, Finding};
use serde_json::Value;

use super::Preflight;
use super::ask::{Answer, Gap, ask, judge};
use crate::signed::Call;

pub(super) async fn check(preflight: &Preflight) -> [Finding; 2] {
    let (schedule, switch) =
        tokio::join!(ask(Check::Schedule, schedule(preflight)), ask(Check::Switch, switch(preflight)));
    [schedule, switch]
}

/// <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_GetSchedule.html>
async fn schedule(preflight: &Preflight) -> Answer {
    let (region, name) = (&preflight.regions.own, &preflight.settings.watch_schedule);
    let call = Call {
        name: "scheduler:GetSchedule",
        endpoint: format!("https://scheduler.{region}.amazonaws.com"),
        service: "scheduler",
        region: region.clone(),
        path: format!("/schedules/{name}"),
        form: None,
    };
    let body = preflight.caller.send(&call).await?;
    let schedule: Value = serde_json::from_slice(&body)
        .map_err(|error| Gap::Unknown(format!("the answer cannot be read: {error}")))?;
    let state = schedule["State"].as_str().unwrap_or("of no known state");
    judge(state == "ENABLED", format!("{name} is enabled"), format!("{name} is {state}"))
}

async fn switch(preflight: &Preflight) -> Answer {
    let name = &preflight.trigger.switch_parameter;
    match preflight.switch.is_on().await {
        Some(on) => judge(on, "it is on", format!("{name} is off: nothing would be recovered")),
        None => Err(Gap::Unknown(format!("{name} cannot be read"))),
    }
}
