//! The deployment, its stage with its rates, and the log of who called.

use cdk::{Handle, Scope};
use cfn::apigateway;
use serde_json::json;

use super::access::{ROUTES, STAGE, policy};
use super::{responses, routes};
use crate::place::Place;
use crate::stack::log_group;

/// Requests per second that each health route takes whatever the load, and at once. Two regions' worth of
/// Route 53's checkers ask about five times a second when the interval is 10 s.
const HEALTH_PER_SECOND: f64 = 100.0;
const HEALTH_BURST: i64 = 200;

/// Adds deployment, stage and access log. `snapshot` is what the deployment holds.
pub(super) fn new(root: &mut Scope<'_>, place: &Place<'_>, api: &Handle, snapshot: &[Handle]) -> Handle {
    use apigateway::stage::AccessLogSetting;
    let deployment = deployment(root, place, api, snapshot);
    let name = format!("/aws/apigateway/{}", place.names().resource("api", "orders"));
    let log_group = root.add("AccessLogs", log_group(place, name));
    let account = logging_account(root, place);
    let log = AccessLogSetting::new().destination_arn(log_group.attribute("Arn")).format(access_log());
    let stage = apigateway::Stage::new(api.reference())
        .deployment_id(deployment.reference())
        .stage_name(STAGE)
        .tracing_enabled(true)
        .access_log_setting(log)
        .method_settings(rates(place));
    let stage = root.add("Stage", stage);
    root.node(&stage).depend_on(&account);
    stage
}

/// A deployment is a snapshot of the API: its id changes when what it holds does.
fn deployment(root: &mut Scope<'_>, place: &Place<'_>, api: &Handle, snapshot: &[Handle]) -> Handle {
    let content = format!("{}{:?}{}", routes::content(place), responses::ANSWERS, policy(place.account));
    let version = cdk::content_hash(content.as_bytes());
    let deployment =
        root.add(&format!("Deployment-{}", &version[..8]), apigateway::Deployment::new(api.reference()));
    for part in snapshot {
        root.node(&deployment).depend_on(part);
    }
    deployment
}

/// One JSON object per request. No header, no body, no query: nothing that could be replayed.
fn access_log() -> String {
    json!({
        "requestId": "$context.requestId", "ip": "$context.identity.sourceIp", "time": "$context.requestTime",
        "caller": "$context.identity.userArn", "method": "$context.httpMethod", "path": "$context.resourcePath",
        "status": "$context.status", "refusal": "$context.error.responseType",
        "latencyMs": "$context.responseLatency", "integrationMs": "$context.integrationLatency",
        "host": "$context.domainName",
    })
    .to_string()
}

/// The deployment's rate for every method, and for each health route one of its own, which no load can use up.
fn rates(place: &Place<'_>) -> Vec<apigateway::stage::MethodSetting> {
    let api = &place.deployment.api;
    let setting = |verb: &str, path: String, per_second: f64, burst: i64| {
        apigateway::stage::MethodSetting::new()
            .http_method(verb)
            .resource_path(path)
            .metrics_enabled(true)
            .data_trace_enabled(false)
            .throttling_rate_limit(per_second)
            .throttling_burst_limit(burst)
    };
    let all = setting("*", "/*".to_owned(), f64::from(api.requests_per_second), i64::from(api.burst));
    let health = ROUTES.iter().filter(|route| route.open).flat_map(|route| {
        // API Gateway wants `/` within a path as `~1`.
        let path = format!("/~1{}", route.path.join("~1"));
        route.verbs.iter().map(move |verb| setting(verb, path.clone(), HEALTH_PER_SECOND, HEALTH_BURST))
    });
    std::iter::once(all).chain(health).collect()
}

/// API Gateway writes logs under one role per account and region.
fn logging_account(root: &mut Scope<'_>, place: &Place<'_>) -> Handle {
    let mut scope = root.scope("Logging");
    let name = place.names().function_role("api-logs", place.region);
    let role = crate::policy::role(
        &mut scope,
        "Role",
        &name,
        "apigateway.amazonaws.com",
        &[crate::policy::Statement::anywhere(
            &[
                "logs:CreateLogGroup",
                "logs:CreateLogStream",
                "logs:DescribeLogGroups",
                "logs:DescribeLogStreams",
                "logs:FilterLogEvents",
                "logs:GetLogEvents",
                "logs:PutLogEvents",
            ],
            "API Gateway refuses a logging role that cannot do this to every log group of the account (API Gateway developer guide)",
        )],
    );
    scope.add("Account", apigateway::Account::new().cloud_watch_role_arn(role.attribute("Arn")))
}
