//! What one address may ask in a minute, and the log of what was refused.
//!
//! Before a load balancer, which has no rate of its own, the requests of all callers together are counted, and more
//! than were reckoned with ring an alarm. They are not refused: a rule on the rate of all refuses everybody once it
//! is reached, so whoever can send as much, from many addresses, would have taken the region out.
//! <https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based-request-limiting.html>
//!
//! No managed group: those judge bodies and addresses by patterns that AWS changes, and an
//! order must not be refused because of what a client's session holds or whose address it has.

use cdk::{Handle, Scope};
use cfn::wafv2::{LoggingConfiguration, WebACL, WebACLAssociation, logging_configuration, web_acl};
use cfn::{Json, Value};
use serde_json::json;
use web_acl::{
    AndStatement, BlockAction, CountAction, CustomHTTPHeader, CustomResponse, CustomResponseBody,
    DefaultAction, FieldToMatch, IPSetReferenceStatement, NotStatement, RateBasedStatement,
    RegexMatchStatement, Rule, RuleAction, Statement, TextTransformation, VisibilityConfig,
};

use super::access::{ROUTES, STAGE};
use crate::place::Place;
use crate::stack::log_group;

/// Seconds over which requests are counted: the shortest there is, so that whoever asks too much is held back,
/// and let in again, soon.
const WINDOW_S: i64 = 60;
/// Requests to health routes from one address in that time. One of Route 53's checkers sends six and a
/// region's own functions some dozens; a flood from one address must not use up the routes' own rate,
/// or the region would look ill.
const HEALTH_PER_ADDRESS: i64 = 400;
/// What a client above its rate is told: what API Gateway says when it throttles.
const TOO_MANY: &str = "too-many-requests";
/// What a caller from elsewhere is told.
const NOT_KNOWN: &str = "not-admitted";
/// The rule on callers from elsewhere.
pub(in crate::stack) const STRANGERS: &str = "strangers";
/// Headers that the log leaves out.
const SECRET_HEADERS: [&str; 3] = ["authorization", "x-amz-security-token", "session-token"];

/// The rules on one address, which refuse, and the one on all together, which counts; their metrics are called
/// the same.
pub(in crate::stack) const PER_ADDRESS: &str = "requests-per-address";
pub(in crate::stack) const HEALTH_OF_ADDRESS: &str = "health-per-address";
pub(in crate::stack) const OF_ALL: &str = "requests-of-all";

/// What the firewall and its metrics are called.
pub(in crate::stack) fn name(place: &Place<'_>) -> String {
    place.names().resource("firewall", "orders")
}

/// Adds the rules, puts them before `guarded`, the ARN of what is called `id`, and logs what they refuse.
/// Whoever is not among the `known`, where there are some, is refused all but health.
pub(in crate::stack) fn new(
    scope: &mut Scope<'_>,
    place: &Place<'_>,
    id: &str,
    guarded: Value<String>,
    known: Option<&Handle>,
) {
    let limit = i64::from(place.deployment.api.requests_per_address);
    let not_health =
        Statement::new().not_statement(NotStatement::new(Statement::new().regex_match_statement(health())));
    let health = Statement::new().regex_match_statement(health());
    let says =
        |error: &str| CustomResponseBody::new(json!({ "error": error }).to_string(), "APPLICATION_JSON");
    let mut bodies = vec![(TOO_MANY, says("too_many_requests"))];
    let mut limits =
        vec![rate(0, PER_ADDRESS, limit, not_health), rate(1, HEALTH_OF_ADDRESS, HEALTH_PER_ADDRESS, health)];
    if let Some(known) = known {
        limits.push(strangers(2, known));
        bodies.push((NOT_KNOWN, says("not_admitted")));
    }
    if place.containers().is_some() {
        limits.push(rate_of_all(3, i64::from(place.deployment.api.requests_per_second)));
    }
    let rules = WebACL::new(
        DefaultAction::new().allow(web_acl::AllowAction::new()),
        "REGIONAL",
        VisibilityConfig::new(true, name(place), false),
    )
    .name(name(place))
    .description("what one address may ask")
    .custom_response_bodies(bodies)
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
    let answer = CustomResponse::new(429)
        .custom_response_body_key(TOO_MANY)
        .response_headers([CustomHTTPHeader::new("Retry-After", "1")]);
    let refuse = RuleAction::new().block(BlockAction::new().custom_response(answer));
    rule(priority, what, RateBasedStatement::new("IP", limit), of).action(refuse)
}

/// So many requests per second of all callers together, of those that the rules before it let through. Health
/// stays out of it.
fn rate_of_all(priority: i64, per_second: i64) -> Rule {
    let not_health =
        Statement::new().not_statement(NotStatement::new(Statement::new().regex_match_statement(health())));
    let rate = RateBasedStatement::new("CONSTANT", per_second.saturating_mul(WINDOW_S));
    rule(priority, OF_ALL, rate, not_health).action(RuleAction::new().count(CountAction::new()))
}

/// Refuses whoever has none of these addresses; 403, for no later attempt will do.
fn strangers(priority: i64, known: &Handle) -> Rule {
    let unknown = NotStatement::new(
        Statement::new().ip_set_reference_statement(IPSetReferenceStatement::new(known.attribute("Arn"))),
    );
    let not_health = NotStatement::new(Statement::new().regex_match_statement(health()));
    let both = [unknown, not_health].map(|not| Statement::new().not_statement(not));
    let answer = CustomResponse::new(403).custom_response_body_key(NOT_KNOWN);
    let seen = VisibilityConfig::new(true, STRANGERS, false);
    Rule::new(STRANGERS, priority, Statement::new().and_statement(AndStatement::new(both)), seen)
        .action(RuleAction::new().block(BlockAction::new().custom_response(answer)))
}

fn rule(priority: i64, name: &str, rate: RateBasedStatement, of: Statement) -> Rule {
    let rate = rate.evaluation_window_sec(WINDOW_S).scope_down_statement(of);
    // No samples: they show headers, those of a signature among them.
    let seen = VisibilityConfig::new(true, name, false);
    Rule::new(name, priority, Statement::new().rate_based_statement(rate), seen)
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
