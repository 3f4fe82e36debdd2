//! Containers: services on Fargate, their load balancer, their images.

use rust_decimal::Decimal;

use super::{api, watching};
use crate::check::Resource;
use crate::cost::bill::{Bill, Charge};
use crate::cost::month::{Context, hours};
use crate::packages::{ORDER_PROCESSOR, ORDERS_API, ORDERS_SERVICE, ORDERS_WORKER};

/// Minutes of a day.
const DAY_MIN: u64 = 24 * 60;

/// A service, by how many of its tasks always run, how large each is, and on what.
pub(super) fn service(resource: &Resource<'_>, context: &Context<'_>, bill: &mut Bill<'_>) {
    let region = resource.stack.region.as_str();
    let Some(task) = resource.referred(resource.get("TaskDefinition")) else {
        return bill.leave_out(resource, "its task definition is not in the same stack");
    };
    let (Some(units), Some(memory_mib)) = (task.number("Cpu"), task.number("Memory")) else {
        return bill.leave_out(resource, "its task definition does not say how large a task is");
    };
    let arm = task.text("RuntimePlatform/CpuArchitecture") == Some("ARM64");
    let architecture = if arm { "arm64" } else { "x86_64" };
    let name = resource.text("ServiceName").unwrap_or_default();
    for (container, reports) in [(ORDERS_SERVICE, ORDERS_API), (ORDERS_WORKER, ORDER_PROCESSOR)] {
        if name == context.deployment.names().service(container) {
            watching::reported(resource, context, reports, bill);
        }
    }
    let (ordinary, spot) = task_hours(resource, context);
    let purpose = context.purpose(region);
    for (kind, what, hours) in
        [("fargate", name.to_owned(), ordinary), ("fargate-spot", format!("{name}, Spot"), spot)]
    {
        for (part, size) in [("cpu", units), ("memory", memory_mib)] {
            let price = format!("{kind}-{part}-{architecture}");
            let quantity = hours * Decimal::from(size) / Decimal::from(1024);
            bill.charge(resource, Charge { region, price: &price, what: &what, purpose, quantity });
        }
    }
}

/// What Container Insights reports of a cluster and its services, where it is on; its log is priced with its group.
pub(super) fn cluster(resource: &Resource<'_>, context: &Context<'_>, bill: &mut Bill<'_>) {
    let settings = resource.list("ClusterSettings").iter();
    let insights =
        settings.filter(|one| one["Name"] == "containerInsights").find_map(|one| one["Value"].as_str());
    match insights {
        None | Some("disabled") => return,
        Some("enabled") => {}
        Some(_) => {
            return bill.leave_out(resource, "the table has Container Insights in its ordinary form only");
        }
    }
    let region = resource.stack.region.as_str();
    let services = context.in_region(region, "AWS::ECS::Service").count() as u64;
    let assumed = context.assumed;
    let metrics = assumed.insights_cluster_metrics + services * assumed.insights_service_metrics;
    let (price, what) = ("cloudwatch-metric", "metrics of Container Insights");
    let purpose = context.purpose(region);
    bill.charge(resource, Charge { region, price, what, purpose, quantity: metrics.into() });
}

/// The alarms that target tracking makes of a policy: one to scale out and one to scale in, each on all its metrics.
///
/// <https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html>
pub(super) fn scaling_policy(resource: &Resource<'_>, context: &Context<'_>, bill: &mut Bill<'_>) {
    let region = resource.stack.region.as_str();
    if resource.text("PolicyType") != Some("TargetTrackingScaling") {
        return bill.leave_out(resource, "only target tracking is known to make its own alarms");
    }
    let own = resource.list("TargetTrackingScalingPolicyConfiguration/CustomizedMetricSpecification/Metrics");
    let metrics = own.iter().filter(|metric| metric["MetricStat"].is_object()).count().max(1) as u64;
    let (price, what, purpose) =
        ("cloudwatch-alarm", "metrics that scaling looks at", context.purpose(region));
    bill.charge(resource, Charge { region, price, what, purpose, quantity: (2 * metrics).into() });
}

/// Hours that tasks of a region run in a month, of all its services.
pub(super) fn all_task_hours(region: &str, context: &Context<'_>) -> Decimal {
    let services = context.in_region(region, "AWS::ECS::Service");
    services.map(|service| task_hours(&service, context)).map(|(ordinary, spot)| ordinary + spot).sum()
}

