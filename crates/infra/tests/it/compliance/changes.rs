//! The changes, each of which takes one piece of evidence away.

pub mod of_containers;

use infra::check::Inventory;
use serde_json::json;

use crate::mutations::edit::{both, named, of, remove, set, unset, workflow};

/// A change of templates.
pub type Change = fn(&mut Inventory);

const HOME: &str = "us-east-1";
const STANDBY: &str = "us-east-2";
const BUCKET: &str = "AWS::S3::Bucket";
const CLUSTER: &str = "AWS::RDS::DBCluster";
const TABLE: &str = "AWS::DynamoDB::GlobalTable";

/// Each change, and the evidence that it takes away.
pub fn all() -> Vec<(&'static str, Change, &'static str)> {
    [data(), places(), access(), audit(), recovery()].concat()
}

fn data() -> Vec<(&'static str, Change, &'static str)> {
    vec![
        (
            "a replica cannot be restored to a point in time",
            |all| {
                let way = "Replicas/1/PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled";
                set(named(both(all, TABLE), "TableName", "table-journal"), way, json!(false));
            },
            "tables-restorable",
        ),
        (
            "the standby keeps backups for a day",
            |all| set(of(all, STANDBY, CLUSTER), "BackupRetentionPeriod", json!(1)),
            "cluster-backups",
        ),
        (
            "a bucket keeps no versions",
            |all| unset(of(all, HOME, BUCKET), "VersioningConfiguration"),
            "buckets-versioned",
        ),
        (
            "the journal is consistent in the end only",
            |all| {
                let journal = named(both(all, TABLE), "TableName", "table-journal");
                set(journal, "MultiRegionConsistency", json!("EVENTUAL"));
            },
            "journal-in-two-regions",
        ),
        (
            "the journal has one replica",
            |all| {
                for table in named(both(all, TABLE), "TableName", "table-journal") {
                    table["Properties"]["Replicas"].as_array_mut().expect("replicas").truncate(1);
                }
            },
            "journal-in-two-regions",
        ),
    ]
}

fn places() -> Vec<(&'static str, Change, &'static str)> {
    vec![
        (
            "both instances of home are in one zone",
            |all| {
                let zone = json!({ "Fn::Select": [0, { "Fn::GetAZs": "" }] });
                set(of(all, HOME, "AWS::RDS::DBInstance"), "AvailabilityZone", zone);
            },
            "instances-in-two-zones",
        ),
        (
            "the standby's network is in one zone",
            |all| set(of(all, STANDBY, "AWS::EC2::Subnet"), "AvailabilityZone", json!("us-east-2a")),
            "networks-in-three-zones",
        ),
        (
            "the audit bucket of the standby is not replicated",
            |all| {
                unset(
                    named(of(all, STANDBY, BUCKET), "BucketName", "bucket-audit"),
                    "ReplicationConfiguration",
                )
            },
            "records-in-two-regions",
        ),
        (
            "the login has no replica",
            |all| unset(both(all, "AWS::SecretsManager::Secret"), "ReplicaRegions"),
            "login-in-two-regions",
        ),
        (
            "sessions are replicated to another continent",
            |all| {
                set(
                    named(both(all, TABLE), "TableName", "table-sessions"),
                    "Replicas/0/Region",
                    json!("eu-west-1"),
                )
            },
            "residency",
        ),
    ]
}

fn access() -> Vec<(&'static str, Change, &'static str)> {
    vec![
        (
            "a cluster is not encrypted",
            |all| set(of(all, HOME, CLUSTER), "StorageEncrypted", json!(false)),
            "clusters-own-keys",
        ),
        ("a cluster has AWS's own key", |all| unset(of(all, HOME, CLUSTER), "KmsKeyId"), "clusters-own-keys"),
        (
            "a key is not rotated",
            |all| set(of(all, HOME, "AWS::KMS::Key"), "EnableKeyRotation", json!(false)),
            "keys-rotated",
        ),
        (
            "the standby's database takes plain connections",
            |all| {
                set(
                    of(all, STANDBY, "AWS::RDS::DBClusterParameterGroup"),
                    "Parameters/rds.force_ssl",
                    json!("0"),
                );
            },
            "database-tls",
        ),
        (
            "the edge takes TLS 1.0",
            |all| set(of(all, HOME, "AWS::ApiGateway::DomainName"), "SecurityPolicy", json!("TLS_1_0")),
            "edge-tls",
        ),
        (
            "the standby's edge takes TLS 1.0",
            |all| set(of(all, STANDBY, "AWS::ApiGateway::DomainName"), "SecurityPolicy", json!("TLS_1_0")),
            "targets-over-tls",
        ),
        (
            "the firewall guards nothing in the standby",
            |all| remove(all, STANDBY, "AWS::WAFv2::WebACLAssociation", |_| true),
            "firewall",
        ),
        (
            "a bucket may be made public",
            |all| {
                set(
                    of(all, HOME, BUCKET),
                    "PublicAccessBlockConfiguration/RestrictPublicBuckets",
                    json!(false),
                );
            },
            "buckets-private",
        ),
        (
            "the login is not rotated",
            |all| remove(all, HOME, "AWS::SecretsManager::RotationSchedule", |_| true),
            "login-rotated",
        ),
        (
            "orders need no signature",
            |all| set(of(all, HOME, "AWS::ApiGateway::Method"), "AuthorizationType", json!("NONE")),
            "callers-sign",
        ),
    ]
}

