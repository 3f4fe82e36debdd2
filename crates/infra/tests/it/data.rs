//! R02, R06: the tables and the database.

use serde_json::json;

use crate::{deployment, every_template, one, trading};

#[test]
fn the_journal_is_strongly_consistent_with_a_witness() {
    let templates = trading();
    let journal =
        one(&templates, "us-east-2", "AWS::DynamoDB::GlobalTable", "TableName", "table-journal-production");
    assert_eq!(journal["MultiRegionConsistency"], "STRONG");
    assert_eq!(journal["GlobalTableWitnesses"], json!([{ "Region": "us-west-2" }]));
    assert_eq!(
        journal["KeySchema"],
        json!([{ "AttributeName": "pk", "KeyType": "HASH" }, { "AttributeName": "sk", "KeyType": "RANGE" }])
    );
    assert_eq!(journal.get("TimeToLiveSpecification"), None, "strong consistency allows no TTL");
}

#[test]
fn sessions_expire_and_both_tables_can_be_restored() {
    let templates = trading();
    let sessions =
        one(&templates, "us-east-2", "AWS::DynamoDB::GlobalTable", "TableName", "table-sessions-production");
    assert_eq!(
        sessions["TimeToLiveSpecification"],
        json!({ "AttributeName": "expires_at", "Enabled": true })
    );
    assert_eq!(sessions["MultiRegionConsistency"], "EVENTUAL");
    assert_eq!(sessions["StreamSpecification"]["StreamViewType"], "NEW_AND_OLD_IMAGES");
    for table in templates.iter().flat_map(|template| template.all("AWS::DynamoDB::GlobalTable")) {
        assert_eq!(table["SSESpecification"]["SSEEnabled"], true);
        let replicas = table["Replicas"].as_array().expect("replicas");
        let regions: Vec<_> = replicas.iter().map(|replica| replica["Region"].as_str()).collect();
        assert_eq!(regions, [Some("us-east-2"), Some("us-east-1")]);
        for replica in replicas {
            assert_eq!(replica["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
        }
    }
}

#[test]
fn both_clusters_are_encrypted_backed_up_and_take_tls_only() {
    let templates = trading();
    let mut clusters = 0;
    for template in &templates {
        for cluster in template.all("AWS::RDS::DBCluster") {
            assert_eq!(cluster["StorageEncrypted"], true);
            assert!(cluster["KmsKeyId"]["Fn::GetAtt"].is_array(), "its own region's key");
            assert_eq!(cluster["EnableIAMDatabaseAuthentication"], true);
            assert_eq!(cluster["BackupRetentionPeriod"], deployment().database.backup_retention_days);
            assert_eq!(cluster["EngineVersion"], deployment().database.engine_version);
            assert_eq!(cluster.get("ManageMasterUserPassword"), None, "not for a global database");
            clusters += 1;
        }
        for group in template.all("AWS::RDS::DBClusterParameterGroup") {
            assert_eq!(group["Parameters"]["rds.force_ssl"], "1");
            assert_eq!(group["Parameters"]["ssl_min_protocol_version"], "TLSv1.2");
        }
        for instance in template.all("AWS::RDS::DBInstance") {
            assert_eq!(instance["PubliclyAccessible"], false);
        }
    }
    assert_eq!(clusters, 2);
    let home = one(&templates, "us-east-1", "AWS::RDS::DBCluster", "DatabaseName", "orders");
    assert_eq!(home["MasterUsername"], "standfast");
    let standby = one(
        &templates,
        "us-east-2",
        "AWS::RDS::DBCluster",
        "GlobalClusterIdentifier",
        "global-cluster-orders-production",
    );
    assert_eq!(standby.get("MasterUsername"), None, "a secondary takes its users from the writer");
    let name = "global-cluster-orders-production";
    let global = one(&templates, "us-east-1", "AWS::RDS::GlobalCluster", "GlobalClusterIdentifier", name);
    assert_eq!(global["SourceDBClusterIdentifier"]["Fn::GetAtt"][1], "DBClusterArn");
    assert_eq!(global.get("EngineVersion"), None, "it takes that from its first writer");
}

#[test]
fn instances_spread_over_zones() {
    for template in every_template() {
        let instances = template.all("AWS::RDS::DBInstance");
        if instances.is_empty() {
            continue;
        }
        assert_eq!(instances.len(), 2);
        assert_ne!(instances[0]["AvailabilityZone"], instances[1]["AvailabilityZone"]);
    }
}

#[test]
fn queues_topics_and_keys_are_encrypted() {
    for template in every_template() {
        assert!(template.all("AWS::SQS::Queue").iter().all(|queue| queue["SqsManagedSseEnabled"] == true));
        assert!(template.all("AWS::SNS::Topic").iter().all(|topic| topic["KmsMasterKeyId"].is_object()));
        assert!(template.all("AWS::KMS::Key").iter().all(|key| key["EnableKeyRotation"] == true));
    }
}
