//! Application Auto Scaling: the bounds of a service and its target-tracking policies.

use serde_json::Value as Json;

use super::super::plan::{Metric, ScalingPlan, TargetTracking, TimedBounds};
use super::{Reading, flag, seconds};
use crate::literal::{number, reference, text};

/// The scaling of one service; none when nothing scales it.
pub(super) fn read(reading: &mut Reading<'_>, service: &str) -> Option<ScalingPlan> {
    let resources = reading.resources;
    let scales = |properties: &Json| {
        let id = text(&properties["ResourceId"]).unwrap_or_default();
        id.starts_with("service/") && id.ends_with(&format!("/{service}"))
    };
    let (target_id, target) = resources
        .of("AWS::ApplicationAutoScaling::ScalableTarget")
        .find(|(_, properties)| scales(properties))?;
    let bound = |name: &str| number(&target[name]);
    let (Some(min), Some(max)) = (bound("MinCapacity"), bound("MaxCapacity")) else {
        reading.problems.add(target_id, "its bounds are no numbers");
        return None;
    };
    let timed = timed(reading, target_id, target);
    if !timed.is_empty() {
        reading.note(format!(
            "{service}: sizes that change with the time of day, or a drill would hang on when it is run"
        ));
    }
    let mut policies = Vec::new();
    for (id, policy) in resources.of("AWS::ApplicationAutoScaling::ScalingPolicy") {
        let of_target = reference(&policy["ScalingTargetId"]).is_some_and(|named| named == target_id);
        if of_target || scales(policy) {
            policies.extend(self::policy(reading, id, service, policy));
        }
    }
    Some(ScalingPlan { min, max, policies, timed })
}

/// The bounds that begin at times of the week; what is not of the form `cron(minute hour ? * days *)` is a problem.
fn timed(reading: &mut Reading<'_>, id: &str, target: &Json) -> Vec<TimedBounds> {
    let actions = target["ScheduledActions"].as_array().map_or(&[][..], Vec::as_slice);
    let read = |action: &Json| {
        let to = &action["ScalableTargetAction"];
        let (days, minute) = time_of_week(&text(&action["Schedule"])?)?;
        Some(TimedBounds { days, minute, min: number(&to["MinCapacity"])?, max: number(&to["MaxCapacity"])? })
    };
    let bounds: Vec<Option<TimedBounds>> = actions.iter().map(read).collect();
    if bounds.iter().any(Option::is_none) {
        reading.problems.add(id, "a scheduled action is not of the form that is understood");
    }
    bounds.into_iter().flatten().collect()
}

/// <https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html>
fn time_of_week(schedule: &str) -> Option<([bool; 7], u32)> {
    const DAYS: [&str; 7] = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];
    let fields: Vec<&str> = schedule.strip_prefix("cron(")?.strip_suffix(')')?.split(' ').collect();
    let [minute, hour, "?", "*", days, "*"] = fields[..] else { return None };
    let (minute, hour): (u32, u32) = (minute.parse().ok()?, hour.parse().ok()?);
    let day = |name: &str| DAYS.iter().position(|day| *day == name);
    let (first, last) = match days.split_once('-') {
        _ if days == "*" => (0, 6),
        Some((first, last)) => (day(first)?, day(last)?),
        None => (day(days)?, day(days)?),
    };
    let within = (minute < 60 && hour < 24 && first <= last).then_some(hour * 60 + minute)?;
    Some((std::array::from_fn(|day| (first..=last).contains(&day)), within))
}

/// Whether metrics are messages that wait, by tasks that run.
fn is_backlog(metrics: &Json) -> bool {
    let metrics = metrics.as_array().map_or(&[][..], Vec::as_slice);
    let of = |namespace: &str, name: &str| {
        metrics.iter().any(|query| {
            let metric = &query["MetricStat"]["Metric"];
            metric["Namespace"] == namespace && metric["MetricName"] == name
        })
    };
    of("AWS/SQS", "ApproximateNumberOfMessagesVisible") && of("ECS/ContainerInsights", "RunningTaskCount")
}

fn policy(reading: &mut Reading<'_>, id: &str, service: &str, policy: &Json) -> Option<TargetTracking> {
    let tracking = &policy["TargetTrackingScalingPolicyConfiguration"];
    let name = text(&policy["PolicyName"]).unwrap_or_else(|| id.to_owned());
    let named = &tracking["PredefinedMetricSpecification"]["PredefinedMetricType"];
    let metric = match text(named).as_deref() {
        Some("ECSServiceAverageCPUUtilization") => Metric::Cpu,
        Some("ALBRequestCountPerTarget") => Metric::RequestsPerTarget,
        None if is_backlog(&tracking["CustomizedMetricSpecification"]["Metrics"]) => {
            reading.note(format!("{service}: the policy {name}, for nobody asks the queue"));
            Metric::BacklogPerTask
        }
        other => {
            let what = other.unwrap_or("a metric of its own").to_owned();
            reading.note(format!("{service}: the policy {name}, which follows {what}"));
            return None;
        }
    };
    let target = &tracking["TargetValue"];
    let Some(target) = target.as_f64().or_else(|| text(target)?.parse().ok()) else {
        reading.problems.add(id, "its target is no number");
        return None;
    };
    // AWS's own default for a scalable target of ECS is 300 s both ways.
    Some(TargetTracking {
        name,
        metric,
        target,
        out_cooldown: seconds(&tracking["ScaleOutCooldown"], 300),
        in_cooldown: seconds(&tracking["ScaleInCooldown"], 300),
        never_in: flag(&tracking["DisableScaleIn"]),
    })
}
