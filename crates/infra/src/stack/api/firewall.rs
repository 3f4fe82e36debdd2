//! What one address may ask in five minutes, and the log of what was refused.
//!
//! Two rules and no managed group: those judge bodies and addresses by patterns that AWS changes, and an
//! order must not be refused because of what a client's session holds or whose address it has.

use cdk::{Handle, Scope};
use cfn::Json;
use cfn::wafv2::{LoggingConfiguration, WebACL, WebACLAssociation, logging_configuration, web_acl};
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

/// Adds the rules, puts them before the stage, and logs what they refuse.
pub(super) fn new(scope: &mut Scope<'_>, place: &Place<'_>, api: &Handle, stage: &Handle) {
    let limit = i64::from(place.deployment.api.requests_per_address);
    let not_health =
        Statement::new().not_statement(NotStatement::new(Statement::new().regex_match_statement(health())));
    let health = Statement::new().regex_match_statement(health());
    let body =
        CustomResponseBody::new(json!({ "error": "too_many_requests" }).to_string(), "APPLICATION_JSON");
    let rules = WebACL::new(
        DefaultAction::new().allow(web_acl::AllowAction::new()),
        "REGIONAL",
        VisibilityConfig::new(true, "all", false),
    )
    .name(place.names().resource("firewall", "orders"))
    .description("what one address may ask")
    .custom_response_bodies([(TOO_MANY, body)])
    .rules([rate(0, "requests", limit, not_health), rate(1, "health", HEALTH_PER_ADDRESS, health)]);
    let rules = scope.add("Rules", rules);
    let stage = format!(
        "arn:aws:apigateway:{}::/restapis/${{{}}}/stages/${{{}}}",
        place.region,
        api.token(),
        stage.token()
    );
    scope.add("Stage", WebACLAssociation::new(cfn::sub(stage), rules.attribute("Arn")));
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
    let answer = CustomResponse::new(429)
        .custom_response_body_key(TOO_MANY)
        .response_headers([CustomHTTPHeader::new("Retry-After", "1")]);
    let statement =
        RateBasedStatement::new("IP", limit).evaluation_window_sec(WINDOW_S).scope_down_statement(of);
    let name = format!("{what}-per-address");
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
