//! R07, R16: the buckets, their replication, and how they are removed.

use serde_json::{Value, json};

use crate::{Template, deployment, every_template, everywhere, one, synthesise, trading};

const REGIONS: [&str; 2] = ["us-east-1", "us-east-2"];
/// Stack with the bucket of the load balancer's log, which has no key of ours: `load_balancer` tests it.
const BALANCER: &str = "-LoadBalancer-";
const PURPOSES: [&str; 2] = ["config", "audit"];

fn name(purpose: &str, region: &str) -> String {
    format!("bucket-{purpose}-{region}-111122223333-production")
}

fn bucket<'t>(templates: &'t [Template], purpose: &str, region: &str) -> &'t Value {
    one(templates, region, "AWS::S3::Bucket", "BucketName", &name(purpose, region))
}

/// Every resource of a kind in a region, with its stack.
fn all<'t>(templates: &'t [Template], region: &str, kind: &'t str) -> Vec<(&'t str, &'t Value)> {
    let here = templates.iter().filter(move |template| template.region == region);
    here.flat_map(|t| t.all(kind).into_iter().map(|found| (t.name.as_str(), found))).collect()
}

fn rule<'b>(bucket: &'b Value, id: &str) -> &'b Value {
    let rules = bucket["LifecycleConfiguration"]["Rules"].as_array().expect("a lifecycle");
    rules.iter().find(|rule| rule["Id"] == id).expect("a rule with this id")
}

#[test]
fn every_bucket_is_versioned_private_and_under_a_key_of_its_own() {
    for (templates, region) in everywhere() {
        let others = all(templates, region, "AWS::S3::Bucket");
        let others = others.into_iter().filter(|(stack, _)| !stack.contains(BALANCER));
        assert_eq!(others.count(), PURPOSES.len());
        let mut keys = Vec::new();
        for purpose in PURPOSES {
            let bucket = bucket(templates, purpose, region);
            assert_eq!(bucket["VersioningConfiguration"]["Status"], "Enabled");
            let encryption = &bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0];
            assert_eq!(encryption["ServerSideEncryptionByDefault"]["SSEAlgorithm"], "aws:kms");
            assert_eq!(encryption["BucketKeyEnabled"], true);
            keys.push(encryption["ServerSideEncryptionByDefault"]["KMSMasterKeyID"]["Fn::GetAtt"][0].clone());
            for closed in
                ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"]
            {
                assert_eq!(bucket["PublicAccessBlockConfiguration"][closed], true, "{purpose}: {closed}");
            }
            assert_eq!(bucket["OwnershipControls"]["Rules"][0]["ObjectOwnership"], "BucketOwnerEnforced");
        }
        assert!(keys[0].is_string() && keys[0] != keys[1], "{keys:?}");
    }
}

#[test]
fn nothing_is_taken_without_tls_or_under_another_key() {
    for (templates, region) in everywhere() {
        let policies = all(templates, region, "AWS::S3::BucketPolicy");
        let policies: Vec<_> = policies.into_iter().filter(|(stack, _)| !stack.contains(BALANCER)).collect();
        assert_eq!(policies.len(), PURPOSES.len(), "each bucket has one");
        for (_, policy) in policies {
            let statements = policy["PolicyDocument"]["Statement"].as_array().expect("statements");
            let find = |id: &str| {
                let found = statements.iter().find(|statement| statement["Sid"] == id).expect("it is there");
                assert_eq!((&found["Effect"], &found["Principal"]), (&json!("Deny"), &json!("*")));
                found
            };
            // What lets CloudTrail in has its own test.
            let trail = json!({ "Service": "cloudtrail.amazonaws.com" });
            let mut others = statements.iter().filter(|statement| statement["Principal"] != trail);
            assert!(others.all(|statement| statement["Effect"] == "Deny"), "{policy}");
            let tls = find("TlsOnly");
            assert_eq!(tls["Action"], "s3:*");
            assert_eq!(tls["Resource"].as_array().map(Vec::len), Some(2), "the bucket and its objects");
            assert_eq!(tls["Condition"], json!({ "Bool": { "aws:SecureTransport": "false" } }));
            let old = find("ModernTlsOnly");
            assert_eq!(old["Condition"], json!({ "NumericLessThan": { "s3:TlsVersion": "1.2" } }));
            let key = &find("NoOtherKey")["Condition"];
            let named = "s3:x-amz-server-side-encryption-aws-kms-key-id";
            assert_eq!(key["Null"][named], "false", "whoever names none gets the bucket's");
            assert!(key["StringNotEquals"][named]["Fn::GetAtt"].is_array());
            let encryption = &find("NoOtherEncryption")["Condition"]["StringNotEquals"];
            assert_eq!(encryption["s3:x-amz-server-side-encryption"], "aws:kms");
        }
    }
}

