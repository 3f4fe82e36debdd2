//! VPC endpoints: what the functions call without leaving the network of AWS.

use cdk::{Handle, Scope};
use cfn::{Value, ec2};

use super::networking::security_group;
use crate::place::Place;

/// Services the functions call over an interface endpoint, by construct id.
const INTERFACES: [(&str, &str); 6] = [
    ("Events", "events"),
    ("Rds", "rds"),
    ("Sqs", "sqs"),
    ("Ssm", "ssm"),
    ("States", "states"),
    ("Secrets", "secretsmanager"),
];

/// Adds the gateway endpoint of DynamoDB and the interface endpoints.
pub(super) fn add(
    root: &mut Scope<'_>,
    place: &Place<'_>,
    vpc: &Handle,
    subnets: &[Handle],
    tables: &[Handle],
    functions: &Handle,
) {
    let mut scope = root.scope("Endpoints");
    let group = security_group(&mut scope, place, vpc, "endpoints", "interface endpoints");
    scope.add(
        "FromFunctions",
        ec2::SecurityGroupIngress::new("tcp")
            .group_id(group.attribute("GroupId"))
            .from_port(443)
            .to_port(443)
            .source_security_group_id(functions.attribute("GroupId"))
            .description("AWS APIs"),
    );
    let service = |name: &str| format!("com.amazonaws.{}.{name}", place.region);
    let references = |handles: &[Handle]| -> Vec<Value<String>> {
        handles.iter().map(|handle| handle.reference().into()).collect()
    };
    scope.add(
        "DynamoDb",
        ec2::VPCEndpoint::new(vpc.reference())
            .service_name(service("dynamodb"))
            .vpc_endpoint_type("Gateway")
            .route_table_ids(references(tables))
            .tags(place.name_tag("endpoint", "dynamodb")),
    );
    for (id, name) in INTERFACES {
        scope.add(
            id,
            ec2::VPCEndpoint::new(vpc.reference())
                .service_name(service(name))
                .vpc_endpoint_type("Interface")
                .private_dns_enabled(true)
                .subnet_ids(references(subnets))
                .security_group_ids(vec![Value::<String>::from(group.attribute("GroupId"))])
                .tags(place.name_tag("endpoint", name)),
        );
    }
}