/// Hours of all tasks in a month: on demand, and on Spot. The load of an ordinary month needs the floor only.
fn task_hours(service: &Resource<'_>, context: &Context<'_>) -> (Decimal, Decimal) {
    let name = service.text("ServiceName").unwrap_or_default();
    let mut targets = context.in_region(&service.stack.region, "AWS::ApplicationAutoScaling::ScalableTarget");
    let of_service = |target: &Resource<'_>| {
        target.text("ResourceId").is_some_and(|id| !name.is_empty() && id.rsplit('/').next() == Some(name))
    };
    let target = targets.find(of_service);
    let least = target.and_then(|target| target.number("MinCapacity"));
    let floor = least.or_else(|| service.number("DesiredCount")).unwrap_or(1);
    let busier = target.map_or(Decimal::ZERO, |target| busier_hours(&target, floor, context));
    let (ordinary, spot) = shares(service, floor);
    (hours() * ordinary + busier, hours() * spot)
}

/// Tasks of the floor on demand and on Spot, by the service's capacity providers.
fn shares(service: &Resource<'_>, floor: u64) -> (Decimal, Decimal) {
    let providers = service.list("CapacityProviderStrategy");
    let of = |name: &str, field: &str| {
        let provider = providers.iter().find(|one| one["CapacityProvider"] == name);
        provider.and_then(|one| one[field].as_u64()).unwrap_or(0)
    };
    let weights = of("FARGATE", "Weight") + of("FARGATE_SPOT", "Weight");
    let base = of("FARGATE", "Base").min(floor);
    let others = Decimal::from(floor - base);
    let on_spot = others * Decimal::from(of("FARGATE_SPOT", "Weight")) / Decimal::from(weights.max(1));
    (Decimal::from(floor) - on_spot, on_spot)
}

/// Hours of the tasks that scheduled scaling keeps beyond the floor.
fn busier_hours(target: &Resource<'_>, floor: u64, context: &Context<'_>) -> Decimal {
    let actions: Vec<(u64, u64)> = target
        .list("ScheduledActions")
        .iter()
        .filter_map(|action| {
            let least = action["ScalableTargetAction"]["MinCapacity"].as_u64()?;
            Some((daily_min(action["Schedule"].as_str()?)?, least))
        })
        .collect();
    let busier = actions.iter().filter(|(_, least)| *least > floor);
    let each = busier.map(|(from, least)| {
        let minutes = |to: &u64| (to + DAY_MIN - from) % DAY_MIN;
        let until = actions.iter().map(|(to, _)| minutes(to)).filter(|lasts| *lasts > 0).min();
        Decimal::from((least - floor) * until.unwrap_or(DAY_MIN))
    });
    each.sum::<Decimal>() * Decimal::from(context.assumed.busy_days) / Decimal::from(60)
}

/// Minutes after midnight of `cron(30 21 ? * MON-FRI *)`.
fn daily_min(schedule: &str) -> Option<u64> {
    let mut fields = schedule.strip_prefix("cron(")?.split_whitespace();
    let minute: u64 = fields.next()?.parse().ok()?;
    let hour: u64 = fields.next()?.parse().ok()?;
    (minute < 60 && hour < 24).then_some(hour * 60 + minute)
}

/// A load balancer by the hour, by what it does, and by its addresses: one in each zone.
pub(super) fn load_balancer(resource: &Resource<'_>, context: &Context<'_>, bill: &mut Bill<'_>) {
    if resource.text("Type").is_some_and(|kind| kind != "application") {
        return bill.leave_out(resource, "the table has application load balancers only");
    }
    let region = resource.stack.region.as_str();
    let purpose = context.purpose(region);
    let public = resource.text("Scheme") != Some("internal");
    let zones = if public { resource.list("Subnets").len() as u64 } else { 0 };
    for (price, what, count) in [
        ("alb-hours", "load balancers", 1),
        ("alb-capacity", "what load balancers do", context.assumed.balancer_units),
        ("public-address", "public addresses", zones),
    ] {
        bill.charge(
            resource,
            Charge { region, price, what, purpose, quantity: hours() * Decimal::from(count) },
        );
    }
    api::answers(resource, context, bill);
}

/// A repository, by what it keeps.
pub(super) fn repository(resource: &Resource<'_>, context: &Context<'_>, bill: &mut Bill<'_>) {
    let region = resource.stack.region.as_str();
    let quantity = Decimal::from(context.assumed.image_gigabytes);
    let (price, what, purpose) = ("ecr-storage", "images", context.purpose(region));
    bill.charge(resource, Charge { region, price, what, purpose, quantity });
}

#[cfg(test)]
mod tests {
    //! Goal: a schedule's time of day is read, and nothing else is taken for one. Method: texts.

    use super::*;

    #[test]
    fn the_time_of_a_daily_schedule_is_in_minutes() {
        assert_eq!(daily_min("cron(30 21 ? * MON-FRI *)"), Some(21 * 60 + 30));
        for other in ["rate(1 day)", "cron(0/5 * ? * * *)", "cron(60 1 * * ? *)", "at(2026-01-01T00:00:00)"] {
            assert_eq!(daily_min(other), None, "{other}");
        }
    }
}
