//! What is in each stack, under which id.

use std::collections::BTreeSet;
use std::fmt::Write;

use recovery::Deployment;

use crate::{
    Template, deployment, deployments, each_environment, every_template, finance_west, synthesise, trading,
};

#[test]
fn every_resource_by_stack() {
    insta::assert_snapshot!(resources(&trading()));
    insta::assert_snapshot!(
        "every_resource_by_stack_with_containers",
        resources(&synthesise(&finance_west()))
    );
}

fn resources(templates: &[Template]) -> String {
    let mut list = String::new();
    for template in templates {
        let _ = writeln!(list, "{}", template.name);
        for (id, resource) in template.resources() {
            let _ = writeln!(list, "  {id} {}", resource["Type"].as_str().unwrap_or_default());
        }
    }
    list
}

/// A change here replaces the resource and loses what it holds: move data first, then accept it.
#[test]
fn ids_of_what_holds_data() {
    insta::assert_snapshot!(holding(&trading()));
    insta::assert_snapshot!("ids_of_what_holds_data_with_containers", holding(&synthesise(&finance_west())));
}

fn holding(templates: &[Template]) -> String {
    let mut ids = BTreeSet::new();
    for template in templates {
        let stack = template.name.trim_end_matches("-production").trim_end_matches("-west");
        for (id, resource) in template.resources().filter(|(_, r)| r.get("DeletionPolicy").is_some()) {
            ids.insert(format!("{stack} {} {id}", resource["Type"].as_str().unwrap_or_default()));
        }
    }
    ids.into_iter().collect::<Vec<_>>().join("\n")
}

#[test]
fn ids_do_not_depend_on_the_environment() {
    let ids = |one: &Deployment, environment: &str| -> Vec<String> {
        let mut deployment = one.clone();
        deployment.environment = environment.to_owned();
        let templates = synthesise(&deployment);
        templates.iter().flat_map(|t| t.resources().map(|(id, _)| id.clone())).collect()
    };
    let stable = |ids: Vec<String>| -> Vec<String> {
        // The deployment of the API is meant to change with what it deploys.
        ids.into_iter().filter(|id| !id.starts_with("Deployment")).collect()
    };
    for one in [deployment(), finance_west()] {
        assert_eq!(stable(ids(&one, "production")), stable(ids(&one, "test")));
    }
}

/// Types of ours that take no tags.
const UNTAGGABLE: [&str; 33] = [
    "AWS::Backup::BackupSelection",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::ECS::ClusterCapacityProviderAssociations",
    "AWS::ApiGateway::Account",
    "AWS::ApiGateway::BasePathMapping",
    "AWS::ApiGateway::Deployment",
    "AWS::ApiGateway::GatewayResponse",
    "AWS::ApiGateway::Method",
    "AWS::ApiGateway::Model",
    "AWS::ApiGateway::RequestValidator",
    "AWS::ApiGateway::Resource",
    "AWS::CloudFormation::CustomResource",
    "AWS::DynamoDB::GlobalTable",
    "AWS::EC2::Route",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::Events::EventBusPolicy",
    "AWS::IAM::Policy",
    "AWS::KMS::Alias",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::Permission",
    "AWS::Logs::MetricFilter",
    "AWS::Route53::RecordSet",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::Scheduler::Schedule",
    "AWS::SecretsManager::ResourcePolicy",
    "AWS::SecretsManager::RotationSchedule",
    "AWS::WAFv2::LoggingConfiguration",
    "AWS::WAFv2::WebACLAssociation",
];

