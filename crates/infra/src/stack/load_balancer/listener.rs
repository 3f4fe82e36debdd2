//! What the load balancer takes, and where it goes.

use cdk::{Handle, Scope};
use cfn::elasticloadbalancingv2 as elb;
use cfn::elasticloadbalancingv2::listener::{Action, Certificate, FixedResponseConfig};
use cfn::elasticloadbalancingv2::listener_rule::{
    Action as RuleAction, HostHeaderConfig, HttpRequestMethodConfig, PathPatternConfig, RuleCondition,
};
use recovery::deployment::Token;
use serde_json::json;

use super::callers;
use crate::place::Place;
use crate::stack::api::access::{ROUTES, Route};

/// TLS 1.3, and 1.2 with forward secrecy and authenticated encryption only.
///
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html>
const TLS_POLICY: &str = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06";

/// Adds the one listener, and a rule for each route of the service. Nothing listens for plain HTTP, not even
/// to redirect: an order that was once sent in the clear is known to whoever listened.
pub(super) fn new(
    root: &mut Scope<'_>,
    place: &Place<'_>,
    balancer: &Handle,
    targets: &Handle,
    certificate: &Handle,
) {
    let unknown = FixedResponseConfig::new("404")
        .content_type("application/json")
        .message_body(json!({ "error": "not_found" }).to_string());
    let listener = elb::Listener::new(
        [Action::new("fixed-response").fixed_response_config(unknown)],
        balancer.reference(),
    )
    .port(443)
    .protocol("HTTPS")
    .ssl_policy(TLS_POLICY)
    .certificates([Certificate::new().certificate_arn(certificate.reference())]);
    let listener = root.add("Listener", listener);
    let mut scope = root.scope("Routes");
    let forward = || RuleAction::new("forward").target_group_arn(targets.reference());
    let mut add = |id: &str, actions: Vec<RuleAction>, conditions: Vec<RuleCondition>, priority| {
        let rule = elb::ListenerRule::new(actions, conditions, priority).listener_arn(listener.reference());
        scope.add(id, rule);
    };
    for (priority, route) in (FIRST_ROUTE..).zip(&ROUTES) {
        let actions = match token(place).filter(|_| !route.open) {
            Some(token) => vec![callers::verify(token), forward().order(2)],
            None => vec![forward()],
        };
        add(route.id, actions, conditions(place, route).into(), priority);
    }
    if token(place).is_some() {
        for (priority, (id, conditions)) in (1..FIRST_ROUTE).zip(callers::own(place)) {
            add(id, vec![forward()], conditions.into(), priority);
        }
    }
}

/// Priority of the first route's rule; our own callers come before.
const FIRST_ROUTE: i64 = 11;

fn token<'d>(place: &Place<'d>) -> Option<&'d Token> {
    place.containers()?.callers.token.as_ref()
}

/// The region's two names, the route's methods and its path; any id is `*`.
fn conditions(place: &Place<'_>, route: &Route) -> [RuleCondition; 3] {
    let names = place.names();
    let hosts = HostHeaderConfig::new().values([names.public_host(), names.region_host(place.region)]);
    let methods = HttpRequestMethodConfig::new().values(route.verbs.to_vec());
    let parts: Vec<&str> =
        route.path.iter().map(|part| if part.starts_with('{') { "*" } else { part }).collect();
    let path = PathPatternConfig::new().values([format!("/{}", parts.join("/"))]);
    [
        RuleCondition::new().field("host-header").host_header_config(hosts),
        RuleCondition::new().field("http-request-method").http_request_method_config(methods),
        RuleCondition::new().field("path-pattern").path_pattern_config(path),
    ]
}
