//! Who may call the API.

use serde_json::Value;

use super::{Finding, Rule, Subject};
use crate::check::inventory::Resource;
use crate::check::statement;

const METHOD: &str = "AWS::ApiGateway::Method";
/// What anybody may ask for, unsigned.
const OPEN: (&str, &str) = ("GET", "/health/");
/// What a client needs of each region: an order is taken, and asked for.
const ORDERS: [(&str, &str); 2] = [("POST", "/orders"), ("GET", "/orders/{id}")];

pub(super) const SIGNED: Rule = Rule {
    id: "orders-are-signed",
    title: "every route of the APIs but those of health asks for a signature, and each region's API takes orders",
    rationale: "where nobody has to say who they are, anybody's orders are settled, and a region that was opened for a test stays open when it takes over",
    look: |subject| {
        let mut findings = Vec::new();
        for method in subject.inventory.all(METHOD) {
            let (verb, path) = (method.text("HttpMethod").unwrap_or("ANY"), path(&method));
            let is_open = verb == OPEN.0 && path.starts_with(OPEN.1);
            if !is_open && method.text("AuthorizationType") != Some("AWS_IAM") {
                findings.push(Finding::at(&method, format!("lets anybody {verb} {path}")));
            }
        }
        for api in subject.inventory.all("AWS::ApiGateway::RestApi") {
            findings.extend(open_calls(&api));
        }
        findings.extend(missing(subject));
        findings
    },
};

/// The path of a method: the parts of its resource and of those above it.
fn path(method: &Resource<'_>) -> String {
    let mut parts = Vec::new();
    let mut at = method.referred(method.get("ResourceId"));
    // The root is an attribute of the API, which has no part.
    while let Some(part) = at.filter(|one| one.kind() == "AWS::ApiGateway::Resource" && parts.len() < 32) {
        parts.push(part.text("PathPart").unwrap_or("?"));
        at = part.referred(part.get("ParentId"));
    }
    parts.iter().rev().map(|part| format!("/{part}")).collect()
}

/// Calls that the API's own policy lets anybody make, beside those of health.
fn open_calls(api: &Resource<'_>) -> Vec<Finding> {
    let allowed = cdk::policy::statements(api.get("Policy"));
    let calls = allowed.iter().flat_map(|statement: &statement::Statement| &statement.resources);
    let health = format!("/{}{}", OPEN.0, OPEN.1);
    let others = calls.filter(|call| !call.contains(&health) || call.ends_with('*'));
    others
        .map(|call| Finding::at(api, format!("its policy allows {call} without a policy of the caller's")))
        .collect()
}

/// Regions whose API does not take orders. Containers have no API of API Gateway, and their load balancer asks
/// nobody who they are: a decision of its own.
fn missing(subject: &Subject<'_>) -> Vec<Finding> {
    if subject.deployment.containers.is_some() {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for region in subject.pair() {
        let there: Vec<(&Value, String)> = subject
            .inventory
            .in_region(region, METHOD)
            .map(|method| (method.get("HttpMethod"), path(&method)))
            .collect();
        let lacking =
            ORDERS.iter().filter(|(verb, path)| !there.iter().any(|(has, at)| *has == verb && at == path));
        let what = |(verb, path): &(&str, &str)| {
            Finding::missing(format!("{verb} {path}"), format!("there is none in {region}"))
        };
        findings.extend(lacking.map(what));
    }
    findings
}
