//! The firewalls: one caller must not be able to stop the orders of the others, and people hear of refusals.

use recovery::Region;
use serde_json::Value;

use super::{Finding, Rule, Subject};
use crate::check::inventory::{Resource, inside};

const FIREWALL: &str = "AWS::WAFv2::WebACL";
/// Addresses at their limit that make up what all callers may ask, at least.
const ADDRESSES_IN_ALL: f64 = 10.0;
/// Seconds over which AWS WAF counts where a rule does not say.
///
/// <https://docs.aws.amazon.com/waf/latest/APIReference/API_RateBasedStatement.html>
const WINDOW_S: f64 = 300.0;

pub(super) const FAIR: Rule = Rule {
    id: "no-caller-crowds-out-others",
    title: "a firewall refuses an address at a tenth of what all may ask, refuses nobody for what others ask, and its refusals ring an alarm",
    rationale: "a region that refuses its callers looks well to every check of its health, so no failover follows",
    look: |subject| {
        let mut findings = Vec::new();
        for firewall in subject.inventory.all(FIREWALL) {
            findings.extend(faults_of_rates(subject, &firewall));
            findings.extend(unheard(subject, &firewall));
        }
        findings
    },
};

/// A rule of a firewall on a rate.
struct Rate<'r> {
    name: &'r str,
    metric: &'r str,
    of_all: bool,
    per_second: f64,
    refuses: bool,
}

fn rates<'r>(firewall: &Resource<'r>) -> Vec<Rate<'r>> {
    let rate = |rule: &'r Value| {
        let rate = &rule["Statement"]["RateBasedStatement"];
        let window_s = rate["EvaluationWindowSec"].as_f64().unwrap_or(WINDOW_S);
        Some(Rate {
            name: rule["Name"].as_str().unwrap_or("a rule"),
            metric: rule["VisibilityConfig"]["MetricName"].as_str().unwrap_or_default(),
            of_all: rate["AggregateKeyType"].as_str()? == "CONSTANT",
            per_second: rate["Limit"].as_f64()? / window_s,
            refuses: rule["Action"]["Block"].is_object(),
        })
    };
    firewall.list("Rules").iter().filter_map(rate).collect()
}

fn faults_of_rates(subject: &Subject<'_>, firewall: &Resource<'_>) -> Vec<Finding> {
    let rates = rates(firewall);
    let mut findings = Vec::new();
    for of_all in rates.iter().filter(|rate| rate.of_all && rate.refuses) {
        let what = format!("{} refuses everybody while all together ask too much", of_all.name);
        findings.push(Finding::at(firewall, what));
    }
    let of_all = rates.iter().filter(|rate| rate.of_all).map(|rate| rate.per_second).reduce(f64::min);
    let Some(all) = of_all.or_else(|| of_stage(subject, firewall)) else {
        return [findings, vec![Finding::at(firewall, "nothing says what all callers together may ask")]]
            .concat();
    };
    let own: Vec<&Rate<'_>> = rates.iter().filter(|rate| !rate.of_all && rate.refuses).collect();
    if own.is_empty() {
        findings.push(Finding::at(firewall, "refuses no address however much it asks"));
    }
    for rate in own.iter().filter(|rate| rate.per_second * ADDRESSES_IN_ALL > all) {
        let (name, one) = (rate.name, rate.per_second);
        let what = format!("{name} lets one address ask {one} a second of the {all} that all may ask");
        findings.push(Finding::at(firewall, what));
    }
    findings
}

/// Requests per second of all callers of every method of the API that it guards.
fn of_stage(subject: &Subject<'_>, firewall: &Resource<'_>) -> Option<f64> {
    let stages = subject.inventory.all("AWS::ApiGateway::Stage");
    let own = stages.filter(|stage| stage.stack.name == firewall.stack.name);
    let settings = own.flat_map(|stage| stage.list("MethodSettings"));
    let every = settings.filter(|one| one["ResourcePath"] == "/*" && one["HttpMethod"] == "*");
    every.filter_map(|one| one["ThrottlingRateLimit"].as_f64()).reduce(f64::min)
}

/// Rules whose requests no alarm of the region counts: refused ones, or those above the rate of all.
fn unheard(subject: &Subject<'_>, firewall: &Resource<'_>) -> Vec<Finding> {
    let Ok(region) = Region::new(firewall.stack.region.as_str()) else { return Vec::new() };
    let name = firewall.text("VisibilityConfig/MetricName").unwrap_or_default();
    let alarms: Vec<Resource<'_>> = subject.inventory.in_region(&region, "AWS::CloudWatch::Alarm").collect();
    let heard = |rate: &Rate<'_>| {
        let metric = if rate.refuses { "BlockedRequests" } else { "CountedRequests" };
        let of_rule = |one: &Value| {
            let is = |dimension: &str, value: &str| {
                let all = one["Dimensions"].as_array().into_iter().flatten();
                all.into_iter().any(|found| found["Name"] == dimension && found["Value"] == value)
            };
            one["MetricName"] == metric && is("Rule", rate.metric) && is("WebACL", name)
        };
        alarms.iter().any(|alarm| inside(alarm.properties()).into_iter().any(of_rule))
    };
    let silent = rates(firewall).into_iter().filter(|rate| !heard(rate));
    silent.map(|rate| Finding::at(firewall, format!("no alarm hears of {}", rate.name))).collect()
}
