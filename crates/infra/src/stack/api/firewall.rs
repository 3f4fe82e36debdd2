//! What one address may ask in five minutes, and the log of what was refused.
//!
//! Before a load balancer, which has no rate of its own, there is also a rate of all callers together.
//! No managed group: those judge bodies and addresses by patterns that AWS changes, and an
//! order must not be refused because of what a client's session holds or whose address it has.

use cdk::{Handle, Scope};
use cfn::wafv2::{LoggingConfiguration, WebACL, WebACLAssociation, logging_configuration, web_acl};
use cfn::{Json, Value};
use serde_json::json;
use web_acl::{
    BlockAction, CustomHTTPHeader, CustomResponse, CustomResponseBody, DefaultAction, FieldToMatch,
    NotStatement, RateBasedStatement, RegexMatchStatement, Rule, RuleAction, Statement, TextTransformation,
    VisibilityConfig,
};

use super::access::{ROUTES, STAGE};
use crate::place::Place;
use crate::stack::log_group;

/// Seconds over which an address's requests are counted.
const WINDOW_S: i64 = 300;
/// Requests to health routes from one address in that time. One of Route 53's checkers sends 30 and a
/// region's own functions some hundred; a flood from one address must not use up the routes' own rate,
/// or the region would look ill.
const HEALTH_PER_ADDRESS: i64 = 2000;
/// What a client above its rate is told: what API Gateway says when it throttles.
const TOO_MANY: &str = "too-many-requests";
/// Headers that the log leaves out.
const SECRET_HEADERS: [&str; 3] = ["authorization", "x-amz-security-token", "session-token"];

/// Seconds over which the requests of all callers are counted: the shortest there is.
const SHORT_WINDOW_S: i64 = 60;

/// Adds the rules, puts them before `guarded`, the ARN of what is called `id`, and logs what they refuse.
pub(in crate::stack) fn new(scope: &mut Scope<'_>, place: &Place<'_>, id: &str, guarded: Value<String>) {
    let limit = i64::from(place.deployment.api.requests_per_address);
    let not_health =
        Statement::new().not_statement(NotStatement::new(Statement::new().regex_match_statement(health())));
    let health = Statement::new().regex_match_statement(health());
    let body =
        CustomResponseBody::new(json!({ "error": "too_many_requests" }).to_string(), "APPLICATION_JSON");
    let mut limits =
        vec![rate(0, "requests", limit, not_health), rate(1, "health", HEALTH_PER_ADDRESS, health)];
    if place.containers().is_some() {
        limits.push(rate_of_all(2, i64::from(place.deployment.api.requests_per_second)));
    }
    let rules = WebACL::new(
        DefaultAction::new().allow(web_acl::AllowAction::new()),
        "REGIONAL",
        VisibilityConfig::new(true, "all", false),
    )
    .name(place.names().resource("firewall", "orders"))
    .description("what one address may ask")
    .custom_response_bodies([(TOO_MANY, body)])
    .rules(limits);
    let rules = scope.add("Rules", rules);
    scope.add(id, WebACLAssociation::new(guarded, rules.attribute("Arn")));
    log(scope, place, &rules);
}

/// The health routes, with or without the stage's name before them.
fn health() -> RegexMatchStatement {
    let open = ROUTES.iter().filter(|route| route.open).map(|route| route.path.join("/"));
    let paths = open.collect::<Vec<_>>().join("|");
    let path = FieldToMatch::new().uri_path(Json::Object(Default::default()));
    RegexMatchStatement::new(path, format!("^(/{STAGE})?/({paths})$"), [TextTransformation::new(0, "NONE")])
}

/// 429 and not 403: a client takes the one for "later" and the other for "no".
fn rate(priority: i64, what: &str, limit: i64, of: Statement) -> Rule {
    let statement =
        RateBasedStatement::new("IP", limit).evaluation_window_sec(WINDOW_S).scope_down_statement(of);
    limited(priority, format!("{what}-per-address"), statement)
}

/// What API Gateway's own rate does: so many requests per second of all callers together. Health stays out
/// of it, for no load may make a region look ill.
fn rate_of_all(priority: i64, per_second: i64) -> Rule {
    let not_health =
        Statement::new().not_statement(NotStatement::new(Statement::new().regex_match_statement(health())));
    let limit = per_second.saturating_mul(SHORT_WINDOW_S);
    let statement = RateBasedStatement::new("CONSTANT", limit)
        .evaluation_window_sec(SHORT_WINDOW_S)
        .scope_down_statement(not_health);
    limited(priority, "requests-of-all".to_owned(), statement)
}

fn limited(priority: i64, name: String, statement: RateBasedStatement) -> Rule {
    let answer = CustomResponse::new(429)
        .custom_response_body_key(TOO_MANY)
        .response_headers([CustomHTTPHeader::new("Retry-After", "1")]);
    // No samples: they show headers, those of a signature among them.
    let seen = VisibilityConfig::new(true, name.clone(), false);
    Rule::new(name, priority, Statement::new().rate_based_statement(statement), seen)
        .action(RuleAction::new().block(BlockAction::new().custom_response(answer)))
}

/// What was refused, without what would let a reader sign or go on with a session. What passed is in the
/// access log. AWS WAF wants a name that begins with `aws-waf-logs-`.
fn log(scope: &mut Scope<'_>, place: &Place<'_>, rules: &Handle) {
    use logging_configuration::{ActionCondition, Condition, Filter, LoggingFilter, SingleHeader};
    let name = place.names().resource("aws-waf-logs", "orders");
    let group = scope.add("Logs", log_group(place, &name));
    let blocked = Condition::new().action_condition(ActionCondition::new("BLOCK"));
    let redacted = SECRET_HEADERS
        .map(|header| logging_configuration::FieldToMatch::new().single_header(SingleHeader::new(header)));
    // `Arn` of a log group ends with `:*`, which AWS WAF does not take.
    let destination = place.arn("logs", &format!("log-group:{name}"));
    let logging = LoggingConfiguration::new([destination], rules.attribute("Arn"))
        .redacted_fields(redacted)
        .logging_filter(LoggingFilter::new("DROP", [Filter::new("KEEP", [blocked], "MEETS_ANY")]));
    let logging = scope.add("Logging", logging);
    scope.node(&logging).depend_on(&group);
}
