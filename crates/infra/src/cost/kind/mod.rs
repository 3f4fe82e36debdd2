//! What becomes of each type of resource in an estimate: it is priced, or it costs nothing of its own and
//! why. A type that is not here is listed as not priced.

mod api;
mod backup;
mod container;
mod database;
mod dns;
mod function;
mod keeping;
mod log;
mod messaging;
mod network;
mod storage;
mod table;
mod watching;

use super::bill::Bill;
use super::month::Context;
use crate::check::Resource;

/// Adds what one resource costs.
type Pricer = fn(&Resource<'_>, &Context<'_>, &mut Bill<'_>);

/// What becomes of a type.
#[derive(Clone, Copy, Debug)]
pub(super) enum Treatment {
    /// It has prices.
    Priced(Pricer),
    /// It costs nothing of its own, and why.
    Free(&'static str),
}

use Treatment::{Free, Priced};

const CONTROL: &str = "configuration, which AWS charges nothing for";
const WITH_STAGE: &str = "part of the API, which is charged by request";

/// Every type that we know.
pub(super) const TREATMENTS: &[(&str, Treatment)] = &[
    ("AWS::ApiGateway::Account", Free(WITH_STAGE)),
    ("AWS::ApiGateway::BasePathMapping", Free(WITH_STAGE)),
    ("AWS::ApiGateway::Deployment", Free(WITH_STAGE)),
    ("AWS::ApiGateway::DomainName", Free(WITH_STAGE)),
    ("AWS::ApiGateway::GatewayResponse", Free(WITH_STAGE)),
    ("AWS::ApiGateway::Method", Free(WITH_STAGE)),
    ("AWS::ApiGateway::Model", Free(WITH_STAGE)),
    ("AWS::ApiGateway::RequestValidator", Free(WITH_STAGE)),
    ("AWS::ApiGateway::Resource", Free(WITH_STAGE)),
    ("AWS::ApiGateway::RestApi", Free(WITH_STAGE)),
    ("AWS::ApiGateway::Stage", Priced(api::stage)),
    ("AWS::ApplicationAutoScaling::ScalableTarget", Free("its tasks are priced with their service")),
    ("AWS::ApplicationAutoScaling::ScalingPolicy", Priced(container::scaling_policy)),
    ("AWS::Backup::BackupPlan", Priced(backup::plan)),
    ("AWS::Backup::BackupSelection", Free(CONTROL)),
    ("AWS::Backup::BackupVault", Free("what is kept in it is priced with the plan")),
    ("AWS::CertificateManager::Certificate", Free("public certificates cost nothing")),
    ("AWS::CloudFormation::CustomResource", Priced(storage::custom_resource)),
    ("AWS::CloudTrail::Trail", Priced(keeping::trail)),
    ("AWS::CloudWatch::Alarm", Priced(watching::alarm)),
    ("AWS::CloudWatch::CompositeAlarm", Priced(watching::composite)),
    ("AWS::CloudWatch::Dashboard", Priced(watching::dashboard)),
    ("AWS::DynamoDB::GlobalTable", Priced(table::global_table)),
    ("AWS::EC2::EIP", Priced(network::address)),
    ("AWS::EC2::FlowLog", Free("its records are priced with their log group")),
    ("AWS::EC2::InternetGateway", Free(CONTROL)),
    ("AWS::EC2::NatGateway", Priced(network::nat_gateway)),
    ("AWS::EC2::Route", Free(CONTROL)),
    ("AWS::EC2::RouteTable", Free(CONTROL)),
    ("AWS::EC2::SecurityGroup", Free(CONTROL)),
    ("AWS::EC2::SecurityGroupEgress", Free(CONTROL)),
    ("AWS::EC2::SecurityGroupIngress", Free(CONTROL)),
    ("AWS::EC2::Subnet", Free(CONTROL)),
    ("AWS::EC2::SubnetRouteTableAssociation", Free(CONTROL)),
    ("AWS::EC2::VPC", Free(CONTROL)),
    ("AWS::EC2::VPCEndpoint", Priced(network::endpoint)),
    ("AWS::EC2::VPCGatewayAttachment", Free(CONTROL)),
    (
        "AWS::EC2::VPCPeeringConnection",
        Free("but for the data over it: a preflight's look at the other database"),
    ),
    ("AWS::ECR::Repository", Priced(container::repository)),
    ("AWS::ECS::Cluster", Priced(container::cluster)),
    ("AWS::ECS::ClusterCapacityProviderAssociations", Free(CONTROL)),
    ("AWS::ECS::Service", Priced(container::service)),
    ("AWS::ECS::TaskDefinition", Free("its size is priced with its service")),
    ("AWS::ElasticLoadBalancingV2::Listener", Free("part of the load balancer")),
    ("AWS::ElasticLoadBalancingV2::ListenerRule", Free("part of the load balancer")),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", Priced(container::load_balancer)),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", Free("part of the load balancer")),
    ("AWS::Events::EventBus", Priced(messaging::event_bus)),
    ("AWS::Events::EventBusPolicy", Free(CONTROL)),
    ("AWS::Events::Rule", Free("events are priced with their bus; those of AWS itself cost nothing")),
    ("AWS::IAM::ManagedPolicy", Free(CONTROL)),
    ("AWS::IAM::Policy", Free(CONTROL)),
    ("AWS::IAM::Role", Free(CONTROL)),
    ("AWS::KMS::Alias", Free(CONTROL)),
    ("AWS::KMS::Key", Priced(keeping::key)),
    ("AWS::KMS::ReplicaKey", Priced(keeping::key)),
    ("AWS::Lambda::Alias", Free(CONTROL)),
    ("AWS::Lambda::EventInvokeConfig", Free(CONTROL)),
    ("AWS::Lambda::EventSourceMapping", Free("its requests are priced with the queue")),
    ("AWS::Lambda::Function", Priced(function::function)),
    ("AWS::Lambda::Permission", Free(CONTROL)),
    ("AWS::Lambda::Version", Free(CONTROL)),
    ("AWS::Logs::LogGroup", Priced(log::group)),
    ("AWS::Logs::MetricFilter", Priced(watching::filter)),
    ("AWS::RDS::DBCluster", Priced(database::cluster)),
    ("AWS::RDS::DBClusterParameterGroup", Free(CONTROL)),
    ("AWS::RDS::DBInstance", Priced(database::instance)),
    ("AWS::RDS::DBParameterGroup", Free(CONTROL)),
    ("AWS::RDS::DBSubnetGroup", Free(CONTROL)),
    ("AWS::RDS::EventSubscription", Free(CONTROL)),
    ("AWS::RDS::GlobalCluster", Priced(database::global_cluster)),
    ("AWS::Route53::HealthCheck", Priced(dns::health_check)),
    ("AWS::Route53::HostedZone", Priced(dns::hosted_zone)),
    ("AWS::Route53::RecordSet", Free("queries are priced with the zone")),
    ("AWS::S3::Bucket", Priced(storage::bucket)),
    ("AWS::S3::BucketPolicy", Free(CONTROL)),
    ("AWS::SNS::Subscription", Free("messages are priced with their topic")),
    ("AWS::SNS::Topic", Priced(messaging::topic)),
    ("AWS::SNS::TopicPolicy", Free(CONTROL)),
    ("AWS::SQS::Queue", Priced(messaging::queue)),
    ("AWS::SQS::QueuePolicy", Free(CONTROL)),
    ("AWS::SSM::Parameter", Free("standard parameters cost nothing")),
    ("AWS::Scheduler::Schedule", Priced(messaging::schedule)),
    ("AWS::Scheduler::ScheduleGroup", Free(CONTROL)),
    ("AWS::SecretsManager::ResourcePolicy", Free(CONTROL)),
    ("AWS::SecretsManager::RotationSchedule", Free(CONTROL)),
    ("AWS::SecretsManager::Secret", Priced(keeping::secret)),
    ("AWS::SecretsManager::SecretTargetAttachment", Free(CONTROL)),
    ("AWS::StepFunctions::StateMachine", Priced(messaging::state_machine)),
    ("AWS::WAFv2::IPSet", Free(CONTROL)),
    (
        "AWS::WAFv2::LoggingConfiguration",
        Free("it keeps what is refused, which is priced with its log group"),
    ),
    ("AWS::WAFv2::WebACL", Priced(api::firewall)),
    ("AWS::WAFv2::WebACLAssociation", Free(CONTROL)),
    ("AWS::XRay::SamplingRule", Free(CONTROL)),
];

/// What becomes of a type; none where nobody has said so.
pub(super) fn treatment(kind: &str) -> Option<Treatment> {
    TREATMENTS.iter().find(|(known, _)| *known == kind).map(|(_, treatment)| *treatment)
}

#[cfg(test)]
mod tests {
    //! Goal: a type is treated in one way. Method: the table.

    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_type_stands_once_and_says_why_it_is_free() {
        let kinds: BTreeSet<&str> = TREATMENTS.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds.len(), TREATMENTS.len());
        for (kind, treatment) in TREATMENTS {
            assert!(!matches!(treatment, Free(why) if why.len() < 10), "{kind}");
        }
    }
}
