//! The REST API of a region, under its own name and under the name that clients use.
//!
//! What is asked before a function runs, in this order: is the caller's address within its rate
//! ([`firewall`]), may the caller do this ([`access`] and the methods' authorisation in [`routes`]), is
//! the route within its rate ([`stage`]), has the body the right form. Every no is JSON in the API's own
//! shape ([`responses`]). Health routes are open: what checks them cannot sign.

pub(super) mod access;
pub(super) mod domains;
pub(super) mod firewall;
mod responses;
mod routes;
mod stage;

use cdk::{Handle, Stack};
use cfn::apigateway;

use crate::place::Place;
use crate::policy::WILDCARD_REASON;
use crate::stack::permissions::INVOKE;

pub use access::STAGE;
pub(super) use access::calls;

/// What a region's API stack holds.
#[derive(Debug)]
pub struct Handles {
    /// The API.
    pub api: Handle,
    /// Its one stage.
    pub stage: Handle,
}

/// Adds the API, its stage, its firewall, its two custom domains and the region's own record.
pub fn new(stack: &mut Stack, place: &Place<'_>) -> Handles {
    let mut root = stack.root();
    let endpoint = apigateway::rest_api::EndpointConfiguration::new().types(["REGIONAL"]);
    let api = root.add(
        "Api",
        apigateway::RestApi::new()
            .name(place.names().resource("api", "orders"))
            .description("orders and sessions")
            .endpoint_configuration(endpoint)
            .disable_execute_api_endpoint(true)
            .policy(access::policy(place.account)),
    );
    let why = "health checks sign nothing, so anybody may ask for the API's health, and for nothing else";
    root.node(&api).because(WILDCARD_REASON, &cdk::policy::reason(&[INVOKE], why));
    let methods = routes::new(&mut root, place, &api);
    routes::permission(&mut root, place, &api);
    let answers = responses::new(&mut root, &api);
    let snapshot: Vec<Handle> = methods.into_iter().chain(answers).collect();
    let stage = stage::new(&mut root, place, &api, &snapshot);
    let guarded = format!(
        "arn:aws:apigateway:{}::/restapis/${{{}}}/stages/${{{}}}",
        place.region,
        api.token(),
        stage.token()
    );
    firewall::new(&mut root.scope("Firewall"), place, "Stage", cfn::sub(guarded).into(), None);
    domains::new(&mut root, place, &api, &stage);
    Handles { api, stage }
}