#[test]
fn each_bucket_is_replicated_to_the_other_region_s() {
    let templates = trading();
    let key = |purpose: &str, region: &str| {
        format!("arn:aws:kms:{region}:111122223333:alias/key-{purpose}-production")
    };
    for purpose in PURPOSES {
        // The standby's, which is made last, by its template.
        let standby = bucket(&templates, purpose, "us-east-2");
        let rules = standby["ReplicationConfiguration"]["Rules"].as_array().expect("rules");
        assert_eq!(rules.len(), 1);
        let (rule, destination) = (&rules[0], &rules[0]["Destination"]);
        assert_eq!(
            (&rule["Status"], &rule["Filter"]["Prefix"]),
            (&json!("Enabled"), &json!("")),
            "all of it"
        );
        assert_eq!(rule["DeleteMarkerReplication"]["Status"], "Enabled");
        assert_eq!(rule["SourceSelectionCriteria"]["SseKmsEncryptedObjects"]["Status"], "Enabled");
        assert_eq!(rule["SourceSelectionCriteria"]["ReplicaModifications"]["Status"], "Enabled");
        assert_eq!(destination["Bucket"], format!("arn:aws:s3:::{}", name(purpose, "us-east-1")));
        assert_eq!(destination["EncryptionConfiguration"]["ReplicaKmsKeyID"], key(purpose, "us-east-1"));
        assert_eq!(destination["Metrics"]["EventThreshold"]["Minutes"], 15);
        assert_eq!(destination["ReplicationTime"]["Time"]["Minutes"], 15);
        // Home's by the hook, once the standby's is there.
        assert_eq!(bucket(&templates, purpose, "us-east-1").get("ReplicationConfiguration"), None);
        let told = one(
            &templates,
            "us-east-1",
            "AWS::CloudFormation::CustomResource",
            "Destination",
            &format!("arn:aws:s3:::{}", name(purpose, "us-east-2")),
        );
        assert_eq!(told["Action"], "ReplicateBucket");
        assert_eq!(told["Bucket"], name(purpose, "us-east-1"));
        assert_eq!(told["ReplicaKey"], key(purpose, "us-east-2"));
        let role = format!("role-replicate-{purpose}-us-east-1-production");
        assert_eq!(told["Role"], format!("arn:aws:iam::111122223333:role/{role}"));
        one(&templates, "us-east-1", "AWS::IAM::Role", "RoleName", &role);
    }
    let with_hook = templates.iter().find(|t| t.json.to_string().contains("ReplicateBucket"));
    assert_eq!(with_hook.map(|t| t.name.as_str()), Some("TapStack-Peering-us-east-1-production"));
}

#[test]
fn replication_reads_its_own_bucket_and_writes_the_other_one() {
    let templates = trading();
    for (own, peer) in [(REGIONS[0], REGIONS[1]), (REGIONS[1], REGIONS[0])] {
        for purpose in PURPOSES {
            let role = format!("role-replicate-{purpose}-{own}-production");
            let role = one(&templates, own, "AWS::IAM::Role", "RoleName", &role);
            let trust = &role["AssumeRolePolicyDocument"]["Statement"][0];
            assert_eq!(trust["Principal"]["Service"], "s3.amazonaws.com");
            assert_eq!(trust.get("Condition"), None, "S3 promises no source account when it replicates");
            let statements = role["Policies"][0]["PolicyDocument"]["Statement"].as_array();
            for statement in statements.expect("statements") {
                let actions = statement["Action"].to_string();
                let resources = statement["Resource"].to_string();
                let writes = actions.contains("s3:Replicate") || actions.contains("kms:Encrypt");
                let region = if writes { peer } else { own };
                let own_key = actions == "[\"kms:Decrypt\"]" && resources.contains("Fn::GetAtt");
                assert!(resources.contains(region) || own_key, "{actions} on {resources}");
                if actions.contains("kms:") {
                    let via = &statement["Condition"]["StringEquals"]["kms:ViaService"];
                    assert_eq!(*via, format!("s3.{region}.amazonaws.com"));
                }
                if actions.contains("kms:Encrypt") {
                    let alias = &statement["Condition"]["ForAnyValue:StringEquals"]["kms:ResourceAliases"];
                    assert_eq!(*alias, json!([format!("alias/key-{purpose}-production")]));
                }
            }
        }
    }
}

#[test]
fn what_is_replaced_or_unfinished_goes_and_records_expire_as_the_deployment_says() {
    for (days, classes) in [
        (
            2557,
            json!([
                { "StorageClass": "GLACIER_IR", "TransitionInDays": 90 },
                { "StorageClass": "DEEP_ARCHIVE", "TransitionInDays": 365 },
            ]),
        ),
        (400, json!([{ "StorageClass": "GLACIER_IR", "TransitionInDays": 90 }])),
        (30, Value::Null),
    ] {
        let mut deployment = deployment();
        deployment.storage.audit_retention_days = days;
        let templates = synthesise(&deployment);
        for region in REGIONS {
            for purpose in PURPOSES {
                let bucket = bucket(&templates, purpose, region);
                let kept = rule(bucket, "kept");
                assert_eq!(kept["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"], 7);
                assert_eq!(rule(bucket, "markers")["ExpiredObjectDeleteMarker"], true);
                let replaced = &kept["NoncurrentVersionExpiration"]["NoncurrentDays"];
                if purpose == "audit" {
                    assert_eq!(kept["ExpirationInDays"], days);
                    assert_eq!(kept.get("Transitions").unwrap_or(&Value::Null), &classes);
                    assert_eq!(*replaced, days.min(90));
                } else {
                    assert_eq!(kept.get("ExpirationInDays"), None, "settings do not expire");
                    assert_eq!(*replaced, 90);
                }
            }
        }
    }
}

