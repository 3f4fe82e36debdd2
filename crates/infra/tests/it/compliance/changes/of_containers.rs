//! The changes of a deployment of containers, with a trail and a plan of backups.

use serde_json::json;

use super::{Change, HOME};
use crate::mutations::edit::{both, named, of, remove, set, unset};

const LISTENER: &str = "AWS::ElasticLoadBalancingV2::Listener";
const TRAIL: &str = "AWS::CloudTrail::Trail";

/// Each change, and the evidence that it takes away.
pub fn all() -> Vec<(&'static str, Change, &'static str)> {
    [containers(), trail_and_backups()].concat()
}

fn trail_and_backups() -> Vec<(&'static str, Change, &'static str)> {
    vec![
        (
            "the trail is of one region",
            |all| set(both(all, TRAIL), "IsMultiRegionTrail", json!(false)),
            "trail-all-regions",
        ),
        ("the trail is stopped", |all| set(both(all, TRAIL), "IsLogging", json!(false)), "trail-all-regions"),
        (
            "records of the trail are not signed",
            |all| set(both(all, TRAIL), "EnableLogFileValidation", json!(false)),
            "trail-validated",
        ),
        ("the trail has no key", |all| unset(both(all, TRAIL), "KMSKeyId"), "trail-own-key"),
        (
            "the trail writes into a bucket of somebody else",
            |all| set(both(all, TRAIL), "S3BucketName", json!("bucket-of-somebody")),
            "trail-in-audit-bucket",
        ),
        (
            "nobody hears that the trail is stopped",
            |all| {
                let alarms = named(both(all, "AWS::CloudWatch::Alarm"), "AlarmName", "alarm-trail-changed");
                unset(alarms, "AlarmActions");
            },
            "trail-changes-alarmed",
        ),
        (
            "home is not backed up by the plan",
            |all| remove(all, HOME, "AWS::Backup::BackupSelection", |_| true),
            "backup-plan",
        ),
        (
            "copies of backups stay in their region",
            |all| {
                let copies = "BackupPlan/BackupPlanRule/0/CopyActions/0/DestinationBackupVaultArn";
                let own = "arn:aws:backup:us-east-1:111122223333:backup-vault:vault";
                set(of(all, HOME, "AWS::Backup::BackupPlan"), copies, json!(own));
            },
            "backup-copies",
        ),
        (
            "a vault has no key",
            |all| unset(of(all, HOME, "AWS::Backup::BackupVault"), "EncryptionKeyArn"),
            "backup-vaults-own-keys",
        ),
    ]
}

fn containers() -> Vec<(&'static str, Change, &'static str)> {
    vec![
        (
            "a deployment that fails stays",
            |all| {
                let rollback = "DeploymentConfiguration/DeploymentCircuitBreaker/Rollback";
                set(of(all, HOME, "AWS::ECS::Service"), rollback, json!(false));
            },
            "rollback",
        ),
        (
            "a service has no task at rest",
            |all| {
                let services = of(all, HOME, "AWS::ECS::Service");
                set(named(services, "ServiceName", "service-orders-worker"), "DesiredCount", json!(0));
            },
            "recovery-capacity",
        ),
        (
            "the load balancer listens without TLS",
            |all| set(of(all, HOME, LISTENER), "Protocol", json!("HTTP")),
            "edge-tls",
        ),
        (
            "the load balancer takes TLS 1.0",
            |all| set(of(all, HOME, LISTENER), "SslPolicy", json!("ELBSecurityPolicy-2016-08")),
            "edge-tls",
        ),
        (
            "the load balancer logs nothing",
            |all| {
                for balancer in of(all, HOME, "AWS::ElasticLoadBalancingV2::LoadBalancer") {
                    for attribute in
                        balancer["Properties"]["LoadBalancerAttributes"].as_array_mut().expect("attributes")
                    {
                        if attribute["Key"] == "access_logs.s3.enabled" {
                            attribute["Value"] = json!("false");
                        }
                    }
                }
            },
            "access-logged",
        ),
        (
            "images come from another continent",
            |all| {
                let task = "ContainerDefinitions/0/Image";
                let image = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/repository-orders-production:1";
                set(of(all, HOME, "AWS::ECS::TaskDefinition"), task, json!(image));
            },
            "residency",
        ),
    ]
}
