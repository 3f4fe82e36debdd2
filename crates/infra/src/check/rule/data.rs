//! What holds data.

use serde_json::Value;

use super::{Finding, Rule};
use crate::check::inventory::Resource;

const TABLE: &str = "AWS::DynamoDB::GlobalTable";
const CLUSTER: &str = "AWS::RDS::DBCluster";
const BUCKET: &str = "AWS::S3::Bucket";
const VAULT: &str = "AWS::Backup::BackupVault";
/// What cannot be made again.
const KEPT: [&str; 5] = [BUCKET, CLUSTER, TABLE, VAULT, "AWS::RDS::GlobalCluster"];
/// What AWS encrypts anyway, and we with a key of ours.
const OWN_KEY: [&str; 2] = ["AWS::Logs::LogGroup", "AWS::SecretsManager::Secret"];
/// Properties that keep a resource from being removed.
const PROTECTIONS: [&str; 3] = ["DeletionProtection", "DeletionProtectionEnabled", "TerminationProtection"];

pub(super) const RESTORABLE: Rule = Rule {
    id: "restorable",
    title: "every table can be restored to a point in time, every cluster is backed up, every bucket is versioned",
    rationale: "replication copies a mistake to the other region within a second",
    look: |subject| {
        let mut findings = Vec::new();
        for table in subject.inventory.all(TABLE) {
            for replica in table.list("Replicas") {
                let on = &replica["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"];
                if *on != Value::Bool(true) {
                    let region = replica["Region"].as_str().unwrap_or("a region");
                    findings.push(Finding::at(
                        &table,
                        format!("cannot be restored to a point in time in {region}"),
                    ));
                }
            }
        }
        for cluster in subject.inventory.all(CLUSTER) {
            // Aurora's default, when nothing is said, is one day; 0 is refused for it.
            if cluster.number("BackupRetentionPeriod").unwrap_or(0) < 1 {
                findings.push(Finding::at(&cluster, "keeps no backup, or does not say for how long"));
            }
        }
        for bucket in subject.inventory.all(BUCKET) {
            if bucket.text("VersioningConfiguration/Status") != Some("Enabled") {
                findings.push(Finding::at(&bucket, "is not versioned"));
            }
        }
        findings
    },
};

pub(super) const ENCRYPTED: Rule = Rule {
    id: "encrypted-at-rest",
    title: "clusters, tables, buckets, vaults, trails, queues and topics are encrypted at rest, log groups and secrets under our own keys",
    rationale: "a copy in a second region is a second thing that can be stolen",
    look: |subject| {
        let is_open = |resource: &Resource<'_>| match resource.kind() {
            CLUSTER => !resource.is("StorageEncrypted"),
            TABLE => !resource.is("SSESpecification/SSEEnabled"),
            BUCKET => resource.list("BucketEncryption/ServerSideEncryptionConfiguration").is_empty(),
            "AWS::SQS::Queue" => {
                !resource.is("SqsManagedSseEnabled") && resource.get("KmsMasterKeyId").is_null()
            }
            VAULT => resource.get("EncryptionKeyArn").is_null(),
            "AWS::CloudTrail::Trail" => resource.get("KMSKeyId").is_null(),
            "AWS::SNS::Topic" => resource.get("KmsMasterKeyId").is_null(),
            _ => false,
        };
        let open = subject.inventory.resources().filter(is_open);
        let open = open.map(|resource| Finding::at(&resource, "is not encrypted at rest"));
        // AWS encrypts these with keys of its own, whose use nobody can see or stop.
        let foreign = |resource: &Resource<'_>| {
            OWN_KEY.contains(&resource.kind()) && resource.get("KmsKeyId").is_null()
        };
        let foreign = subject.inventory.resources().filter(foreign);
        open.chain(foreign.map(|resource| Finding::at(&resource, "is not under a key of ours"))).collect()
    },
};

pub(super) const REMOVAL: Rule = Rule {
    id: "removal-as-asked",
    title: "what holds data goes with its stack, or stays when the deployment file says `protect = true`",
    rationale: "an orphan costs money and blocks the next deployment; data that goes by mistake is gone",
    look: |subject| {
        let protect = subject.deployment.protect;
        let mut findings = Vec::new();
        for resource in subject.inventory.resources() {
            for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
                let found = resource.attribute(policy).as_str();
                let holds_data = KEPT.contains(&resource.kind());
                let wrong = match (protect, found) {
                    (true, found) => holds_data && found != Some("Retain"),
                    (false, Some("Delete")) => false,
                    // CloudFormation's own default is a snapshot for a cluster, and to delete for all else.
                    (false, None) => holds_data,
                    (false, Some(_)) => true,
                };
                if wrong {
                    let found = found.unwrap_or("not said");
                    findings.push(Finding::at(
                        &resource,
                        format!("its {policy} is {found}, and `protect` is {protect}"),
                    ));
                }
            }
            let protected = PROTECTIONS.iter().any(|property| resource.is(property));
            let replicas =
                resource.list("Replicas").iter().any(|replica| replica["DeletionProtectionEnabled"] == true);
            let balancer = resource.list("LoadBalancerAttributes").iter().any(|attribute| {
                attribute["Key"] == "deletion_protection.enabled" && attribute["Value"] == "true"
            });
            if (protected || replicas || balancer) && !protect {
                findings.push(Finding::at(&resource, "is protected against removal, and `protect` is false"));
            }
        }
        findings
    },
};
