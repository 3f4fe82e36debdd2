//! What every other stack of a region stands on: the key for logs, the function behind custom
//! resources, and the claim of one deployment on the region, without which none of its stacks is changed.
//!
//! The function is in no VPC, because it must outlive the networks that it helps to remove.

use cdk::{Handle, Scope, Stack};
use cfn::{lambda, logs};

use super::{LOG_RETENTION_DAYS, hook, key_under, parameter};
use crate::packages::{Packages, STACK_HOOK};
use crate::place::{Place, parameter as key_of};
use crate::policy::{log_key_policy, role};

/// What a region's foundation holds.
#[derive(Debug)]
pub struct Handles {
    /// The key for logs.
    pub logs_key: Handle,
    /// The function behind custom resources.
    pub hook: Handle,
}

/// Adds the key, its parameter and the function.
pub fn new(stack: &mut Stack, place: &Place<'_>, packages: &Packages) -> Handles {
    let mut root = stack.root();
    let policy = log_key_policy(place.account, place.region.as_str(), &log_groups(place));
    let logs_key = key_under(&mut root.scope("Logs"), place, "logs", policy);
    parameter(&mut root, place, "LogsKeyParameter", key_of::LOGS_KEY, logs_key.attribute("Arn"));
    let hook = function(&mut root.scope(STACK_HOOK), place, packages, &logs_key);
    let claim = hook::resource(place, "ClaimRegion").tell("Deployment", place.deployment.name.as_str());
    let claim = root.add("Claim", claim);
    root.node(&claim).depend_on(&hook);
    Handles { logs_key, hook }
}

/// Every log group of this deployment: its name ends with the environment, or has it in its path.
fn log_groups(place: &Place<'_>) -> Vec<String> {
    let environment = &place.deployment.environment;
    [format!("*-{environment}"), format!("*-{environment}/*"), format!("*/{environment}/*")]
        .map(|name| place.arn("logs", &format!("log-group:{name}")))
        .to_vec()
}

fn function(scope: &mut Scope<'_>, place: &Place<'_>, packages: &Packages, key: &Handle) -> Handle {
    let log_group = logs::LogGroup::new()
        .log_group_name(place.function_log_group(STACK_HOOK))
        .retention_in_days(LOG_RETENTION_DAYS)
        .kms_key_id(key.attribute("Arn"));
    let log_group = scope.add("Logs", log_group);
    let name = place.names().function_role(STACK_HOOK, place.region);
    let role = role(scope, "Role", &name, "lambda.amazonaws.com", &hook::permissions(place));
    let (bucket, object) = scope.asset(packages.of(STACK_HOOK));
    let code = lambda::function::Code::new().s3_bucket(bucket).s3_key(object);
    scope.add(
        "Function",
        lambda::Function::new(code, role.attribute("Arn"))
            .function_name(place.names().function(STACK_HOOK))
            .runtime("provided.al2023")
            .handler("bootstrap")
            .architectures([place.deployment.compute.architecture.as_str()])
            .memory_size(256)
            .timeout(hook::TIMEOUT_S)
            .logging_config(lambda::function::LoggingConfig::new().log_group(log_group.reference()))
            .tracing_config(lambda::function::TracingConfig::new().mode("Active")),
    )
}
