//! Rules for every resource of every stack.

use cdk::App;
use cdk::aspect::{
    Encrypted, Encryption, LeastPrivilege, NameLength, NameSuffix, RemovalPolicy, Setting, Tags,
};
use recovery::deployment::Deployment;

use crate::policy::WILDCARD_REASON;

/// Key of the tag that says where a resource is.
pub const REGION_TAG: &str = "region";

/// Which property of which type is its physical name. DNS names, and paths that
/// AWS or a fellow resource gives, are not names of ours.
pub(crate) const NAMES: [(&str, &str); 38] = [
    ("AWS::ApiGateway::RestApi", "Name"),
    ("AWS::ApplicationAutoScaling::ScalingPolicy", "PolicyName"),
    ("AWS::Backup::BackupVault", "BackupVaultName"),
    ("AWS::CloudTrail::Trail", "TrailName"),
    ("AWS::CloudWatch::Alarm", "AlarmName"),
    ("AWS::CloudWatch::CompositeAlarm", "AlarmName"),
    ("AWS::CloudWatch::Dashboard", "DashboardName"),
    ("AWS::DynamoDB::GlobalTable", "TableName"),
    ("AWS::EC2::SecurityGroup", "GroupName"),
    ("AWS::ECR::Repository", "RepositoryName"),
    ("AWS::ECS::Cluster", "ClusterName"),
    ("AWS::ECS::Service", "ServiceName"),
    ("AWS::ECS::TaskDefinition", "Family"),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "Name"),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "Name"),
    ("AWS::Events::EventBus", "Name"),
    ("AWS::Events::Rule", "Name"),
    ("AWS::IAM::Role", "RoleName"),
    ("AWS::KMS::Alias", "AliasName"),
    ("AWS::Lambda::Function", "FunctionName"),
    ("AWS::Logs::LogGroup", "LogGroupName"),
    ("AWS::Logs::MetricFilter", "FilterName"),
    ("AWS::RDS::DBCluster", "DBClusterIdentifier"),
    ("AWS::RDS::DBClusterParameterGroup", "DBClusterParameterGroupName"),
    ("AWS::RDS::DBInstance", "DBInstanceIdentifier"),
    ("AWS::RDS::DBParameterGroup", "DBParameterGroupName"),
    ("AWS::RDS::DBSubnetGroup", "DBSubnetGroupName"),
    ("AWS::RDS::GlobalCluster", "GlobalClusterIdentifier"),
    ("AWS::S3::Bucket", "BucketName"),
    ("AWS::SNS::Topic", "TopicName"),
    ("AWS::SQS::Queue", "QueueName"),
    ("AWS::SSM::Parameter", "Name"),
    ("AWS::Scheduler::Schedule", "Name"),
    ("AWS::Scheduler::ScheduleGroup", "Name"),
    ("AWS::SecretsManager::Secret", "Name"),
    ("AWS::StepFunctions::StateMachine", "StateMachineName"),
    ("AWS::WAFv2::IPSet", "Name"),
    ("AWS::WAFv2::WebACL", "Name"),
];

/// Types without a name of their own but the tag `Name`.
pub(crate) const NAMED_BY_TAG: [&str; 10] = [
    "AWS::EC2::EIP",
    "AWS::EC2::FlowLog",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::NatGateway",
    "AWS::EC2::RouteTable",
    "AWS::EC2::Subnet",
    "AWS::EC2::VPC",
    "AWS::EC2::VPCEndpoint",
    "AWS::EC2::VPCPeeringConnection",
    "AWS::Route53::HealthCheck",
];

/// What runs goes on only while its image is there; the global cluster is what its clusters are joined by;
/// another zone would have other name servers than the registrar knows; the removal of a custom resource removes what it looks after.
const ALSO_HOLDS: [&str; 4] = [
    "AWS::CloudFormation::CustomResource",
    "AWS::ECR::Repository",
    "AWS::RDS::GlobalCluster",
    "AWS::Route53::HostedZone",
];

/// What encrypts each type. A type with several rows must satisfy each of them.
const ENCRYPTION: [Encryption; 12] = [
    Encryption::new("AWS::Backup::BackupVault", &[Setting::given("EncryptionKeyArn")]),
    Encryption::new("AWS::CloudTrail::Trail", &[Setting::given("KMSKeyId")]),
    Encryption::new("AWS::DynamoDB::GlobalTable", &[Setting::on("SSESpecification.SSEEnabled")]),
    Encryption::new("AWS::ECR::Repository", &[Setting::given("EncryptionConfiguration.KmsKey")]),
    Encryption::new("AWS::Logs::LogGroup", &[Setting::given("KmsKeyId")]),
    Encryption::new("AWS::RDS::DBCluster", &[Setting::on("StorageEncrypted")]),
    Encryption::new("AWS::RDS::DBCluster", &[Setting::given("KmsKeyId")]),
    Encryption::new("AWS::RDS::DBInstance", &[Setting::given("PerformanceInsightsKMSKeyId")]),
    Encryption::new(
        "AWS::S3::Bucket",
        &[Setting::given(
            "BucketEncryption.ServerSideEncryptionConfiguration.ServerSideEncryptionByDefault.SSEAlgorithm",
        )],
    ),
    Encryption::new("AWS::SNS::Topic", &[Setting::given("KmsMasterKeyId")]),
    Encryption::new(
        "AWS::SQS::Queue",
        &[Setting::given("KmsMasterKeyId"), Setting::on("SqsManagedSseEnabled")],
    ),
    Encryption::new("AWS::SecretsManager::Secret", &[Setting::given("KmsKeyId")]),
];

/// Tags of every resource, but for its region.
pub fn tags(deployment: &Deployment) -> Vec<(String, String)> {
    [
        ("environment", &deployment.environment),
        ("cost-center", &deployment.cost_center),
        ("owner", &deployment.owner),
        ("deployment", &deployment.name),
    ]
    .map(|(key, value)| (key.to_owned(), value.clone()))
    .to_vec()
}

/// Applies every rule to the app.
pub fn apply(app: &mut App, deployment: &Deployment) {
    app.aspect(Tags { tags: tags(deployment), region_key: REGION_TAG.to_owned() });
    app.aspect(RemovalPolicy { also: ALSO_HOLDS.to_vec(), protect: deployment.protect });
    app.aspect(NameSuffix {
        suffix: deployment.environment.clone(),
        names: NAMES.to_vec(),
        named_by_tag: NAMED_BY_TAG.to_vec(),
    });
    app.aspect(NameLength::of_aws());
    app.aspect(Encrypted { rules: ENCRYPTION.to_vec() });
    app.aspect(LeastPrivilege { reason_key: WILDCARD_REASON.to_owned() });
}

#[cfg(test)]
mod tests {
    // Goal: no name is found to be too long in the middle of a deployment only.
    // Method: the two tables of names, beside each other.
    use cdk::aspect::NAME_LENGTHS;

    use super::*;

    /// Names for whose length AWS gives no bound.
    const UNBOUNDED: [(&str, &str); 1] = [("AWS::ApiGateway::RestApi", "Name")];

    #[test]
    fn the_length_of_every_name_is_known() {
        let known = |name: &(&str, &str)| NAME_LENGTHS.iter().any(|(kind, of, _)| (*kind, *of) == *name);
        let unknown: Vec<_> = NAMES.iter().filter(|name| !known(name) && !UNBOUNDED.contains(name)).collect();
        assert_eq!(unknown, [] as [&(&str, &str); 0], "add them to cdk::aspect::NAME_LENGTHS");
    }
}
