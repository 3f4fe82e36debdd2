//! Changes of a deployment with containers, each of which breaks one property.

use infra::check::Inventory;
use serde_json::{Value, json};

use super::changes::Named;
use super::edit::{allow, both, drop_poison, environment, named, of, open, remove, set};

const HOME: &str = "us-east-1";
const STANDBY: &str = "us-west-2";
const ALARM: &str = "AWS::CloudWatch::Alarm";
const BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";
const EGRESS: &str = "AWS::EC2::SecurityGroupEgress";
const FIREWALL: &str = "AWS::WAFv2::WebACL";
const FUNCTION: &str = "AWS::Lambda::Function";
const GROUP: &str = "AWS::RDS::DBClusterParameterGroup";
const LISTENER: &str = "AWS::ElasticLoadBalancingV2::Listener";
const RANGE: &str = "AWS::ApplicationAutoScaling::ScalableTarget";
const SECURITY_GROUP: &str = "AWS::EC2::SecurityGroup";
const SERVICE: &str = "AWS::ECS::Service";
const TASK: &str = "AWS::ECS::TaskDefinition";

/// Every change.
pub fn all() -> Vec<Named> {
    [capacity(), rollouts(), confinement(), front(), admission(), connections(), surroundings()].concat()
}

fn capacity() -> Vec<Named> {
    vec![
        ("the standby's service has a smaller floor", |all| {
            set(named(of(all, STANDBY, RANGE), "ResourceId", API), "MinCapacity", json!(2));
        }),
        ("nights have no tasks in either region", |all| {
            let ranges = named(both(all, RANGE), "ResourceId", API);
            set(ranges, "ScheduledActions/1/ScalableTargetAction/MinCapacity", json!(0));
        }),
        ("the service that answers desires no task", |all| {
            set(named(both(all, SERVICE), "ServiceName", "service-orders-service"), "DesiredCount", json!(0));
        }),
        ("no worker is kept", |all| {
            set(named(both(all, RANGE), "ResourceId", WORKER), "MinCapacity", json!(0));
        }),
        ("a burst takes more tasks than there may be", |all| {
            set(named(of(all, STANDBY, RANGE), "ResourceId", API), "MaxCapacity", json!(9));
        }),
        ("recovery knows another floor", |all| {
            environment(
                of(all, STANDBY, FUNCTION),
                "SERVICES",
                "service-orders-service-production-west=1,service-orders-worker-production-west=2",
            );
        }),
        ("the standby has no service that answers", |all| {
            remove(all, STANDBY, SERVICE, |one| {
                one["Properties"]["ServiceName"] == "service-orders-service-production-west"
            });
        }),
    ]
}

fn rollouts() -> Vec<Named> {
    vec![
        ("a bad deployment stays", |all| {
            let breaker = "DeploymentConfiguration/DeploymentCircuitBreaker/Rollback";
            set(of(all, HOME, SERVICE), breaker, json!(false));
        }),
        ("half of the tasks go before others come", |all| {
            set(of(all, HOME, SERVICE), "DeploymentConfiguration/MinimumHealthyPercent", json!(50));
        }),
        ("a task is ended in the middle of its requests", |all| {
            set(both(all, TASK), "ContainerDefinitions/0/StopTimeout", json!(10));
        }),
        ("the standby runs another image", |all| {
            set(of(all, STANDBY, TASK), "ContainerDefinitions/0/Image", json!("repository:other"));
        }),
        ("the standby's tasks are smaller", |all| set(of(all, STANDBY, TASK), "Cpu", json!("256"))),
        ("the standby's tasks know another number of shards", |all| {
            setting(of(all, STANDBY, TASK), "JOURNAL_SHARDS", "3");
        }),
    ]
}

