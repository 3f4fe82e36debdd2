//! How many tasks there are above the floor.
//!
//! Nothing of a recovery waits for this: scaling follows the load of both regions' callers once one region
//! is gone, from a floor that carries it already.

use cdk::{Handle, Scope};
use cfn::applicationautoscaling::scalable_target::{ScalableTargetAction, ScheduledAction};
use cfn::applicationautoscaling::scaling_policy::{
    CustomizedMetricSpecification, PredefinedMetricSpecification, TargetTrackingMetric,
    TargetTrackingMetricDataQuery, TargetTrackingMetricDimension, TargetTrackingMetricStat,
    TargetTrackingScalingPolicyConfiguration,
};
use cfn::applicationautoscaling::{ScalableTarget, ScalingPolicy};
use recovery::deployment::{BusyHours, TimeOfDay};

use super::Part;
use crate::place::{Place, parameter as key};
use crate::stack::monitoring::catalogue::{container_insights, sqs};
use crate::stack::monitoring::metric::Metric;

/// What is scaled.
const DIMENSION: &str = "ecs:service:DesiredCount";
const NAMESPACE: &str = "ecs";
/// Seconds that new tasks are given before more are added: they start within these.
const OUT_S: i64 = 60;
/// Seconds for which less must do before tasks are taken away.
const IN_S: i64 = 300;
/// Orders that may wait per worker: some seconds of its work, and far less than the alarm on the queue's
/// age takes for late.
const BACKLOG_PER_TASK: f64 = 50.0;

/// Adds the range of a service, its busy hours and what it follows.
pub(super) fn add(scope: &mut Scope<'_>, place: &Place<'_>, part: Part<'_>, service: &Handle) {
    let names = place.names();
    let id = format!("service/{}/{}", names.cluster(), names.service(part.name));
    let mut target =
        ScalableTarget::new(i64::from(part.ceiling()), i64::from(part.floor()), id, DIMENSION, NAMESPACE);
    if let (true, Some(hours)) = (part.answers(), &part.of.busy_hours) {
        target = target.scheduled_actions(busy_hours(place, part, hours));
    }
    let target = scope.add("Range", target);
    scope.node(&target).depend_on(service);
    let follow = |what: &str, rule: TargetTrackingScalingPolicyConfiguration| {
        let name = names.resource("policy", &format!("{}-{what}", part.name));
        ScalingPolicy::new(name, "TargetTrackingScaling")
            .scaling_target_id(target.reference())
            .target_tracking_scaling_policy_configuration(
                rule.scale_out_cooldown(OUT_S).scale_in_cooldown(IN_S),
            )
    };
    scope.add("FollowProcessors", follow("processors", processors(part)));
    if part.answers() {
        scope.add("FollowRequests", follow("requests", requests(place, part)));
    } else {
        scope.add("FollowBacklog", follow("backlog", backlog(place, part)));
    }
}

fn processors(part: Part<'_>) -> TargetTrackingScalingPolicyConfiguration {
    TargetTrackingScalingPolicyConfiguration::new(f64::from(part.of.cpu_target_percent))
        .predefined_metric_specification(PredefinedMetricSpecification::new(
            "ECSServiceAverageCPUUtilization",
        ))
}

/// The label is the load balancer's name and the target group's, as metrics write them.
///
/// <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PredefinedMetricSpecification.html>
fn requests(place: &Place<'_>, part: Part<'_>) -> TargetTrackingScalingPolicyConfiguration {
    let (balancer, targets) =
        (place.parameter(key::LOAD_BALANCER_NAME), place.parameter(key::TARGET_GROUP_NAME));
    let metric = PredefinedMetricSpecification::new("ALBRequestCountPerTarget")
        .resource_label(format!("{balancer}/{targets}"));
    TargetTrackingScalingPolicyConfiguration::new(f64::from(part.of.requests_per_target))
        .predefined_metric_specification(metric)
}

/// Orders that wait, per worker that runs.
///
/// <https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking-metric-math.html>
fn backlog(place: &Place<'_>, part: Part<'_>) -> TargetTrackingScalingPolicyConfiguration {
    let names = place.names();
    let waiting = sqs::VISIBLE.of([names.order_queue()]).by("Maximum");
    let running = container_insights::RUNNING.of([names.cluster(), names.service(part.name)]).by("Average");
    let per_task = TargetTrackingMetricDataQuery::new()
        .id("backlog")
        .expression("waiting / IF(FILL(running, 1) > 0, FILL(running, 1), 1)")
        .label("orders that wait, per worker")
        .return_data(true);
    let metrics = [query("waiting", &waiting), query("running", &running), per_task];
    TargetTrackingScalingPolicyConfiguration::new(BACKLOG_PER_TASK)
        .customized_metric_specification(CustomizedMetricSpecification::new().metrics(metrics))
}

fn query(id: &str, metric: &Metric) -> TargetTrackingMetricDataQuery {
    let dimensions = metric
        .dimensions
        .iter()
        .map(|(name, value)| TargetTrackingMetricDimension::new().name(*name).value(value.clone()));
    let named = TargetTrackingMetric::new()
        .namespace(metric.namespace)
        .metric_name(metric.name)
        .dimensions(dimensions);
    TargetTrackingMetricDataQuery::new()
        .id(id)
        .metric_stat(TargetTrackingMetricStat::new().metric(named).stat(metric.statistic))
        .return_data(false)
}

/// More tasks before the load comes, and the floor again after it.
fn busy_hours(place: &Place<'_>, part: Part<'_>, hours: &BusyHours) -> [ScheduledAction; 2] {
    let at = |time: TimeOfDay, what: &str, tasks: u32| {
        let least = ScalableTargetAction::new()
            .min_capacity(i64::from(tasks))
            .max_capacity(i64::from(part.ceiling()));
        let when = format!("cron({} {} ? * MON-FRI *)", time.minute, time.hour);
        ScheduledAction::new(when, place.names().resource("schedule", &format!("{}-{what}", part.name)))
            .timezone("UTC")
            .scalable_target_action(least)
    };
    [at(hours.from, "busy", hours.api_tasks_min), at(hours.to, "quiet", part.floor())]
}
