//! Changes to what holds data.

use serde_json::{Value, json};

use super::super::edit::{both, environment, named, of, remove, set, unset};
use super::{BUCKET, CLUSTER, FUNCTION, GROUP, HOME, Named, STANDBY, TABLE, TOPIC};

pub(super) fn changes() -> Vec<Named> {
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
        ("a bucket's objects are given without TLS", |all| {
            tls_denial(of(all, HOME, "AWS::S3::BucketPolicy"), |denial| {
                denial["Resource"].as_array_mut().expect("two").truncate(1);
            });
        }),
        ("a bucket is listed without TLS", |all| {
            tls_denial(of(all, HOME, "AWS::S3::BucketPolicy"), |denial| {
                denial["Resource"].as_array_mut().expect("two").remove(0);
            });
        }),
        ("a bucket refuses what comes without TLS to others' objects", |all| {
            tls_denial(of(all, HOME, "AWS::S3::BucketPolicy"), |denial| {
                denial["Resource"] = json!(["arn:aws:s3:::other", "arn:aws:s3:::other/*"]);
            });
        }),
        ("a bucket refuses some of what comes without TLS", |all| {
            tls_denial(of(all, HOME, "AWS::S3::BucketPolicy"), |denial| {
                denial["Condition"]["IpAddress"] = json!({ "aws:SourceIp": "10.0.0.0/8" });
            });
        }),
        ("a queue refuses what comes without TLS to another", |all| {
            tls_denial(of(all, HOME, "AWS::SQS::QueuePolicy"), |denial| {
                denial["Resource"] = json!("arn:aws:sqs:us-east-1:111122223333:other");
            });
        }),
        ("home's buckets are not replicated", |all| {
            remove(all, HOME, "AWS::CloudFormation::CustomResource", |one| {
                one["Properties"]["Action"] == "ReplicateBucket"
            });
        }),
        ("the standby's buckets are replicated to nowhere near", |all| {
            let rules = "ReplicationConfiguration/Rules/0/Destination/Bucket";
            set(of(all, STANDBY, BUCKET), rules, json!("arn:aws:s3:::other"));
        }),
        ("the standby's replication is paused", |all| {
            set(of(all, STANDBY, BUCKET), "ReplicationConfiguration/Rules/0/Status", json!("Disabled"));
        }),
        ("the standby's late copies are not noticed", |all| {
            let metrics = "ReplicationConfiguration/Rules/0/Destination/Metrics/Status";
            set(of(all, STANDBY, BUCKET), metrics, json!("Disabled"));
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

/// Changes what policies refuse without TLS.
fn tls_denial(policies: Vec<&mut Value>, change: impl Fn(&mut Value)) {
    for policy in policies {
        let statements = policy["Properties"]["PolicyDocument"]["Statement"].as_array_mut();
        let about_tls = |one: &&mut Value| !one["Condition"]["Bool"]["aws:SecureTransport"].is_null();
        statements.expect("statements").iter_mut().filter(about_tls).for_each(&change);
    }
}