fn confinement() -> Vec<Named> {
    vec![
        ("tasks run as root", |all| set(of(all, HOME, TASK), "ContainerDefinitions/0/User", json!("0"))),
        ("tasks may write their file system", |all| {
            set(of(all, HOME, TASK), "ContainerDefinitions/0/ReadonlyRootFilesystem", json!(false));
        }),
        ("tasks are privileged", |all| {
            set(of(all, HOME, TASK), "ContainerDefinitions/0/Privileged", json!(true));
        }),
        ("tasks have public addresses", |all| {
            let public = "NetworkConfiguration/AwsvpcConfiguration/AssignPublicIp";
            set(of(all, HOME, SERVICE), public, json!("ENABLED"));
        }),
        ("people may run commands in tasks", |all| {
            set(of(all, HOME, SERVICE), "EnableExecuteCommand", json!(true));
        }),
        ("a task may send to a queue of the other region", |all| {
            let queue = "arn:aws:sqs:us-east-1:1:queue";
            allow(of(all, STANDBY, "AWS::IAM::Role"), "role-orders-service", &["sqs:SendMessage"], queue);
        }),
        ("a task takes a database without TLS", |all| setting(of(all, HOME, TASK), "DATABASE_TLS", "prefer")),
    ]
}

fn front() -> Vec<Named> {
    vec![
        ("a load balancer listens for plain HTTP", |all| {
            set(of(all, HOME, LISTENER), "Protocol", json!("HTTP"));
        }),
        ("a load balancer takes TLS 1.0", |all| {
            set(of(all, HOME, LISTENER), "SslPolicy", json!("ELBSecurityPolicy-2016-08"));
        }),
        ("whatever is no route goes to the tasks", |all| {
            set(of(all, HOME, LISTENER), "DefaultActions/0/Type", json!("forward"));
        }),
        ("malformed headers are passed on", |all| {
            attribute(of(all, HOME, BALANCER), "routing.http.drop_invalid_header_fields.enabled", "false");
        }),
        ("nothing is logged of requests", |all| {
            attribute(of(all, HOME, BALANCER), "access_logs.s3.enabled", "false");
        }),
        ("the log of requests stays in its region", |all| {
            let buckets = named(of(all, STANDBY, "AWS::S3::Bucket"), "BucketName", "bucket-access");
            set(buckets, "ReplicationConfiguration/Rules/0/Status", json!("Disabled"));
        }),
        ("the copy of a log goes with the log", |all| {
            let buckets = named(of(all, HOME, "AWS::S3::Bucket"), "BucketName", "bucket-access");
            set(buckets, "ReplicationConfiguration/Rules/0/DeleteMarkerReplication/Status", json!("Enabled"));
        }),
        ("a load balancer is protected against deletion", |all| {
            attribute(of(all, HOME, BALANCER), "deletion_protection.enabled", "true");
        }),
        ("a load balancer has no firewall", |all| {
            remove(all, HOME, "AWS::WAFv2::WebACLAssociation", |_| true);
        }),
        ("a load balancer is in one zone", |all| set(of(all, HOME, BALANCER), "Subnets", json!(["s"]))),
        ("the standby has no load balancer", |all| remove(all, STANDBY, BALANCER, |_| true)),
        ("the tasks' port is open to the world", |all| open(all, HOME, 8080)),
    ]
}

