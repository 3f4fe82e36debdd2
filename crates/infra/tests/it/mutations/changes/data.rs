//! Changes to what holds data.

use serde_json::json;

use super::super::edit::{both, environment, named, of, remove, set, unset};
use super::{BUCKET, CLUSTER, Change, FUNCTION, GROUP, HOME, STANDBY, TABLE, TOPIC};

pub(super) fn changes() -> Vec<(&'static str, Change)> {
    vec![
        ("a cluster is retained", |all| {
            for cluster in of(all, HOME, CLUSTER) {
                cluster["DeletionPolicy"] = "Retain".into();
            }
        }),
        ("a cluster is protected against deletion", |all| {
            set(of(all, HOME, CLUSTER), "DeletionProtection", json!(true));
        }),
        ("a replica cannot be restored to a point in time", |all| {
            let journal = named(both(all, TABLE), "TableName", "table-journal");
            let enabled = "Replicas/1/PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled";
            set(journal, enabled, json!(false));
        }),
        ("a cluster keeps no backup", |all| set(of(all, HOME, CLUSTER), "BackupRetentionPeriod", json!(0))),
        ("a bucket is not versioned", |all| unset(of(all, HOME, BUCKET), "VersioningConfiguration")),
        ("a bucket is not encrypted", |all| unset(of(all, HOME, BUCKET), "BucketEncryption")),
        ("a bucket takes what comes without TLS", |all| {
            remove(all, HOME, "AWS::S3::BucketPolicy", |_| true);
        }),
        ("a bucket refuses only some calls without TLS", |all| {
            for policy in of(all, HOME, "AWS::S3::BucketPolicy") {
                policy["Properties"]["PolicyDocument"]["Statement"][0]["Action"] = "s3:GetObject".into();
            }
        }),
        ("the queues take what comes without TLS", |all| {
            remove(all, HOME, "AWS::SQS::QueuePolicy", |_| true);
        }),
        ("a cluster is not encrypted", |all| set(of(all, HOME, CLUSTER), "StorageEncrypted", json!(false))),
        ("a topic is not encrypted", |all| unset(of(all, HOME, TOPIC), "KmsMasterKeyId")),
        ("a log group is under AWS's own key", |all| {
            unset(of(all, STANDBY, "AWS::Logs::LogGroup"), "KmsKeyId");
        }),
        ("the master user's secret is under AWS's own key", |all| {
            unset(of(all, HOME, "AWS::SecretsManager::Secret"), "KmsKeyId");
        }),
        ("the databases take connections without TLS", |all| {
            set(both(all, GROUP), "Parameters/rds.force_ssl", json!("0"));
        }),
        ("a function takes a database without TLS", |all| {
            environment(of(all, HOME, FUNCTION), "DATABASE_TLS", "prefer")
        }),
    ]
}
