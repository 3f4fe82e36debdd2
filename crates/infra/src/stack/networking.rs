//! The VPC of a region: public subnets for address translation, private ones for
//! the functions, isolated ones for the database, over three zones.
//!
//! The sentinel and the recovery steps look at the other region from outside,
//! so private subnets reach the internet; one gateway per zone, because a watch
//! that fails with its zone would see an outage that is not there.
//!
//! The default security group of the VPC, which CloudFormation cannot change, lets its members talk to
//! each other; nothing is a member of it, for everything here names its own group.

use cdk::{Handle, Scope, Stack};
use cfn::{Intrinsic, Value, ec2};

use super::{endpoints, flow_logs, parameter};
use crate::place::{DATABASE_PORT, Place, ZONES, parameter as key};

pub mod gateway_list;
mod tasks;

/// Output that holds the id of the VPC.
pub const VPC_OUTPUT: &str = "VpcId";

/// Output that holds the address under which a zone's private subnet reaches the internet.
pub fn address_output(zone: usize) -> String {
    format!("Address{zone}")
}

/// Second octet of the address ranges: the regions are peered, so they differ.
fn octet(place: &Place<'_>) -> u8 {
    if place.is_home() { 0 } else { 1 }
}

/// Holds the private subnets, and no other.
pub(super) fn private_range(place: &Place<'_>) -> String {
    format!("10.{}.8.0/21", octet(place))
}

/// Holds the isolated subnets, and no other.
pub(super) fn isolated_range(place: &Place<'_>) -> String {
    format!("10.{}.20.0/22", octet(place))
}

/// Adds the network, and the parameters through which other stacks find it.
pub fn new(stack: &mut Stack, place: &Place<'_>) {
    let mut root = stack.root();
    let vpc = root.add(
        "Vpc",
        ec2::VPC::new()
            .cidr_block(format!("10.{}.0.0/16", octet(place)))
            .enable_dns_hostnames(true)
            .enable_dns_support(true)
            .tags(place.name_tag("vpc", "main")),
    );
    let internet =
        root.add("InternetGateway", ec2::InternetGateway::new().tags(place.name_tag("gateway", "internet")));
    let attachment = root.add(
        "InternetGatewayAttachment",
        ec2::VPCGatewayAttachment::new(vpc.reference()).internet_gateway_id(internet.reference()),
    );
    let functions = security_group(&mut root, place, &vpc, "functions", "functions");
    let database = security_group(&mut root, place, &vpc, "database", "database instances");
    let mut private = Vec::new();
    let mut tables = Vec::new();
    for zone in 1..=ZONES {
        let mut scope = root.scope(&format!("Zone{zone}"));
        let Public { translation, subnet: outside, address } =
            public(&mut scope, place, &vpc, &internet, &attachment, zone);
        if place.containers().is_some() {
            zone_parameter(&mut scope, place, "PublicParameter", key::PUBLIC_SUBNET, zone, &outside);
            // The load balancers of both regions know their own callers by it.
            zone_parameter(&mut scope, place, "AddressParameter", key::ADDRESS, zone, &address);
            scope.output(
                &address_output(zone),
                "address of the private subnets outside",
                address.reference(),
            );
        }
        let (subnet, table) = private_subnet(&mut scope, place, &vpc, &translation, zone);
        zone_parameter(&mut scope, place, "PrivateParameter", key::PRIVATE_SUBNET, zone, &subnet);
        zone_parameter(&mut scope, place, "PrivateRoutesParameter", key::PRIVATE_ROUTES, zone, &table);
        let (isolated, isolated_table) = subnet_with_table(&mut scope, place, &vpc, "isolated", 20, zone);
        zone_parameter(&mut scope, place, "IsolatedParameter", key::ISOLATED_SUBNET, zone, &isolated);
        let isolated_routes = "IsolatedRoutesParameter";
        zone_parameter(&mut scope, place, isolated_routes, key::ISOLATED_ROUTES, zone, &isolated_table);
        private.push(subnet);
        tables.push(table);
    }
    rules(&mut root, &functions, &database);
    flow_logs::add(&mut root, place, &vpc);
    let mut callers = vec![functions.clone()];
    if place.containers().is_some() {
        callers.push(tasks::add(&mut root, place, &vpc, &database));
    }
    let endpoints = endpoints::add(&mut root, place, &vpc, [&private, &tables], &callers);
    if let Some(tasks) = callers.get(1) {
        tasks::to_services(&mut root, place, tasks, &endpoints);
    }
    parameter(
        &mut root,
        place,
        "FunctionGroupParameter",
        key::FUNCTION_GROUP,
        functions.attribute("GroupId"),
    );
    parameter(&mut root, place, "VpcParameter", key::VPC, vpc.reference());
    root.output(VPC_OUTPUT, "id of the VPC", vpc.reference());
    parameter(&mut root, place, "DatabaseGroupParameter", key::DATABASE_GROUP, database.attribute("GroupId"));
}