fn admission() -> Vec<Named> {
    vec![
        ("the firewall refuses everybody while all ask too much", |all| {
            set(of(all, HOME, FIREWALL), "Rules/3/Action", json!({ "Block": {} }));
        }),
        ("whoever comes from elsewhere is only counted", |all| {
            set(of(all, HOME, FIREWALL), "Rules/2/Action", json!({ "Count": {} }));
        }),
        ("orders are left open with health", |all| {
            let open =
                "Rules/2/Statement/AndStatement/Statements/1/NotStatement/Statement/RegexMatchStatement";
            set(
                of(all, STANDBY, FIREWALL),
                &format!("{open}/RegexString"),
                json!("^(/live)?/(health/live|orders)$"),
            );
        }),
        ("half of the world is let in", |all| {
            set(of(all, HOME, "AWS::WAFv2::IPSet"), "Addresses/0", json!("0.0.0.0/1"));
        }),
        ("one address may ask a fifth of what all may", |all| {
            set(both(all, FIREWALL), "Rules/0/Statement/RateBasedStatement/Limit", json!(2400));
        }),
        ("nobody hears of refused addresses", |all| {
            let alarms = named(both(all, ALARM), "AlarmName", "alarm-address-refused");
            set(alarms, "Metrics", json!([]));
        }),
        ("nobody hears that all ask too much", |all| {
            let alarms = named(both(all, ALARM), "AlarmName", "alarm-load-beyond-rate");
            set(alarms, "MetricName", json!("AllowedRequests"));
        }),
        ("containers may send anywhere", |all| {
            for rule in of(all, HOME, EGRESS) {
                if rule["Properties"]["DestinationPrefixListId"].is_string() {
                    rule["Properties"] =
                        json!({ "GroupId": rule["Properties"]["GroupId"], "CidrIp": "0.0.0.0/0" });
                }
            }
        }),
        ("containers may send anywhere by a rule of another stack", |all| {
            for rule in of(all, STANDBY, EGRESS) {
                if rule["Properties"]["GroupId"].to_string().contains("task-security-group") {
                    rule["Properties"]["CidrIp"] = "0.0.0.0/0".into();
                }
            }
        }),
        ("the group of the containers has no rule", |all| {
            set(
                named(of(all, HOME, SECURITY_GROUP), "GroupName", "group-tasks"),
                "SecurityGroupEgress",
                json!([]),
            );
        }),
    ]
}

fn connections() -> Vec<Named> {
    vec![
        ("a cluster takes a hundred connections", |all| {
            set(both(all, GROUP), "Parameters/max_connections", json!("100"));
        }),
        ("a cluster takes more connections than it has memory for", |all| {
            set(both(all, GROUP), "Parameters/max_connections", json!("5000"));
        }),
        ("a cluster does not say how many it takes", |all| {
            for group in both(all, GROUP) {
                let parameters = group["Properties"]["Parameters"].as_object_mut().expect("parameters");
                parameters.remove("max_connections");
            }
        }),
        ("there may be ten times as many tasks", |all| set(both(all, RANGE), "MaxCapacity", json!(100))),
        ("a task keeps any number of connections", |all| {
            for task in both(all, TASK) {
                let container = &mut task["Properties"]["ContainerDefinitions"][0];
                let environment = container["Environment"].as_array_mut().expect("an environment");
                environment.retain(|one| one["Name"] != "STANDFAST_DATABASE_CONNECTIONS");
            }
        }),
    ]
}

fn surroundings() -> Vec<Named> {
    vec![
        ("the lag may grow to the recovery point unheard", |all| {
            for alarm in lag_alarms(all) {
                set(vec![alarm], "Threshold", json!(900_000));
            }
        }),
        ("the order queue has no dead-letter queue", |all| drop_poison(all, HOME)),
        ("a cluster's name lacks the environment", |all| {
            set(of(all, HOME, "AWS::ECS::Cluster"), "ClusterName", json!("cluster-orders"));
        }),
    ]
}

/// How the range of the service that answers is named, and the worker's.
const API: &str = "service/cluster-orders-production-west/service-orders-service";
const WORKER: &str = "service/cluster-orders-production-west/service-orders-worker";

fn lag_alarms(all: &mut Inventory) -> Vec<&mut Value> {
    let alarms = both(all, ALARM).into_iter();
    alarms.filter(|alarm| alarm.to_string().contains("AuroraGlobalDB")).collect()
}

/// Sets an attribute of load balancers.
fn attribute(balancers: Vec<&mut Value>, key: &str, value: &str) {
    for balancer in balancers {
        let attributes = balancer["Properties"]["LoadBalancerAttributes"].as_array_mut();
        for one in attributes.expect("attributes").iter_mut().filter(|one| one["Key"] == key) {
            one["Value"] = value.into();
        }
    }
}

/// Changes a setting of containers.
fn setting(tasks: Vec<&mut Value>, setting: &str, value: &str) {
    let name = format!("STANDFAST_{setting}");
    for task in tasks {
        let environment = task["Properties"]["ContainerDefinitions"][0]["Environment"].as_array_mut();
        for one in environment.expect("an environment").iter_mut().filter(|one| one["Name"] == *name) {
            one["Value"] = value.into();
        }
    }
}
