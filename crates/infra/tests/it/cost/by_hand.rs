//! Costs computed by hand, with pencil and the price table.

use infra::check::{Inventory, Stack};
use infra::cost::{Estimate, Purpose};
use recovery::Deployment;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{estimate, usd};
use crate::deployment;

fn stack(region: &str, resources: &[(&str, Value)]) -> Stack {
    let resources = resources.iter().enumerate().map(|(id, (kind, properties))| {
        (format!("R{id}"), json!({ "Type": kind, "Properties": properties }))
    });
    Stack {
        name: format!("TapStack-Made-{region}-production"),
        account: "111122223333".to_owned(),
        region: region.to_owned(),
        template: json!({ "Resources": resources.collect::<serde_json::Map<_, _>>() }),
    }
}

fn of(stacks: Vec<Stack>) -> Estimate {
    let estimate = estimate(&Inventory { stacks }, &deployment());
    assert_eq!(estimate.not_priced, []);
    estimate
}

/// Amounts, by what they are for.
fn amounts(estimate: &Estimate) -> Vec<(&str, String)> {
    estimate.items.iter().map(|item| (item.what.as_str(), item.monthly_usd.to_string())).collect()
}

#[test]
fn what_runs_all_the_time_costs_its_hours() {
    let metric = json!({ "MetricStat": { "Metric": {} } });
    let home = stack(
        "us-east-1",
        &[
            ("AWS::EC2::NatGateway", json!({})), // 729.6 h × 0.045 = 32.832, and 2 GB × 0.045 = 0.09
            ("AWS::EC2::EIP", json!({})),        // 729.6 h × 0.005 = 3.648
            ("AWS::KMS::Key", json!({})),        // 1, and 729.6 × 60 × 5 / 10,000 × 0.03 = 0.65664
            ("AWS::CloudWatch::Alarm", json!({ "Metrics": [metric, metric, { "Expression": "m0 + m1" }] })), // 0.20
            ("AWS::CloudWatch::Dashboard", json!({})), // 3
            (
                "AWS::RDS::DBInstance",
                json!({ "DBInstanceClass": "db.r6g.large", "Engine": "aurora-postgresql" }),
            ),
            // 729.6 h × 0.26 = 189.696
            ("AWS::Route53::HostedZone", json!({})), // 0.50, and 2,626,560 s / 10 s × 100 × 0.40 / 10⁶ = 10.50624
        ],
    );
    let check = json!({ "HealthCheckConfig": { "Type": "HTTPS", "RequestInterval": 10 } });
    let endpoint = json!({ "VpcEndpointType": "Interface", "SubnetIds": ["a", "b", "c"] });
    let standby = stack(
        "us-east-2",
        &[
            ("AWS::EC2::VPCEndpoint", endpoint), // 3 × 729.6 h × 0.01 = 21.888
            ("AWS::EC2::VPCEndpoint", json!({ "VpcEndpointType": "Gateway" })), // nothing
            ("AWS::Route53::HealthCheck", check), // 0.50, HTTPS 1, every 10 s 1
        ],
    );
    let estimate = of(vec![home, standby]);
    let [serving, standby, replication, recovery] = Purpose::ALL.map(|purpose| estimate.purpose_usd(purpose));
    assert_eq!(serving, usd("242.12888"));
    assert_eq!((standby, replication, recovery), (usd("21.888"), Decimal::ZERO, usd("2.5")));
    assert_eq!(estimate.total_usd, usd("266.51688"));
}

#[test]
fn what_is_paid_by_use_costs_what_the_load_makes() {
    let function = json!({ "FunctionName": "function-orders-api-production", "MemorySize": 512 });
    let home = stack(
        "us-east-1",
        &[
            ("AWS::ApiGateway::Stage", json!({})),
            ("AWS::SQS::Queue", json!({ "QueueName": "queue-orders-production" })),
            ("AWS::SQS::Queue", json!({ "QueueName": "queue-orders-dead-letter-production" })),
            ("AWS::Lambda::Function", function),
        ],
    );
    // In a month: 65.664 million orders, as many look-ups, 13.1328 million session writes and as many reads, which
    // makes 157.5936 million requests.
    let expected = [
        ("clients' requests of the API", "551.5776"), // × 3.50
        ("metrics of our services", "1.8"),           // six of them × 0.30
        ("invocations of function-orders-api-production", "31.51872"), // × 0.20
        ("time of function-orders-api-production", "26.2656525312"), // × 20 ms × 0.5 GB × 0.0000166667
        ("requests to the order queue", "53.581824"), // 65.664 sent, 32.832 batches × 2, 2.62656 waiting, × 0.40
        ("answers", "11.3467392"),                    // × 800 B × 0.09
    ];
    assert_eq!(amounts(&of(vec![home])), expected.map(|(what, amount)| (what, amount.to_owned())));
}

