//! The private way between the two networks.
//!
//! While the peer region owns the lease, this region's processor settles into the
//! peer's database, and this region's API asks it what is settled. Each direction
//! is the functions' subnets to the database's subnets on the database's port, and
//! nothing else.
//!
//! No other stack waits for this one, and recovery never uses what it makes: a
//! region that has taken over settles into its own database.

use cdk::{Handle, Scope, Stack};
use cfn::{Intrinsic, Value, ec2};

use super::networking::{self, isolated_range, private_range};
use super::output_of;
use crate::place::{DATABASE_PORT, Place, ZONES, parameter as key};

/// Output that holds the id of the connection.
pub const CONNECTION_OUTPUT: &str = "PeeringConnectionId";

/// Adds the region's side. The standby asks for the connection; within one account nobody has to accept it.
pub fn new(stack: &mut Stack, place: &Place<'_>) {
    let mut root = stack.root();
    let connection: Value<String> = if place.is_home() {
        output_of(&place.peer(), "NetworkPeering", CONNECTION_OUTPUT).into()
    } else {
        let connection = connection(&mut root, place);
        root.output(CONNECTION_OUTPUT, "id of the peering connection", connection.reference());
        connection.reference().into()
    };
    routes(&mut root, place, &connection);
    rules(&mut root, place);
}

fn connection(root: &mut Scope<'_>, place: &Place<'_>) -> Handle {
    let peer = place.peer();
    let peer_vpc: Intrinsic = output_of(&peer, "Networking", networking::VPC_OUTPUT);
    root.add(
        "Connection",
        ec2::VPCPeeringConnection::new(peer_vpc, place.parameter(key::VPC))
            .peer_region(peer.region.as_str())
            .peer_owner_id(place.account)
            .tags(place.name_tag("peering", "regions")),
    )
}

/// The functions find the peer's database, and this region's database answers the peer's functions.
fn routes(root: &mut Scope<'_>, place: &Place<'_>, connection: &Value<String>) {
    let peer = place.peer();
    let ways = [
        ("ToPeerDatabase", key::PRIVATE_ROUTES, isolated_range(&peer)),
        ("ToPeerFunctions", key::ISOLATED_ROUTES, private_range(&peer)),
    ];
    for (id, tables, range) in ways {
        for zone in 1..=ZONES {
            root.add(
                &format!("{id}{zone}"),
                ec2::Route::new(place.parameter(&format!("{tables}-{zone}")))
                    .destination_cidr_block(range.clone())
                    .vpc_peering_connection_id(connection.clone()),
            );
        }
    }
}

/// Address ranges, for a rule cannot name a group of another region's network.
fn rules(root: &mut Scope<'_>, place: &Place<'_>) {
    let (peer, port) = (place.peer(), i64::from(DATABASE_PORT));
    root.add(
        "FunctionsToPeerDatabase",
        ec2::SecurityGroupEgress::new(place.parameter(key::FUNCTION_GROUP), "tcp")
            .from_port(port)
            .to_port(port)
            .cidr_ip(isolated_range(&peer))
            .description("settlement in the other region"),
    );
    if place.containers().is_some() {
        root.add(
            "TasksToPeerDatabase",
            ec2::SecurityGroupEgress::new(place.parameter(key::TASK_GROUP), "tcp")
                .from_port(port)
                .to_port(port)
                .cidr_ip(isolated_range(&peer))
                .description("settlement in the other region"),
        );
    }
    root.add(
        "DatabaseFromPeerFunctions",
        ec2::SecurityGroupIngress::new("tcp")
            .group_id(place.parameter(key::DATABASE_GROUP))
            .from_port(port)
            .to_port(port)
            .cidr_ip(private_range(&peer))
            .description("settlement from the other region"),
    );
}
