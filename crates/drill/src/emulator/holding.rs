//! What the emulator holds, and what of it a teardown left behind.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// One thing in the emulator.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Holding {
    /// Service, by the emulator's name for it.
    pub service: String,
    /// What kind of thing, by the emulator's name for its store.
    pub kind: String,
    /// Region; empty for what belongs to no region.
    pub region: String,
    /// Its name or id.
    pub key: String,
    /// How far its removal is, for what is removed in stages.
    pub state: Option<String>,
}

/// What is still there after a teardown and was not there before the deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Remains {
    /// What a deployment made and a teardown should have removed.
    pub orphans: Vec<Holding>,
    /// What belongs to the account or stays for a while in AWS too, each with the reason.
    pub expected: Vec<(Holding, &'static str)>,
}

impl Remains {
    /// Sorts what is there `after` and was not there `before`.
    pub fn between(before: &[Holding], after: &[Holding]) -> Self {
        let before: BTreeSet<_> = before.iter().map(Holding::identity).collect();
        let mut remains = Self::default();
        for holding in after.iter().filter(|holding| !before.contains(&holding.identity())) {
            match holding.reason_to_stay() {
                Some(reason) => remains.expected.push((holding.clone(), reason)),
                None => remains.orphans.push(holding.clone()),
            }
        }
        remains
    }
}

/// Marks of the CDK's bootstrap stack, which belongs to the account.
const BOOTSTRAP: [&str; 3] = ["hnb659fds", "CDKToolkit", "cdk-bootstrap"];

impl Holding {
    fn identity(&self) -> (&str, &str, &str, &str) {
        (&self.service, &self.kind, &self.region, &self.key)
    }

    /// Why it may outlive the stacks; `None` when it may not.
    fn reason_to_stay(&self) -> Option<&'static str> {
        let (key, state) = (self.key.as_str(), self.state.as_deref());
        if BOOTSTRAP.iter().any(|mark| key.contains(mark)) {
            return Some("the account's bootstrap stack, which serves every deployment");
        }
        match (self.service.as_str(), self.kind.as_str()) {
            ("cloudformation", "stacks") if state == Some("DELETE_COMPLETE") => Some(HISTORY),
            ("cloudformation", "stack_events") => Some(HISTORY),
            ("cloudwatch", "alarm_history") => Some(ALARMS),
            ("cloudwatch", "metrics") => Some(METRICS),
            ("ecs", "services" | "task_defs") if state == Some("INACTIVE") => Some(CONTAINERS),
            ("ecs", "tasks") if state == Some("STOPPED") => Some(CONTAINERS),
            ("ecs", "tags") if key.contains(":service/") || key.contains(":task-definition/") => {
                Some(CONTAINERS)
            }
            ("ecs", "task_def_latest") => Some(COUNTERS),
            ("kms", "keys") if state == Some("PendingDeletion") => Some("a deleted key waits for seven days"),
            ("dynamodb", "closed_streams") => Some("a stream can be read for a day after its table is gone"),
            ("apigateway_v1", "account_settings") => Some("a setting of the account"),
            ("ec2", _) if key.contains("-000000") => Some("the account's default network"),
            ("elasticache", _) if key.starts_with("default.") => Some(DEFAULTS),
            ("scheduler", "schedule_groups") | ("eventbridge", "event_buses") if key == "default" => {
                Some(DEFAULTS)
            }
            ("eventbridge", "events_log") => Some(COUNTERS),
            ("iam", "aws_managed_attachment_counts") if key.contains(":aws:policy/") => Some(COUNTERS),
            ("route53", "caller_refs") | ("s3", "completed_multipart_uploads") => Some(COUNTERS),
            _ => None,
        }
    }
}

const HISTORY: &str = "CloudFormation remembers deleted stacks for ninety days";
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarmHistory.html>
const ALARMS: &str = "CloudWatch keeps the history of an alarm that is deleted";
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#Metric>
const METRICS: &str = "nobody can delete a metric; CloudWatch forgets it after fifteen months";
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteService.html> and
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeregisterTaskDefinition.html>
const CONTAINERS: &str = "ECS goes on showing inactive services and task definitions, and tasks that stopped";
const DEFAULTS: &str = "what every account has";
const COUNTERS: &str = "the emulator's own bookkeeping";

#[cfg(test)]
mod tests {
    // Goal: a teardown that leaves anything of a deployment is found out, and what must stay is told
    // apart from it. Method: lists that differ in one thing each.
    use super::*;

    fn holding(service: &str, kind: &str, key: &str, state: Option<&str>) -> Holding {
        let [service, kind, key] = [service, kind, key].map(str::to_owned);
        Holding { service, kind, region: "us-east-1".into(), key, state: state.map(str::to_owned) }
    }

    #[test]
    fn what_a_teardown_leaves_is_an_orphan_unless_it_has_a_reason_to_stay() {
        let before = [holding("sqs", "queues", "not-ours", None)];
        let cases = [
            (holding("sqs", "queues", "queue-orders-production", None), false),
            (holding("kms", "keys", "1234", Some("Enabled")), false),
            (holding("kms", "keys", "1234", Some("PendingDeletion")), true),
            (holding("cloudwatch", "alarms", "alarm-queue-age-production", None), false),
            (holding("cloudwatch", "alarm_history", "entries", None), true),
            (holding("cloudwatch", "metrics", "('AWS/Lambda', 'Errors')", None), true),
            (holding("ecs", "services", "service-orders-service-production", Some("ACTIVE")), false),
            (holding("ecs", "services", "service-orders-service-production", Some("INACTIVE")), true),
            (holding("ecs", "task_defs", "task-orders-worker-production:1", Some("ACTIVE")), false),
            (holding("ecs", "task_defs", "task-orders-worker-production:1", Some("INACTIVE")), true),
            (holding("ecs", "tasks", "task/cluster-orders-production/1", Some("RUNNING")), false),
            (holding("ecs", "tasks", "task/cluster-orders-production/1", Some("STOPPED")), true),
            (
                holding("ecs", "tags", "arn:aws:ecs:us-east-1:1:cluster/cluster-orders-production", None),
                false,
            ),
            (holding("cloudformation", "stacks", "TapStack-Dns", Some("DELETE_FAILED")), false),
            (holding("cloudformation", "stacks", "TapStack-Dns", Some("DELETE_COMPLETE")), true),
            (holding("s3", "buckets", "cdk-hnb659fds-assets-000000000000-us-east-1", None), true),
            (holding("ec2", "vpcs", "vpc-00000001", None), true),
            (holding("ec2", "vpcs", "vpc-dd158fc530210550e", None), false),
        ];
        for (left, may_stay) in cases {
            let after = [before[0].clone(), left.clone()];
            let remains = Remains::between(&before, &after);
            assert_eq!(remains.orphans.is_empty(), may_stay, "{left:?}");
            assert_eq!(remains.expected.len(), usize::from(may_stay), "{left:?}");
        }
        assert_eq!(Remains::between(&before, &before), Remains::default());
    }
}
