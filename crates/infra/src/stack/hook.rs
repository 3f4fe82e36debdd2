//! Custom resources, and what the function behind them may do.
//!
//! With `protect = true` each of them is kept when its stack goes, so that nothing is emptied or
//! released: the rule on removal policies sees to that.

use cdk::{Handle, Scope};
use cfn::{CustomResource, Json};
use serde_json::json;

use crate::packages::STACK_HOOK;
use crate::place::Place;
use crate::policy::{self, Statement};

/// Seconds one invocation may take: Lambda's most.
pub(super) const TIMEOUT_S: i64 = 900;
/// Seconds CloudFormation waits: a little longer, for an invocation that Lambda repeats.
const SERVICE_TIMEOUT_S: i64 = 2 * TIMEOUT_S + 120;

/// A resource that has the region's `stack-hook` carry out this action.
pub(super) fn resource(place: &Place<'_>, action: &str) -> CustomResource {
    CustomResource::new(place.function_arn(STACK_HOOK))
        .service_timeout(SERVICE_TIMEOUT_S)
        .tell("Action", action)
}

/// What the function may do in every stack. What one stack's resources need beside that is allowed by
/// that stack, where the resource is known.
pub(super) fn permissions(place: &Place<'_>) -> Vec<Statement> {
    vec![
        Statement::allow(
            &["logs:CreateLogStream", "logs:PutLogEvents"],
            [place.log_group_arn(&place.function_log_group(STACK_HOOK))],
        ),
        Statement::anywhere(
            &["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
            "X-Ray has no resource for traces (service authorization reference)",
        ),
        Statement::allow(
            &["cloudformation:DescribeStacks"],
            [place.arn("cloudformation", &format!("stack/{}/*", place.stack_name("*")))],
        )
        .because("every stack of the region has custom resources, and the end of a stack's ARN is made when the stack is"),
    ]
}

/// Adds a policy of one stack for the function: what a custom resource there needs.
pub(super) fn allow(
    scope: &mut Scope<'_>,
    id: &str,
    place: &Place<'_>,
    name: &str,
    allowed: &[Statement],
) -> Handle {
    let role = place.names().function_role(STACK_HOOK, place.region);
    let document: Json = json!(policy::document(allowed));
    let policy = cfn::iam::Policy::new(document, place.names().resource("policy", name)).roles([role]);
    let handle = scope.add(id, policy);
    policy::explain(scope, &handle, allowed);
    handle
}