fn journal(deployment: &Deployment) -> Value {
    let replica = |region: &str| {
        json!({
            "Region": region,
            "PointInTimeRecoverySpecification": { "PointInTimeRecoveryEnabled": true },
        })
    };
    json!({
        "TableName": deployment.names().journal_table(),
        "BillingMode": "PAY_PER_REQUEST",
        "MultiRegionConsistency": "STRONG",
        "GlobalTableWitnesses": [{ "Region": "us-west-2" }],
        "Replicas": [replica("us-east-2"), replica("us-east-1")],
    })
}

#[test]
fn a_write_to_the_journal_is_paid_for_in_each_region_and_on_the_way_there() {
    let deployment = deployment();
    let estimate = of(vec![stack("us-east-2", &[("AWS::DynamoDB::GlobalTable", journal(&deployment))])]);
    // 65.664 million writes × 0.625 = 41.04 in each of three regions; 0.525312 million renewals × 0.625 = 0.32832.
    let writes = |region: &str, purpose: Purpose| -> Decimal {
        let own = estimate.items.iter().filter(|item| {
            (item.region.as_str(), item.purpose, item.price.as_str()) == (region, purpose, "dynamodb-write")
        });
        own.map(|item| item.monthly_usd).sum()
    };
    assert_eq!(writes("us-east-1", Purpose::Serving), usd("41.04"));
    for region in ["us-east-2", "us-west-2"] {
        assert_eq!(writes(region, Purpose::Replication), usd("41.04"));
        assert_eq!(writes(region, Purpose::Recovery), usd("0.32832"));
    }
    let one = |price: &str| -> Vec<String> {
        let own = estimate.items.iter().filter(|item| item.price == price);
        own.map(|item| format!("{} {}", item.region, item.monthly_usd)).collect()
    };
    // (65.664 + 0.525312) million × 900 B = 59.570381 GB, at 0.01 to the east and at 0.02 to the west.
    assert_eq!(one("transfer-us-east-1-us-east-2"), ["us-east-1 0.59570381"]);
    assert_eq!(one("transfer-us-east-1-us-west-2"), ["us-east-1 1.19140762"]);
    // 65.664 million × 900 B × 12 = 709.1712 GB × 0.25, and × 0.20 to be restorable.
    assert_eq!(one("dynamodb-storage"), ["us-east-1 177.2928", "us-east-2 177.2928"]);
    assert_eq!(one("dynamodb-restorable"), ["us-east-1 141.83424", "us-east-2 141.83424"]);
}

#[test]
fn tasks_cost_their_size_and_their_hours_and_busy_hours_cost_more() {
    let service = json!({
        "ServiceName": "service-orders-service-production",
        "TaskDefinition": { "Ref": "R1" },
        "DesiredCount": 3,
        "CapacityProviderStrategy": [
            { "CapacityProvider": "FARGATE", "Base": 1, "Weight": 1 },
            { "CapacityProvider": "FARGATE_SPOT", "Weight": 1 },
        ],
    });
    let task = json!({ "Cpu": "512", "Memory": "1024", "RuntimePlatform": { "CpuArchitecture": "X86_64" } });
    let action = |schedule: &str, least: u64| json!({ "Schedule": schedule, "ScalableTargetAction": { "MinCapacity": least, "MaxCapacity": 8 } });
    let target = json!({
        "ResourceId": "service/cluster-orders-production/service-orders-service-production",
        "MinCapacity": 3,
        "ScheduledActions": [
            action("cron(0 12 ? * MON-FRI *)", 4),
            action("cron(30 21 ? * MON-FRI *)", 3),
        ],
    });
    let home = stack(
        "us-east-1",
        &[
            ("AWS::ECS::Service", service),
            ("AWS::ECS::TaskDefinition", task),
            ("AWS::ApplicationAutoScaling::ScalableTarget", target),
        ],
    );
    // One task of the floor's base and one of the two others on demand, and a fourth for 9.5 h on 22 days:
    // 2 × 729.6 + 209 = 1668.2 task-hours of half a processor and 1 GB; one task on Spot: 729.6.
    let expected = [
        ("metrics of our services", "1.8"),
        ("service-orders-service-production", "33.764368"),
        ("service-orders-service-production", "7.415149"),
        ("service-orders-service-production, Spot", "4.4301312"),
        ("service-orders-service-production, Spot", "0.9729216"),
    ];
    assert_eq!(amounts(&of(vec![home])), expected.map(|(what, amount)| (what, amount.to_owned())));
}