#[test]
fn every_taggable_resource_is_tagged() {
    let keys = ["environment", "region", "cost-center", "owner", "deployment"];
    let mut tagged = 0;
    for template in every_template() {
        for (id, resource) in template.resources() {
            let properties = &resource["Properties"];
            let names = ["Tags", "BackupPlanTags", "BackupVaultTags", "HostedZoneTags", "HealthCheckTags"];
            let tags = names.iter().find_map(|name| properties.get(*name));
            let kind = resource["Type"].as_str().expect("a type");
            assert_eq!(tags.is_none(), UNTAGGABLE.contains(&kind), "{id}, a {kind}");
            let Some(tags) = tags else { continue };
            for key in keys {
                let listed = tags.as_array().is_some_and(|tags| tags.iter().any(|tag| tag["Key"] == key));
                assert!(listed || tags.get(key).is_some(), "{id} has no tag {key}");
            }
            tagged += 1;
        }
        for replica in
            template.all("AWS::DynamoDB::GlobalTable").iter().flat_map(|t| t["Replicas"].as_array())
        {
            for replica in replica {
                let tags = replica["Tags"].as_array().expect("replicas carry the tags of their table");
                assert!(keys.iter().all(|key| tags.iter().any(|tag| tag["Key"] == **key)));
                assert!(tags.iter().any(|tag| tag["Key"] == "region" && tag["Value"] == replica["Region"]));
            }
        }
    }
    assert!(tagged > 100, "{tagged} resources carry tags");
}

/// Types of ours that hold what cannot be made again.
const HOLD_DATA: [&str; 13] = [
    "AWS::Backup::BackupVault",
    "AWS::CloudFormation::CustomResource",
    "AWS::DynamoDB::GlobalTable",
    "AWS::ECR::Repository",
    "AWS::KMS::Key",
    "AWS::Logs::LogGroup",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::RDS::GlobalCluster",
    "AWS::Route53::HostedZone",
    "AWS::S3::Bucket",
    "AWS::SQS::Queue",
    "AWS::SecretsManager::Secret",
];

#[test]
fn removal_is_as_the_deployment_says() {
    let cases = [(false, "Delete"), (true, "Retain")];
    let of_each = |one: Deployment| cases.map(|(protect, word)| (one.clone(), protect, word));
    for (mut deployment, protect, word) in deployments().into_iter().flat_map(of_each) {
        deployment.protect = protect;
        for template in synthesise(&deployment) {
            for (id, resource) in template.resources() {
                let policy = resource.get("DeletionPolicy");
                assert!(policy.is_none_or(|policy| *policy == word), "{id}");
                assert_eq!(policy, resource.get("UpdateReplacePolicy"), "{id}");
            }
            for (id, resource) in template.resources() {
                let kind = resource["Type"].as_str().expect("a type");
                let kept = HOLD_DATA.contains(&kind);
                assert_eq!(resource.get("DeletionPolicy").is_some(), kept, "{id}, a {kind}");
            }
            for table in template.all("AWS::DynamoDB::GlobalTable") {
                let replicas = table["Replicas"].as_array().expect("replicas");
                assert!(replicas.iter().all(|replica| replica["DeletionProtectionEnabled"] == protect));
            }
            for kind in ["AWS::RDS::DBCluster", "AWS::RDS::GlobalCluster"] {
                assert!(template.all(kind).iter().all(|cluster| cluster["DeletionProtection"] == protect));
            }
        }
    }
}

/// Whatever holds data in another environment has the id that it has in the file's own.
#[test]
fn ids_of_what_holds_data_are_the_same_in_staging() {
    let ids = |deployment: &Deployment| -> BTreeSet<String> {
        let mut ids = BTreeSet::new();
        for template in synthesise(deployment) {
            let stack = template.name.trim_end_matches(&format!("-{}", deployment.environment)).to_owned();
            let held = template.resources().filter(|(_, r)| r.get("DeletionPolicy").is_some());
            ids.extend(held.map(|(id, resource)| format!("{stack} {} {id}", resource["Type"])));
        }
        ids
    };
    for [own, staging] in each_environment().as_chunks().0 {
        let (own, staging) = (ids(own), ids(staging));
        let only_there: Vec<&String> = staging.difference(&own).collect();
        assert_eq!(only_there, [] as [&String; 0]);
        let of_trail = |id: &str| id.starts_with("TapStack-Audit-") && id.contains("AWS::Logs::LogGroup");
        let fewer = own.difference(&staging).all(|id| id.contains("AWS::RDS::DBInstance") || of_trail(id));
        assert!(fewer, "staging has fewer instances, no trail, and nothing else less");
    }
}
