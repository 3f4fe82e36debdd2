//! The stacks. Each function adds one kind of stack for one place.

pub mod alerts;
pub mod api;
pub mod audit;
mod aws_events;
pub mod compute;
pub mod containers;
pub mod database;
mod database_events;
mod database_keeper;
mod database_login;
pub mod disaster_recovery;
pub mod dns;
mod endpoints;
mod flow_logs;
pub mod forwarding;
pub mod foundation;
pub mod global_tables;
mod hook;
pub mod images;
pub mod load_balancer;
pub mod monitoring;
pub mod network_peering;
pub mod networking;
pub mod peering;
mod permissions;
pub mod preflight;
mod queue;
pub mod reconciler;
mod replication;
mod retry;
mod schedule;
mod settings;
pub mod storage;

use cdk::{Handle, Scope};
use cfn::{Intrinsic, Json, Value, kms, logs, ssm};

use crate::place::{Place, parameter as parameter_key};
use crate::policy::key_policy;

/// Days that logs are kept.
const LOG_RETENTION_DAYS: u32 = 30;

/// Adds a key with yearly rotation, and its alias.
fn key(scope: &mut Scope<'_>, place: &Place<'_>, purpose: &str, services: &[&str]) -> Handle {
    key_under(scope, place, purpose, key_policy(place.account, services))
}

/// The same under a policy of its own.
fn key_under(scope: &mut Scope<'_>, place: &Place<'_>, purpose: &str, policy: Json) -> Handle {
    let mut scope = scope.scope("Key");
    let key = kms::Key::new()
        .description(format!("{purpose} of {}", place.deployment.name))
        .enable_key_rotation(true)
        .pending_window_in_days(7)
        .key_policy(policy);
    let key = scope.add("Key", key);
    scope.node(&key).because(
        crate::policy::WILDCARD_REASON,
        "kms:*: in a key policy `*` is this key alone, and without the account's own statement nobody could administer it",
    );
    scope.add("Alias", kms::Alias::new(key_alias(place, purpose), key.reference()));
    key
}

/// Name of a key's alias.
fn key_alias(place: &Place<'_>, purpose: &str) -> String {
    format!("alias/{}", place.names().resource("key", purpose))
}

/// A log group under the region's key for logs. Every stack but Foundation, which has the key, makes
/// its log groups by this.
fn log_group(place: &Place<'_>, name: impl Into<String>) -> logs::LogGroup {
    logs::LogGroup::new()
        .log_group_name(name.into())
        .retention_in_days(LOG_RETENTION_DAYS)
        .kms_key_id(place.parameter(parameter_key::LOGS_KEY))
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