#[test]
fn a_cluster_a_balancer_and_scaling_cost_what_they_report_and_reach() {
    let metric = json!({ "MetricStat": { "Metric": {} } });
    let metrics = json!([metric, metric, { "Expression": "m0 / m1" }]);
    let home = stack(
        "us-east-1",
        &[
            (
                "AWS::ECS::Cluster", // 12 metrics, and 25 of its one service, × 0.30 = 11.10
                json!({ "ClusterSettings": [{ "Name": "containerInsights", "Value": "enabled" }] }),
            ),
            ("AWS::ECS::Service", json!({ "TaskDefinition": { "Ref": "R2" }, "DesiredCount": 1 })),
            // 729.6 h of a quarter of a processor and half a GB on Arm: 5.906112 and 1.298688
            (
                "AWS::ECS::TaskDefinition",
                json!({ "Cpu": "256", "Memory": "512", "RuntimePlatform": { "CpuArchitecture": "ARM64" } }),
            ),
            ("AWS::ElasticLoadBalancingV2::LoadBalancer", json!({ "Subnets": ["a", "b", "c"] })),
            // 729.6 h × 0.0225 = 16.416, × 0.008 = 5.8368, three addresses × 0.005 = 10.944, and the answers
            (
                "AWS::ApplicationAutoScaling::ScalingPolicy", // two alarms on one metric: 0.20
                json!({ "PolicyType": "TargetTrackingScaling" }),
            ),
            (
                "AWS::ApplicationAutoScaling::ScalingPolicy", // two alarms on two metrics: 0.40
                json!({
                    "PolicyType": "TargetTrackingScaling",
                    "TargetTrackingScalingPolicyConfiguration": {
                        "CustomizedMetricSpecification": { "Metrics": metrics },
                    },
                }),
            ),
            ("AWS::ECR::Repository", json!({})), // 1 GB × 0.10
        ],
    );
    let estimate = of(vec![home]);
    let of = |price: &str| -> Decimal {
        estimate.items.iter().filter(|item| item.price == price).map(|item| item.monthly_usd).sum()
    };
    for (price, amount) in [
        ("cloudwatch-metric", "11.1"),
        ("fargate-cpu-arm64", "5.906112"),
        ("fargate-memory-arm64", "1.298688"),
        ("alb-hours", "16.416"),
        ("alb-capacity", "5.8368"),
        ("public-address", "10.944"),
        ("transfer-out", "11.3467392"),
        ("cloudwatch-alarm", "0.6"),
        ("ecr-storage", "0.1"),
    ] {
        assert_eq!(of(price), usd(amount), "{price}");
    }
}

#[test]
fn a_backup_is_paid_for_here_and_where_it_is_copied_to_and_a_trail_by_its_data_events() {
    let vault = "arn:aws:backup:us-east-2:111122223333:backup-vault:vault-copies-production";
    let copy = json!({ "DestinationBackupVaultArn": vault, "Lifecycle": { "DeleteAfterDays": 10.0 } });
    let rule = json!({
        "ScheduleExpression": "cron(0 3 * * ? *)",
        "Lifecycle": { "DeleteAfterDays": 9 },
        "CopyActions": [copy],
    });
    let selected = [
        "arn:aws:rds:us-east-1:111122223333:cluster:cluster-orders-us-east-1-production",
        "arn:aws:dynamodb:us-east-1:111122223333:table/table-journal-production",
    ];
    let data = json!({ "FieldSelectors": [{ "Field": "eventCategory", "Equals": ["Data"] }] });
    let home = stack(
        "us-east-1",
        &[
            ("AWS::Backup::BackupPlan", json!({ "BackupPlan": { "BackupPlanRule": [rule] } })),
            ("AWS::Backup::BackupSelection", json!({ "BackupSelection": { "Resources": selected } })),
            ("AWS::RDS::DBCluster", json!({ "BackupRetentionPeriod": 7 })),
            ("AWS::CloudTrail::Trail", json!({ "AdvancedEventSelectors": [data] })), // 100,000 × 0.10 / 100,000
            ("AWS::CloudTrail::Trail", json!({})), // the first copy of management events costs nothing
            ("AWS::SNS::Topic", json!({})),        // 200 × 0.50 / 10⁶
            ("AWS::Events::EventBus", json!({})),  // 500 × 1.00 / 10⁶
        ],
    );
    let estimate = of(vec![home]);
    let of = |region: &str, price: &str| -> Decimal {
        let own = estimate
            .items
            .iter()
            .filter(|item| (item.region.as_str(), item.price.as_str()) == (region, price));
        own.map(|item| item.monthly_usd).sum()
    };
    // After a year the database has 65.664 million × 2000 B × 12 = 1575.936 GB, the journal 709.1712 GB. Nine nights
    // of the database are kept, of which the cluster's own seven cost nothing, and nine of the whole journal; of the
    // copies ten of each, and each night's crosses whole: 2285.1072 × 30.4 = 69467.25888 GB.
    for (region, price, amount) in [
        ("us-east-1", "backup-aurora", "66.189312"), // 1575.936 × 2 × 0.021
        ("us-east-1", "backup-dynamodb", "638.25408"), // 709.1712 × 9 × 0.10
        ("us-east-2", "backup-aurora", "330.94656"), // 1575.936 × 10 × 0.021
        ("us-east-2", "backup-dynamodb", "709.1712"), // 709.1712 × 10 × 0.10
        ("us-east-1", "transfer-us-east-1-us-east-2", "694.6725888"), // × 0.01
        ("us-east-1", "cloudtrail-data", "0.1"),
        ("us-east-1", "sns-publish", "0.0001"),
        ("us-east-1", "eventbridge", "0.0005"),
    ] {
        assert_eq!(of(region, price), usd(amount), "{price} in {region}");
    }
}
