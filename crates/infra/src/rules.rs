//! Rules for every resource of every stack.

use cdk::App;
use cdk::aspect::{NameSuffix, RemovalPolicy, Tags};
use recovery::deployment::Deployment;

/// Key of the tag that says where a resource is.
pub const REGION_TAG: &str = "region";

/// Which property of which type is its physical name. DNS names, and paths that
/// AWS or a fellow resource gives, are not names of ours.
const NAMES: [(&str, &str); 25] = [
    ("AWS::ApiGateway::RequestValidator", "Name"),
    ("AWS::ApiGateway::RestApi", "Name"),
    ("AWS::DynamoDB::GlobalTable", "TableName"),
    ("AWS::EC2::SecurityGroup", "GroupName"),
    ("AWS::Events::EventBus", "Name"),
    ("AWS::Events::Rule", "Name"),
    ("AWS::IAM::Role", "RoleName"),
    ("AWS::KMS::Alias", "AliasName"),
    ("AWS::Lambda::Function", "FunctionName"),
    ("AWS::Logs::LogGroup", "LogGroupName"),
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
    ("AWS::WAFv2::WebACL", "Name"),
];

/// Types without a name of their own but the tag `Name`.
const NAMED_BY_TAG: [&str; 9] = [
    "AWS::EC2::EIP",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::NatGateway",
    "AWS::EC2::RouteTable",
    "AWS::EC2::Subnet",
    "AWS::EC2::VPC",
    "AWS::EC2::VPCEndpoint",
    "AWS::EC2::VPCPeeringConnection",
    "AWS::Route53::HealthCheck",
];

/// The global cluster is what its clusters are joined by; another zone would have other
/// name servers than the registrar knows.
const ALSO_HOLDS: [&str; 2] = ["AWS::RDS::GlobalCluster", "AWS::Route53::HostedZone"];

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
}
