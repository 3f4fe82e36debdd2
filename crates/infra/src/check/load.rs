//! What callers ask of the containers in a minute, and how many of them that takes.

use recovery::Deployment;

use super::inventory::Inventory;
use super::services::Service;
use crate::packages::ORDERS_SERVICE;

/// Requests of callers for each order: it is placed, and asked for once. The estimate of costs reckons the same.
const REQUESTS_PER_ORDER: u64 = 2;
/// Requests for each write of a session: it is read as often.
const REQUESTS_PER_SESSION: u64 = 2;
/// Orders that one worker settles in a second: a batch of ten. Assumed; in the drill `burst` two of them kept up with
/// thirty ([what was seen](../../../../docs/drill-of-containers.md)).
const SETTLED_PER_WORKER_S: u64 = 10;
/// Seconds until scaling has brought what a jump of the load needs: three minutes above the target, by which a
/// policy that follows a target decides, and one in which tasks start and are found healthy. Assumed.
///
/// <https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking.html>
pub(super) const SCALED_OUT_S: u64 = 240;
const TRACKING: &str = "TargetTrackingScalingPolicyConfiguration";

/// What is asked of one service per minute: requests of `orders-service`, orders to settle of `orders-worker`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Demand {
    /// Steadily.
    pub(super) steady: u64,
    /// In a burst; the same where the deployment promises none.
    pub(super) burst: u64,
    /// What one task is meant to do.
    pub(super) per_task: u64,
}

impl Demand {
    /// Tasks that the burst takes.
    pub(super) fn tasks_in_burst(&self) -> u64 {
        self.burst.div_ceil(self.per_task.max(1))
    }
}

/// What the deployment's load asks of a service. `None` where it does not follow requests, so that nobody says
/// what a task is meant to carry.
pub(super) fn of(inventory: &Inventory, deployment: &Deployment, service: &Service<'_>) -> Option<Demand> {
    let load = &deployment.load;
    let sessions = u64::from(load.sessions_per_second);
    let (steady, burst) =
        (load.orders_per_second, load.burst_orders_per_second.unwrap_or(load.orders_per_second));
    let per_minute = |orders: u32| {
        let orders = u64::from(orders);
        let asked = orders * REQUESTS_PER_ORDER + sessions * REQUESTS_PER_SESSION;
        60 * if service.name == ORDERS_SERVICE { asked } else { orders }
    };
    let per_task = match service.name {
        ORDERS_SERVICE => requests_per_target(inventory, service)?,
        _ => SETTLED_PER_WORKER_S * 60,
    };
    Some(Demand { steady: per_minute(steady), burst: per_minute(burst), per_task })
}

/// Requests per minute and task that scaling aims at: what a task is meant to carry.
fn requests_per_target(inventory: &Inventory, service: &Service<'_>) -> Option<u64> {
    let range = service.range?;
    let policies = inventory.all("AWS::ApplicationAutoScaling::ScalingPolicy");
    let policies = policies.filter(|policy| policy.stack.name == range.stack.name);
    let mut own = policies.filter(|policy| {
        policy.referred(policy.get("ScalingTargetId")).is_some_and(|target| target.id == range.id)
    });
    let tracked = own.find(|policy| {
        policy.text(&format!("{TRACKING}/PredefinedMetricSpecification/PredefinedMetricType"))
            == Some("ALBRequestCountPerTarget")
    })?;
    let target = tracked.get(&format!("{TRACKING}/TargetValue")).as_f64()?;
    // A figure of the deployment file, within a million.
    Some(target.clamp(0.0, 1e9) as u64)
}

#[cfg(test)]
mod tests {
    //! Goal: what is carried and what is paid for is the same load. Method: the assumptions of the estimate.

    use super::*;
    use crate::cost::Assumptions;

    #[test]
    fn the_estimate_of_costs_reckons_with_the_same_requests() {
        let assumed = Assumptions::stated();
        assert_eq!(1 + assumed.lookups_per_order, REQUESTS_PER_ORDER);
        assert_eq!(1 + assumed.session_reads_per_write, REQUESTS_PER_SESSION);
    }

    #[test]
    fn a_burst_takes_whole_tasks() {
        let demand = Demand { steady: 480, burst: 3480, per_task: 360 };
        assert_eq!(demand.tasks_in_burst(), 10);
        assert_eq!(Demand { per_task: 300, ..demand }.tasks_in_burst(), 12);
    }
}
