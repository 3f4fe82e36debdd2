//! No physical name is longer than its service takes.

use serde_json::Value;

use super::Aspect;
use crate::node::Node;
use crate::stack::Environment;

/// Refuses a physical name of more characters than its service takes, which CloudFormation would
/// find out in the middle of a deployment.
#[derive(Clone, Debug)]
pub struct NameLength {
    /// Type, property, and the most characters it may have.
    pub limits: Vec<(&'static str, &'static str, usize)>,
}

/// What the services take.
///
/// Source: the length constraints of each service's API reference.
pub const NAME_LENGTHS: [(&str, &str, usize); 47] = [
    ("AWS::ApplicationAutoScaling::ScalingPolicy", "PolicyName", 256),
    ("AWS::Backup::BackupVault", "BackupVaultName", 50),
    ("AWS::CloudTrail::Trail", "TrailName", 128),
    ("AWS::CloudWatch::Alarm", "AlarmName", 255),
    ("AWS::CloudWatch::CompositeAlarm", "AlarmName", 255),
    ("AWS::CloudWatch::Dashboard", "DashboardName", 255),
    ("AWS::DynamoDB::GlobalTable", "TableName", 255),
    ("AWS::DynamoDB::Table", "TableName", 255),
    ("AWS::EC2::SecurityGroup", "GroupName", 255),
    ("AWS::ECR::Repository", "RepositoryName", 256),
    ("AWS::ECS::Cluster", "ClusterName", 255),
    ("AWS::ECS::Service", "ServiceName", 255),
    ("AWS::ECS::TaskDefinition", "Family", 255),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "Name", 32),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "Name", 32),
    ("AWS::Events::Archive", "ArchiveName", 48),
    ("AWS::Events::EventBus", "Name", 256),
    ("AWS::Events::Rule", "Name", 64),
    ("AWS::IAM::InstanceProfile", "InstanceProfileName", 128),
    ("AWS::IAM::ManagedPolicy", "ManagedPolicyName", 128),
    ("AWS::IAM::Policy", "PolicyName", 128),
    ("AWS::IAM::Role", "RoleName", 64),
    ("AWS::KMS::Alias", "AliasName", 256),
    ("AWS::Lambda::Alias", "Name", 128),
    ("AWS::Lambda::Function", "FunctionName", 64),
    ("AWS::Logs::LogGroup", "LogGroupName", 512),
    ("AWS::Logs::MetricFilter", "FilterName", 512),
    ("AWS::Logs::QueryDefinition", "Name", 255),
    ("AWS::RDS::DBCluster", "DBClusterIdentifier", 63),
    ("AWS::RDS::DBClusterParameterGroup", "DBClusterParameterGroupName", 255),
    ("AWS::RDS::DBInstance", "DBInstanceIdentifier", 63),
    ("AWS::RDS::DBParameterGroup", "DBParameterGroupName", 255),
    ("AWS::RDS::DBProxy", "DBProxyName", 63),
    ("AWS::RDS::DBSubnetGroup", "DBSubnetGroupName", 255),
    ("AWS::RDS::GlobalCluster", "GlobalClusterIdentifier", 63),
    ("AWS::S3::Bucket", "BucketName", 63),
    ("AWS::SNS::Topic", "TopicName", 256),
    ("AWS::SQS::Queue", "QueueName", 80),
    ("AWS::SSM::Document", "Name", 128),
    ("AWS::SSM::Parameter", "Name", 1011),
    ("AWS::Scheduler::Schedule", "Name", 64),
    ("AWS::Scheduler::ScheduleGroup", "Name", 64),
    ("AWS::SecretsManager::Secret", "Name", 512),
    ("AWS::StepFunctions::StateMachine", "StateMachineName", 80),
    ("AWS::WAFv2::IPSet", "Name", 128),
    ("AWS::WAFv2::IPSet", "Name", 128),
    ("AWS::WAFv2::WebACL", "Name", 128),
];

impl NameLength {
    /// With [`NAME_LENGTHS`].
    pub fn of_aws() -> Self {
        Self { limits: NAME_LENGTHS.to_vec() }
    }
}

impl Aspect for NameLength {
    fn visit(&self, node: &mut Node, _: &Environment) -> Vec<String> {
        let definition = &node.definition;
        self.limits
            .iter()
            .filter(|(kind, ..)| *kind == definition.type_name)
            .filter_map(|(_, property, most)| {
                let name = definition.properties.get(*property).and_then(Value::as_str)?;
                let length = name.chars().count();
                (length > *most)
                    .then(|| format!("{property} `{name}` has {length} characters, more than {most}"))
            })
            .collect()
    }
}
