//! Who may call the load balancers.

use serde_json::Value;

use super::{Finding, Rule, Subject};
use crate::check::inventory::Resource;

const BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";
const RULE: &str = "AWS::ElasticLoadBalancingV2::ListenerRule";
/// Paths that are open to everybody begin so.
const HEALTH: &str = "health/";

pub(super) const KNOWN: Rule = Rule {
    id: "callers-are-known",
    title: "a load balancer lets callers place orders and read sessions from named addresses, or with a token that it verifies",
    rationale: "where nobody has to say who they are, anybody's orders are settled, under any account",
    look: |subject| {
        let balancers = subject.inventory.all(BALANCER);
        let open = balancers.filter(|one| !refuses_strangers(subject, one) && !asks_for_tokens(subject, one));
        let what = "lets everybody place orders: it knows callers neither by address nor by token";
        open.map(|balancer| Finding::at(&balancer, what)).collect()
    },
};

/// Whether the firewall before it refuses all but health to addresses that are not in a set.
fn refuses_strangers(subject: &Subject<'_>, balancer: &Resource<'_>) -> bool {
    let guards = subject.inventory.all("AWS::WAFv2::WebACLAssociation");
    let own = guards.filter(|guard| {
        guard.stack.name == balancer.stack.name
            && guard.referred(guard.get("ResourceArn")).is_some_and(|one| one.id == balancer.id)
    });
    own.filter_map(|guard| guard.referred(guard.get("WebACLArn")))
        .flat_map(|firewall| firewall.list("Rules"))
        .any(|rule| rule["Action"]["Block"].is_object() && is_of_strangers(balancer, &rule["Statement"]))
}

/// Whether a statement is true of every request from elsewhere but those for health.
fn is_of_strangers(balancer: &Resource<'_>, statement: &Value) -> bool {
    let parts = statement["AndStatement"]["Statements"].as_array().map_or(&[][..], Vec::as_slice);
    let by_address = |part: &Value| {
        let set = &part["NotStatement"]["Statement"]["IPSetReferenceStatement"]["Arn"];
        let listed = balancer.referred(set).map(|set| set.list("Addresses"));
        // One bit is half of the world.
        listed
            .is_some_and(|all| !all.iter().any(|one| one.as_str().is_some_and(|range| range.ends_with("/1"))))
    };
    let but_health = |part: &Value| {
        let regex = &part["NotStatement"]["Statement"]["RegexMatchStatement"]["RegexString"];
        let paths = regex.as_str().and_then(|text| text.strip_suffix(")$")?.rsplit_once("/("));
        paths.is_some_and(|(_, paths)| paths.split('|').all(|path| path.starts_with(HEALTH)))
    };
    matches!(parts, [set, health] if by_address(set) && but_health(health))
        || matches!(parts, [health, set] if by_address(set) && but_health(health))
}

/// Whether each of its rules that forwards what is not health verifies a token first, or is for named addresses.
fn asks_for_tokens(subject: &Subject<'_>, balancer: &Resource<'_>) -> bool {
    let rules = subject.inventory.all(RULE).filter(|rule| rule.stack.name == balancer.stack.name);
    let (mut verifying, mut open) = (0, 0);
    for rule in rules.filter(|rule| rule.list("Actions").iter().any(|one| one["Type"] == "forward")) {
        let conditions = || rule.list("Conditions").iter();
        let paths = conditions().flat_map(|one| one["PathPatternConfig"]["Values"].as_array());
        let paths: Vec<&Value> = paths.flatten().collect();
        let is_health = |path: &&Value| {
            path.as_str().is_some_and(|path| path.trim_start_matches('/').starts_with(HEALTH))
        };
        let of_health = !paths.is_empty() && paths.iter().all(is_health);
        let by_address = conditions().any(|one| one["Field"] == "source-ip");
        match rule.list("Actions").iter().any(|one| one["Type"] == "jwt-validation") {
            true => verifying += 1,
            false if of_health || by_address => {}
            false => open += 1,
        }
    }
    verifying > 0 && open == 0
}
