//! Where the containers may send.

use serde_json::Value;

use super::network::stored_at;
use super::{Finding, Rule};
use crate::check::inventory::Resource;
use crate::place::parameter as key;

const WORLD: [&str; 2] = ["0.0.0.0/0", "::/0"];

pub(super) const NARROW: Rule = Rule {
    id: "tasks-reach-only-what-they-call",
    title: "containers send to the endpoints, to the services behind gateways and to the databases, and nowhere else",
    rationale: "what takes requests from strangers is what is taken over first, and then it should have nowhere to go",
    look: |subject| {
        let mut findings = Vec::new();
        if subject.deployment.containers.is_none() {
            return findings;
        }
        let parameter = subject.deployment.names().parameter(key::TASK_GROUP);
        for region in subject.pair() {
            let stored = subject.inventory.named(region, "AWS::SSM::Parameter", "Name", &parameter);
            let Some(group) = stored.and_then(|stored| stored.referred(stored.get("Value"))) else {
                findings
                    .push(Finding::missing(&parameter, format!("no group of tasks is known in {region}")));
                continue;
            };
            let apart = subject.inventory.in_region(region, "AWS::EC2::SecurityGroupEgress");
            let own = apart.filter(|rule| is_of(rule, &group, &parameter));
            let anywhere = own.filter(|rule| WORLD.iter().any(|world| goes_to(rule.properties(), world)));
            findings.extend(anywhere.map(|rule| Finding::at(&rule, "lets containers send anywhere")));
            // A group without a rule of its own may send anywhere.
            let within = group.list("SecurityGroupEgress");
            if within.is_empty() || within.iter().any(|rule| WORLD.iter().any(|world| goes_to(rule, world))) {
                findings.push(Finding::at(&group, "lets containers send anywhere"));
            }
        }
        findings
    },
};

/// Whether a rule is of the group: by reference in the group's own stack, by the parameter in any other.
fn is_of(rule: &Resource<'_>, group: &Resource<'_>, parameter: &str) -> bool {
    let of = rule.get("GroupId");
    let referred = rule.referred(of).is_some_and(|found| found.id == group.id);
    let resolved = of.as_str().is_some_and(|text| text == format!("{{{{resolve:ssm:{parameter}}}}}"));
    rule.stack.name == group.stack.name && referred || resolved || stored_at(rule, of) == Some(parameter)
}

fn goes_to(rule: &Value, range: &str) -> bool {
    rule["CidrIp"] == range || rule["CidrIpv6"] == range
}