#[test]
fn the_audit_log_can_be_locked_and_nothing_else_is() {
    let mut deployment = deployment();
    deployment.protect = true;
    deployment.storage.audit_object_lock = true;
    let templates = synthesise(&deployment);
    for region in REGIONS {
        let audit = bucket(&templates, "audit", region);
        assert_eq!(audit["ObjectLockEnabled"], true);
        let retention = &audit["ObjectLockConfiguration"]["Rule"]["DefaultRetention"];
        assert_eq!(*retention, json!({ "Mode": "COMPLIANCE", "Days": 2557 }));
        assert_eq!(bucket(&templates, "config", region).get("ObjectLockEnabled"), None);
        let role = format!("role-replicate-audit-{region}-production");
        let role = one(&templates, region, "AWS::IAM::Role", "RoleName", &role);
        assert!(role.to_string().contains("s3:GetObjectRetention"), "a locked copy is locked too");
    }
    for region in REGIONS {
        let open = trading();
        assert_eq!(bucket(&open, "audit", region).get("ObjectLockEnabled"), None);
    }
}

#[test]
fn every_bucket_is_emptied_before_it_is_removed() {
    for template in every_template() {
        for (id, resource) in template.resources().filter(|(_, r)| r["Type"] == "AWS::S3::Bucket") {
            let name = &resource["Properties"]["BucketName"];
            let mut hooks = template.resources().filter(|(_, hook)| {
                let told = &hook["Properties"];
                told["Action"] == "EmptyBucket" && told["Bucket"] == *name
            });
            let (_, hook) = hooks.next().expect("a hook for the bucket in its stack");
            // Removed in the reverse order: the hook, then what it needs.
            let after = hook["DependsOn"].as_array().expect("it waits for others");
            assert!(after.contains(&json!(id)), "{name}");
            let policy = template
                .resources()
                .find(|(id, other)| other["Type"] == "AWS::IAM::Policy" && after.contains(&json!(id)));
            assert!(policy.is_some(), "the hook may still empty {name}");
        }
    }
}

#[test]
fn the_zone_and_the_writer_can_be_removed_whatever_happened_to_them() {
    let templates = trading();
    let find = |action: &str| {
        let mut found = templates.iter().flat_map(|template| {
            let resources = template.resources().filter(|(_, r)| r["Properties"]["Action"] == action);
            resources.map(move |(_, resource)| (template, resource))
        });
        let first = found.next().expect("a resource with this action");
        assert!(found.next().is_none(), "one resource with {action}");
        first
    };
    let (dns, zone) = find("EmptyZone");
    let id = zone["Properties"]["Zone"]["Ref"].as_str().expect("the zone of the same stack");
    assert_eq!(dns.json["Resources"][id]["Type"], "AWS::Route53::HostedZone");
    // The stack that is removed first, and its instances after the other cluster has left.
    let (database, release) = find("ReleaseGlobalCluster");
    assert_eq!(database.name, "TapStack-Database-us-east-2-production");
    let after = release["DependsOn"].as_array().expect("it waits for others");
    for (id, resource) in database.resources() {
        if ["AWS::RDS::DBInstance", "AWS::SSM::Parameter"]
            .contains(&resource["Type"].as_str().expect("a type"))
        {
            assert!(after.contains(&json!(id)), "{id} goes before the other cluster has left");
        }
    }
    let own = "arn:aws:rds:us-east-2:111122223333:cluster:cluster-orders-us-east-2-production";
    assert_eq!(release["Properties"]["Cluster"], own);
    assert_eq!(release["Properties"]["Switch"], "/standfast/production/automation");
}

#[test]
fn the_database_s_log_is_ours_before_there_is_a_database() {
    for (templates, region) in everywhere() {
        let name = format!("/aws/rds/cluster/cluster-orders-{region}-production/postgresql");
        one(templates, region, "AWS::Logs::LogGroup", "LogGroupName", &name);
        let database = templates.iter().find(|t| t.name.contains("-Database-") && t.region == region);
        let database = database.expect("each region has a database");
        let (group, _) = database
            .resources()
            .find(|(_, resource)| resource["Properties"]["LogGroupName"] == name.as_str())
            .expect("the group is in the database's stack");
        let mut clusters = database.resources().filter(|(_, r)| r["Type"] == "AWS::RDS::DBCluster");
        let (_, cluster) = clusters.next().expect("a cluster");
        assert!(cluster["DependsOn"].as_array().is_some_and(|after| after.contains(&json!(group))));
    }
}
