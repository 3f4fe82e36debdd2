//! The stacks. Each function adds one kind of stack for one place.

pub mod api;
pub mod compute;
pub mod database;
mod database_events;
mod database_keeper;
mod database_login;
pub mod disaster_recovery;
pub mod dns;
mod endpoints;
pub mod global_tables;
pub mod network_peering;
pub mod networking;
pub mod peering;
mod permissions;
mod settings;

use cdk::{Handle, Scope};
use cfn::{Intrinsic, Value, kms, ssm};

use crate::place::Place;
use crate::policy::key_policy;

/// Adds a key with yearly rotation, and its alias.
fn key(scope: &mut Scope<'_>, place: &Place<'_>, purpose: &str, services: &[&str]) -> Handle {
    let mut scope = scope.scope("Key");
    let key = kms::Key::new()
        .description(format!("{purpose} of {}", place.deployment.name))
        .enable_key_rotation(true)
        .pending_window_in_days(7)
        .key_policy(key_policy(place.account, services));
    let key = scope.add("Key", key);
    scope.node(&key).because(
        crate::policy::WILDCARD_REASON,
        "kms:*: in a key policy `*` is this key alone, and without the account's own statement nobody could administer it",
    );
    let alias = format!("alias/{}", place.names().resource("key", purpose));
    scope.add("Alias", kms::Alias::new(alias, key.reference()));
    key
}

/// An output of a stack in the region of `place`, read while the reading stack is deployed.
fn output_of(place: &Place<'_>, kind: &str, output: &str) -> Intrinsic {
    Intrinsic::StackOutput {
        stack_name: place.stack_name(kind),
        output_name: output.to_owned(),
        region: place.region.as_str().to_owned(),
    }
}

/// Adds a text parameter of this region.
fn parameter(
    scope: &mut Scope<'_>,
    place: &Place<'_>,
    id: &str,
    key: &str,
    value: impl Into<Value<String>>,
) -> Handle {
    scope.add(id, ssm::Parameter::new("String", value).name(place.names().parameter(key)))
}
