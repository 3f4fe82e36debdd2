//! What a region must know about the other one but cannot compute.
//!
//! Copied into the region's own Parameter Store while this stack is deployed, and
//! by nothing else: no other stack reads across regions, and none on the
//! recovery path waits for this one to be updated.

use cdk::{Scope, Stack};
use cfn::Intrinsic;

use super::{database, dns, parameter};
use crate::place::{Place, parameter as key};

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
    if place.is_home() {
        copy(&mut root, place, "HostedZone", key::HOSTED_ZONE, output_of(&peer, "Dns", dns::ZONE_OUTPUT));
    }
}

fn output_of(place: &Place<'_>, kind: &str, output: &str) -> Intrinsic {
    Intrinsic::StackOutput {
        stack_name: place.stack_name(kind),
        output_name: output.to_owned(),
        region: place.region.as_str().to_owned(),
    }
}

fn copy(root: &mut Scope<'_>, place: &Place<'_>, id: &str, key: &str, value: Intrinsic) {
    parameter(root, place, id, key, value);
}
