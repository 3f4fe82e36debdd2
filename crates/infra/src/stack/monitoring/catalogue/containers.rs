//! Metrics of containers and load balancers.

use super::Known;

const ALB: &str = "AWS/ApplicationELB";
const ECS: &str = "AWS/ECS";
const INSIGHTS: &str = "ECS/ContainerInsights";

/// Metrics of the tasks of a service, by Container Insights.
///
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-ECS.html>
pub mod container_insights {
    use super::{INSIGHTS, Known};

    type OfService = Known<2>;
    const fn of_service(name: &'static str) -> OfService {
        Known::new(INSIGHTS, name, ["ClusterName", "ServiceName"])
    }

    /// Tasks that run.
    pub const RUNNING: OfService = of_service("RunningTaskCount");
    /// Tasks that should run.
    pub const DESIRED: OfService = of_service("DesiredTaskCount");
    /// Deployments: more than one while tasks take the place of others.
    pub const DEPLOYMENTS: OfService = of_service("DeploymentCount");
}

/// Metrics of a service.
///
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html>
pub mod ecs {
    use super::{ECS, Known};

    type OfService = Known<2>;
    const fn of_service(name: &'static str) -> OfService {
        Known::new(ECS, name, ["ClusterName", "ServiceName"])
    }

    /// Percent of the processors that its tasks have.
    pub const CPU: OfService = of_service("CPUUtilization");
    /// Percent of the memory that its tasks have.
    pub const MEMORY: OfService = of_service("MemoryUtilization");
}

/// Metrics of an application load balancer and of its target group.
///
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html>
pub mod alb {
    use super::{ALB, Known};

    type OfBalancer = Known<1>;
    type OfTargets = Known<2>;
    const fn of_balancer(name: &'static str) -> OfBalancer {
        Known::new(ALB, name, ["LoadBalancer"])
    }
    const fn of_targets(name: &'static str) -> OfTargets {
        Known::new(ALB, name, ["LoadBalancer", "TargetGroup"])
    }

    /// Requests.
    pub const COUNT: OfBalancer = of_balancer("RequestCount");
    /// Answers of 500 to 599 by the load balancer itself: no target took the request.
    pub const OWN_SERVER_ERRORS: OfBalancer = of_balancer("HTTPCode_ELB_5XX_Count");
    /// Connections refused because the load balancer had as many as it takes.
    pub const REJECTED: OfBalancer = of_balancer("RejectedConnectionCount");
    /// Answers of 400 to 499 by targets.
    pub const CLIENT_ERRORS: OfTargets = of_targets("HTTPCode_Target_4XX_Count");
    /// Answers of 500 to 599 by targets.
    pub const SERVER_ERRORS: OfTargets = of_targets("HTTPCode_Target_5XX_Count");
    /// Requests that reached targets.
    pub const TARGET_COUNT: OfTargets = of_targets("RequestCount");
    /// Seconds from the load balancer to the target and back.
    pub const LATENCY: OfTargets = of_targets("TargetResponseTime");
    /// Targets that take requests.
    pub const HEALTHY: OfTargets = of_targets("HealthyHostCount");
    /// Targets that do not.
    pub const UNHEALTHY: OfTargets = of_targets("UnHealthyHostCount");
}