/// Without a rule of its own a group may send anywhere; this one sends nowhere until a rule says so.
pub(super) fn security_group(
    scope: &mut Scope<'_>,
    place: &Place<'_>,
    vpc: &Handle,
    purpose: &str,
    description: &str,
) -> Handle {
    let nowhere = ec2::security_group::Egress::new("icmp")
        .cidr_ip("255.255.255.255/32")
        .from_port(252)
        .to_port(86)
        .description("nothing");
    scope.add(
        &format!("{}Group", capitalised(purpose)),
        ec2::SecurityGroup::new(description)
            .group_name(place.names().resource("group", purpose))
            .vpc_id(vpc.reference())
            .security_group_egress([nowhere]),
    )
}

/// Functions reach the database, and HTTPS anywhere; the database takes the functions.
fn rules(root: &mut Scope<'_>, functions: &Handle, database: &Handle) {
    let port = i64::from(DATABASE_PORT);
    root.add(
        "FunctionsToDatabase",
        ec2::SecurityGroupEgress::new(functions.attribute("GroupId"), "tcp")
            .from_port(port)
            .to_port(port)
            .destination_security_group_id(database.attribute("GroupId"))
            .description("settlement"),
    );
    root.add(
        "FunctionsToHttps",
        ec2::SecurityGroupEgress::new(functions.attribute("GroupId"), "tcp")
            .from_port(443)
            .to_port(443)
            .cidr_ip("0.0.0.0/0")
            .description("AWS APIs, and the other region seen from outside"),
    );
    root.add(
        "DatabaseFromFunctions",
        ec2::SecurityGroupIngress::new("tcp")
            .group_id(database.attribute("GroupId"))
            .from_port(port)
            .to_port(port)
            .source_security_group_id(functions.attribute("GroupId"))
            .description("settlement"),
    );
}

fn zone_parameter(
    scope: &mut Scope<'_>,
    place: &Place<'_>,
    id: &str,
    prefix: &str,
    zone: usize,
    what: &Handle,
) {
    parameter(scope, place, id, &format!("{prefix}-{zone}"), what.reference());
}

/// The zone's place in the region's own list of zones.
fn zone_name(zone: usize) -> Value<String> {
    let zones = Intrinsic::GetAzs { region: String::new() };
    Intrinsic::Select { index: zone - 1, list: Box::new(zones.into()) }.into()
}

/// A subnet and its own route table; `third` is where the third octets of its kind start.
fn subnet_with_table(
    scope: &mut Scope<'_>,
    place: &Place<'_>,
    vpc: &Handle,
    kind: &str,
    third: usize,
    zone: usize,
) -> (Handle, Handle) {
    let mut scope = scope.scope(&capitalised(kind));
    let name = format!("{kind}-{zone}");
    let subnet = scope.add(
        "Subnet",
        ec2::Subnet::new(vpc.reference())
            .availability_zone(zone_name(zone))
            .cidr_block(format!("10.{}.{}.0/24", octet(place), third + zone))
            .map_public_ip_on_launch(false)
            .tags(place.name_tag("subnet", &name)),
    );
    let table =
        scope.add("RouteTable", ec2::RouteTable::new(vpc.reference()).tags(place.name_tag("routes", &name)));
    scope.add(
        "RouteTableAssociation",
        ec2::SubnetRouteTableAssociation::new(table.reference(), subnet.reference()),
    );
    (subnet, table)
}

/// A public subnet, and the address translation in it.
struct Public {
    translation: Handle,
    subnet: Handle,
    address: Handle,
}

fn public(
    scope: &mut Scope<'_>,
    place: &Place<'_>,
    vpc: &Handle,
    internet: &Handle,
    attachment: &Handle,
    zone: usize,
) -> Public {
    let (subnet, table) = subnet_with_table(scope, place, vpc, "public", 0, zone);
    let route = scope.add(
        "PublicRoute",
        ec2::Route::new(table.reference())
            .destination_cidr_block("0.0.0.0/0")
            .gateway_id(internet.reference()),
    );
    scope.node(&route).depend_on(attachment);
    let name = format!("translation-{zone}");
    let address = scope.add("Address", ec2::EIP::new().domain("vpc").tags(place.name_tag("address", &name)));
    scope.node(&address).depend_on(attachment);
    let translation = scope.add(
        "Translation",
        ec2::NatGateway::new()
            .subnet_id(subnet.reference())
            .allocation_id(address.attribute("AllocationId"))
            .tags(place.name_tag("gateway", &name)),
    );
    scope.node(&translation).depend_on(&route);
    Public { translation, subnet, address }
}

fn private_subnet(
    scope: &mut Scope<'_>,
    place: &Place<'_>,
    vpc: &Handle,
    translation: &Handle,
    zone: usize,
) -> (Handle, Handle) {
    let (subnet, table) = subnet_with_table(scope, place, vpc, "private", 10, zone);
    scope.add(
        "PrivateRoute",
        ec2::Route::new(table.reference())
            .destination_cidr_block("0.0.0.0/0")
            .nat_gateway_id(translation.reference()),
    );
    (subnet, table)
}

fn capitalised(word: &str) -> String {
    let (first, rest) = word.split_at(word.len().min(1));
    first.to_uppercase() + rest
}
