//! What a region must know about the other one but cannot compute.
//!
//! Copied into the region's own Parameter Store while this stack is deployed, and
//! by nothing else: no stack that recovery needs reads across regions. Deploying this
//! one needs both regions; whoever must change functions while a region is gone
//! deploys their stack alone (`--exclusively`), for its parameters are there already.

use cdk::{Scope, Stack};
use cfn::Intrinsic;

use super::{database, dns, networking, output_of, parameter, replication};
use crate::place::{Place, ZONES, parameter as key};

/// Copies the peer's outputs.
pub fn new(stack: &mut Stack, place: &Place<'_>) {
    let peer = place.peer();
    let mut root = stack.root();
    let database = |output| output_of(&peer, "Database", output);
    copy(&mut root, place, "PeerDatabaseHost", key::PEER_DATABASE_HOST, database(database::HOST_OUTPUT));
    copy(
        &mut root,
        place,
        "PeerDatabaseResource",
        key::PEER_DATABASE_RESOURCE,
        database(database::RESOURCE_OUTPUT),
    );
    if place.containers().is_some() {
        for zone in 1..=ZONES {
            let address = output_of(&peer, "Networking", &networking::address_output(zone));
            let key = format!("{}-{zone}", key::PEER_ADDRESS);
            copy(&mut root, place, &format!("PeerAddress{zone}"), &key, address);
        }
    }
    if place.is_home() {
        copy(&mut root, place, "HostedZone", key::HOSTED_ZONE, output_of(&peer, "Dns", dns::ZONE_OUTPUT));
        // Home's buckets were made when those of the standby did not exist yet.
        replication::by_hook(&mut root.scope("Replication"), place);
    }
}

fn copy(root: &mut Scope<'_>, place: &Place<'_>, id: &str, key: &str, value: Intrinsic) {
    parameter(root, place, id, key, value);
}
