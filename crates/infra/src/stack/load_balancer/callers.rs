//! Whom the load balancer lets through: addresses by the firewall, tokens by the listener.
//!
//! Our own three callers (the sentinel's outside look, the recovery's two validations) come from the addresses
//! that the private subnets of both regions have outside, and show no token: an issuer that is lost must not keep
//! a region from being watched or recovered.

use cdk::{Handle, Scope};
use cfn::elasticloadbalancingv2::listener_rule::{
    Action, JwtValidationActionAdditionalClaim, JwtValidationConfig, PathPatternConfig, RuleCondition,
    SourceIpConfig,
};
use cfn::wafv2::IPSet;
use recovery::deployment::Token;

use crate::place::{Place, ZONES, parameter as key};

/// The addresses of the private subnets of this region, or of the peer's.
fn of_subnets(place: &Place<'_>, prefix: &str) -> Vec<String> {
    (1..=ZONES).map(|zone| format!("{}/32", place.parameter(&format!("{prefix}-{zone}")))).collect()
}

/// Who may ask for anything but health; none where everybody may.
pub(super) fn known(scope: &mut Scope<'_>, place: &Place<'_>) -> Option<Handle> {
    let callers = &place.containers()?.callers;
    let own = || [key::ADDRESS, key::PEER_ADDRESS].into_iter().flat_map(|prefix| of_subnets(place, prefix));
    let addresses: Vec<String> = callers.ranges.iter().cloned().chain(own()).collect();
    let known = || {
        IPSet::new(addresses, "IPV4", "REGIONAL")
            .name(place.names().resource("addresses", "callers"))
            .description("who may place orders")
    };
    callers.by_address().then(|| scope.add("Callers", known()))
}

/// Verifies the token of a caller before anything else is done with the request.
pub(super) fn verify(token: &Token) -> Action {
    let audience = JwtValidationActionAdditionalClaim::new("single-string", "aud", [token.audience.clone()]);
    let verification = JwtValidationConfig::new(token.issuer.clone(), token.keys_url.clone());
    Action::new("jwt-validation").jwt_validation_config(verification.additional_claims([audience])).order(1)
}

/// Conditions under which a request is one of our own, by the region it comes from; each rule takes five values.
///
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html>
pub(super) fn own(place: &Place<'_>) -> [(&'static str, [RuleCondition; 2]); 2] {
    [("OwnCallers", key::ADDRESS), ("PeersCallers", key::PEER_ADDRESS)].map(|(id, prefix)| {
        let from = SourceIpConfig::new().values(of_subnets(place, prefix));
        let orders = PathPatternConfig::new().values(["/orders", "/orders/*"]);
        let conditions = [
            RuleCondition::new().field("source-ip").source_ip_config(from),
            RuleCondition::new().field("path-pattern").path_pattern_config(orders),
        ];
        (id, conditions)
    })
}
