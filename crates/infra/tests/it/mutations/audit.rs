//! Changes that break audit, backup or residency.

use serde_json::json;

use super::changes::Named;
use super::edit::{add, allow, both, environment, named, of, remove, set, unset};

const HOME: &str = "us-east-1";
const STANDBY: &str = "us-east-2";
const TRAIL: &str = "AWS::CloudTrail::Trail";
const VAULT: &str = "AWS::Backup::BackupVault";
const PLAN: &str = "AWS::Backup::BackupPlan";
const RULE: &str = "BackupPlan/BackupPlanRule/0";
const ALARM: &str = "AWS::CloudWatch::Alarm";

/// Every change, in words and in code.
pub fn all() -> Vec<Named> {
    [trail(), backups(), residency()].concat()
}

fn trail() -> Vec<Named> {
    vec![
        ("there is no trail", |all| remove(all, STANDBY, TRAIL, |_| true)),
        ("the trail does not record", |all| set(both(all, TRAIL), "IsLogging", json!(false))),
        ("the trail records its own region only", |all| {
            set(both(all, TRAIL), "IsMultiRegionTrail", json!(false));
        }),
        ("the trail's files are not signed", |all| unset(both(all, TRAIL), "EnableLogFileValidation")),
        ("the trail's files are not under a key of ours", |all| unset(both(all, TRAIL), "KMSKeyId")),
        ("the trail goes into a bucket of somebody else", |all| {
            set(both(all, TRAIL), "S3BucketName", json!("bucket-of-somebody-production"));
        }),
        ("a second trail records the same", |all| {
            let second = json!({
                "IsLogging": true, "KMSKeyId": "k", "S3BucketName": "b", "TrailName": "trail-two-production",
            });
            add(all, HOME, "Audit", TRAIL, second);
        }),
    ]
}

fn backups() -> Vec<Named> {
    vec![
        ("nothing is backed up", |all| remove(all, HOME, PLAN, |_| true)),
        ("the copies have no vault", |all| remove(all, STANDBY, VAULT, |_| true)),
        ("backups are not copied", |all| {
            set(of(all, HOME, PLAN), &format!("{RULE}/CopyActions"), json!([]));
        }),
        ("copies are kept for a day", |all| {
            set(both(all, PLAN), &format!("{RULE}/CopyActions/0/Lifecycle/DeleteAfterDays"), json!(1));
        }),
        ("backups are kept for a day", |all| {
            set(both(all, PLAN), &format!("{RULE}/Lifecycle/DeleteAfterDays"), json!(1));
        }),
        ("the journal is not backed up", |all| {
            let cluster = "arn:aws:rds:us-east-1:111122223333:cluster:cluster-orders-us-east-1-production";
            set(of(all, HOME, "AWS::Backup::BackupSelection"), "BackupSelection/Resources", json!([cluster]));
        }),
        ("nobody misses a backup", |all| {
            remove(all, HOME, ALARM, |one| one["Properties"]["MetricName"] == "NumberOfBackupJobsCompleted");
        }),
        ("a night without a copy is taken for a good one", |all| {
            set(
                named(of(all, HOME, ALARM), "MetricName", "NumberOfCopyJobs"),
                "TreatMissingData",
                json!("notBreaching"),
            );
        }),
        ("an alarm on backups is where none are begun", |all| {
            let alarm = json!({
                "AlarmName": "alarm-backups-production", "Namespace": "AWS/Backup",
                "MetricName": "NumberOfBackupJobsCompleted", "TreatMissingData": "breaching",
                "AlarmActions": ["arn:aws:sns:us-east-2:111122223333:topic-alerts-production"],
            });
            add(all, STANDBY, "Audit", ALARM, alarm);
        }),
        ("a vault is not encrypted", |all| unset(of(all, HOME, VAULT), "EncryptionKeyArn")),
        ("a vault stays behind", |all| {
            for vault in of(all, HOME, VAULT) {
                vault["DeletionPolicy"] = "Retain".into();
            }
        }),
    ]
}

fn residency() -> Vec<Named> {
    vec![
        ("a stack is deployed into another region", |all| {
            let stack = all.stacks.iter_mut().find(|stack| stack.kind() == "NetworkPeering");
            "eu-west-1".clone_into(&mut stack.expect("there is one").region);
        }),
        ("the sessions have a replica in another region", |all| {
            let sessions = named(both(all, "AWS::DynamoDB::GlobalTable"), "TableName", "table-sessions");
            set(sessions, "Replicas/1/Region", json!("eu-west-1"));
        }),
        ("the sessions have a replica in the witness region", |all| {
            let sessions = named(both(all, "AWS::DynamoDB::GlobalTable"), "TableName", "table-sessions");
            set(sessions, "Replicas/1/Region", json!("us-west-2"));
        }),
        ("the login has a replica in another region", |all| {
            set(
                of(all, HOME, "AWS::SecretsManager::Secret"),
                "ReplicaRegions",
                json!([{ "Region": "ap-south-1" }]),
            );
        }),
        ("a bucket is replicated into one that is none of ours", |all| {
            set(
                of(all, STANDBY, "AWS::S3::Bucket"),
                "ReplicationConfiguration/Rules/0/Destination/Bucket",
                json!("arn:aws:s3:::bucket-of-somebody"),
            );
        }),
        ("home's bucket is replicated into another region", |all| {
            let hooks =
                named(of(all, HOME, "AWS::CloudFormation::CustomResource"), "Action", "ReplicateBucket");
            set(hooks, "Destination", json!("arn:aws:s3:::bucket-audit-eu-west-1-111122223333-production"));
        }),
        ("backups are copied into another region as well", |all| {
            let vault = "arn:aws:backup:eu-west-1:111122223333:backup-vault:vault-backups-production";
            for plan in of(all, HOME, PLAN) {
                let copies =
                    plan["Properties"]["BackupPlan"]["BackupPlanRule"][0]["CopyActions"].as_array_mut();
                copies.expect("copies").push(json!({ "DestinationBackupVaultArn": vault }));
            }
        }),
        ("the global cluster is made of another region's cluster", |all| {
            let cluster = "arn:aws:rds:eu-west-1:111122223333:cluster:cluster-orders-eu-west-1-production";
            set(of(all, HOME, "AWS::RDS::GlobalCluster"), "SourceDBClusterIdentifier", json!(cluster));
        }),
        ("events are forwarded to another region", |all| {
            let bus = "arn:aws:events:eu-west-1:111122223333:event-bus/bus-recovery-production";
            set(
                named(of(all, HOME, "AWS::Events::Rule"), "Name", "rule-forwarding"),
                "Targets/0/Arn",
                json!(bus),
            );
        }),
        ("a role may read a table of another region", |all| {
            let table = "arn:aws:dynamodb:eu-west-1:111122223333:table/table-journal-production";
            allow(of(all, HOME, "AWS::IAM::Role"), "role-preflight", &["dynamodb:GetItem"], table);
        }),
        ("a role may use every region's keys", |all| {
            let keys = "arn:aws:kms:*:111122223333:key/0";
            allow(of(all, HOME, "AWS::IAM::Role"), "role-backup", &["kms:Decrypt"], keys);
        }),
        ("a function is told of a queue in another region", |all| {
            let queue = "https://sqs.eu-central-1.amazonaws.com/111122223333/queue-orders-production";
            environment(of(all, HOME, "AWS::Lambda::Function"), "ORDER_QUEUE", queue);
        }),
    ]
}