fn audit() -> Vec<(&'static str, Change, &'static str)> {
    vec![
        (
            "records are deleted after a year",
            |all| {
                let buckets = named(both(all, BUCKET), "BucketName", "bucket-audit");
                set(buckets, "LifecycleConfiguration/Rules/0/ExpirationInDays", json!(365));
            },
            "records-for-five-years",
        ),
        (
            "access is not logged",
            |all| unset(of(all, HOME, "AWS::ApiGateway::Stage"), "AccessLogSetting"),
            "access-logged",
        ),
        (
            "a log has no key",
            |all| unset(of(all, HOME, "AWS::Logs::LogGroup"), "KmsKeyId"),
            "logs-under-keys",
        ),
        (
            "a log is kept for ever",
            |all| unset(of(all, HOME, "AWS::Logs::LogGroup"), "RetentionInDays"),
            "logs-end",
        ),
        (
            "the standby records refused traffic only",
            |all| set(of(all, STANDBY, "AWS::EC2::FlowLog"), "TrafficType", json!("REJECT")),
            "traffic-logged",
        ),
        (
            "executions are not logged",
            |all| {
                set(
                    both(all, "AWS::StepFunctions::StateMachine"),
                    "LoggingConfiguration/Level",
                    json!("OFF"),
                );
            },
            "executions-logged",
        ),
    ]
}

fn recovery() -> Vec<(&'static str, Change, &'static str)> {
    vec![
        (
            "the standby has no workflow",
            |all| remove(all, STANDBY, "AWS::StepFunctions::StateMachine", |_| true),
            "failover-workflow",
        ),
        (
            "a failover tells nobody of its failure",
            |all| {
                workflow(both(all, "AWS::StepFunctions::StateMachine"), |definition| {
                    definition["States"].as_object_mut().expect("states").remove("Escalate");
                });
            },
            "failover-escalates",
        ),
        (
            "the standby watches every hour",
            |all| {
                let schedules = of(all, STANDBY, "AWS::Scheduler::Schedule");
                set(named(schedules, "Name", "schedule-watch"), "ScheduleExpression", json!("rate(1 hour)"));
            },
            "watch",
        ),
        (
            "the standby's record has no health check",
            |all| {
                for record in both(all, "AWS::Route53::RecordSet") {
                    if record["Properties"]["Failover"] == "SECONDARY" {
                        unset(vec![record], "HealthCheckId");
                    }
                }
            },
            "failover-records",
        ),
        (
            "five checks in a row",
            |all| set(both(all, "AWS::Route53::HealthCheck"), "HealthCheckConfig/FailureThreshold", json!(5)),
            "budget",
        ),
        (
            "nobody hears of the replication lag in the standby",
            |all| {
                let alarms = of(all, STANDBY, "AWS::CloudWatch::Alarm");
                unset(named(alarms, "AlarmName", "alarm-replication-lag"), "AlarmActions");
            },
            "lag-alarmed",
        ),
        (
            "events stay in their region",
            |all| {
                remove(all, HOME, "AWS::Events::Rule", |one| {
                    one["Properties"]["Name"] == "rule-forwarding-production"
                })
            },
            "events-forwarded",
        ),
        (
            "no instance is kept for the steps",
            |all| {
                let functions = of(all, STANDBY, "AWS::Lambda::Function");
                unset(
                    named(functions, "FunctionName", "function-recovery-step"),
                    "ReservedConcurrentExecutions",
                );
            },
            "recovery-capacity",
        ),
    ]
}
