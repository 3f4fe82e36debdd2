//! Physical names.

use super::{Finding, Rule};

/// Type, the property that is its name, and the longest that AWS takes.
const LIMITS: [(&str, &str, usize); 31] = [
    ("AWS::Backup::BackupVault", "BackupVaultName", 50),
    ("AWS::CloudTrail::Trail", "TrailName", 128),
    ("AWS::CloudWatch::Alarm", "AlarmName", 255),
    ("AWS::CloudWatch::CompositeAlarm", "AlarmName", 255),
    ("AWS::CloudWatch::Dashboard", "DashboardName", 255),
    ("AWS::DynamoDB::GlobalTable", "TableName", 255),
    ("AWS::EC2::SecurityGroup", "GroupName", 255),
    ("AWS::ECR::Repository", "RepositoryName", 256),
    ("AWS::ECS::Cluster", "ClusterName", 255),
    ("AWS::ECS::Service", "ServiceName", 255),
    ("AWS::ECS::TaskDefinition", "Family", 255),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "Name", 32),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "Name", 32),
    ("AWS::Events::EventBus", "Name", 256),
    ("AWS::Events::Rule", "Name", 64),
    ("AWS::IAM::Role", "RoleName", 64),
    ("AWS::KMS::Alias", "AliasName", 256),
    ("AWS::Lambda::Function", "FunctionName", 64),
    ("AWS::Logs::LogGroup", "LogGroupName", 512),
    ("AWS::Logs::MetricFilter", "FilterName", 512),
    ("AWS::RDS::DBCluster", "DBClusterIdentifier", 63),
    ("AWS::RDS::DBInstance", "DBInstanceIdentifier", 63),
    ("AWS::RDS::GlobalCluster", "GlobalClusterIdentifier", 63),
    ("AWS::S3::Bucket", "BucketName", 63),
    ("AWS::SNS::Topic", "TopicName", 256),
    ("AWS::SQS::Queue", "QueueName", 80),
    ("AWS::Scheduler::Schedule", "Name", 64),
    ("AWS::SecretsManager::Secret", "Name", 512),
    ("AWS::SSM::Parameter", "Name", 1011),
    ("AWS::StepFunctions::StateMachine", "StateMachineName", 80),
    ("AWS::WAFv2::WebACL", "Name", 128),
];

pub(super) const FIT: Rule = Rule {
    id: "names-fit",
    title: "every physical name carries the environment's suffix and is no longer than AWS takes",
    rationale: "both regions compute the same names, so that nothing is looked up while one of them is gone",
    look: |subject| {
        let suffix = &subject.deployment.environment;
        let mut findings = Vec::new();
        for resource in subject.inventory.resources() {
            let Some((_, property, limit)) = LIMITS.iter().find(|(kind, ..)| *kind == resource.kind()) else {
                continue;
            };
            let value = resource.get(property);
            let Some(name) = value.as_str() else {
                if value.is_null() {
                    findings.push(Finding::at(&resource, format!("has no {property}")));
                }
                continue;
            };
            if !name.split('/').any(|part| part == suffix || part.ends_with(&format!("-{suffix}"))) {
                findings.push(Finding::at(&resource, format!("its name {name} lacks the suffix {suffix}")));
            }
            if name.chars().count() > *limit {
                findings.push(Finding::at(
                    &resource,
                    format!("its name {name} is longer than {limit} characters"),
                ));
            }
        }
        findings
    },
};
