//! Application Auto Scaling: the bounds of a service and its target-tracking policies.

use serde_json::Value as Json;

use super::super::plan::{Metric, ScalingPlan, TargetTracking};
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
    if target["ScheduledActions"].as_array().is_some_and(|actions| !actions.is_empty()) {
        reading.note(format!("{service}: sizes that change with the time of day"));
    }
    let mut policies = Vec::new();
    for (id, policy) in resources.of("AWS::ApplicationAutoScaling::ScalingPolicy") {
        let of_target = reference(&policy["ScalingTargetId"]).is_some_and(|named| named == target_id);
        if of_target || scales(policy) {
            policies.extend(self::policy(reading, id, service, policy));
        }
    }
    Some(ScalingPlan { min, max, policies })
}

fn policy(reading: &mut Reading<'_>, id: &str, service: &str, policy: &Json) -> Option<TargetTracking> {
    let tracking = &policy["TargetTrackingScalingPolicyConfiguration"];
    let name = text(&policy["PolicyName"]).unwrap_or_else(|| id.to_owned());
    let named = &tracking["PredefinedMetricSpecification"]["PredefinedMetricType"];
    let metric = match text(named).as_deref() {
        Some("ECSServiceAverageCPUUtilization") => Metric::Cpu,
        Some("ALBRequestCountPerTarget") => Metric::RequestsPerTarget,
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
