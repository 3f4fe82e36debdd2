//! The clusters of the global database: after a failover either may be the writer.

use serde_json::Value;

use super::{Finding, Rule, Subject};
use crate::check::inventory::Resource;
use crate::place::DATABASE_PORT;

const CLUSTER: &str = "AWS::RDS::DBCluster";
const INSTANCE: &str = "AWS::RDS::DBInstance";
const ANYWHERE: [&str; 2] = ["0.0.0.0/0", "::/0"];

pub(super) const SAME_ENGINE: Rule = Rule {
    id: "same-engine",
    title: "both clusters have the same engine and the same version",
    rationale: "Aurora refuses a failover or switchover between different versions",
    look: |subject| {
        let clusters: Vec<Resource<'_>> = subject.inventory.all(CLUSTER).collect();
        let Some(first) = clusters.first() else {
            return vec![Finding::missing("clusters", "there are none")];
        };
        let mut findings = Vec::new();
        for field in ["Engine", "EngineVersion"] {
            let others = clusters.iter().filter(|cluster| cluster.get(field) != first.get(field));
            findings.extend(others.map(|cluster| {
                let (here, there) = (cluster.get(field), first.get(field));
                Finding::at(cluster, format!("its {field} is {here}, and {there} at {}", first.path()))
            }));
        }
        findings
    },
};

pub(super) const NOT_HEADLESS: Rule = Rule {
    id: "secondary-not-headless",
    title: "each region has a cluster, and both clusters have as many instances of the same class",
    rationale: "a secondary without an instance cannot be promoted, and a smaller one cannot bear the load",
    look: |subject| {
        let mut sides = Vec::new();
        let mut findings = Vec::new();
        for region in subject.pair() {
            let Some(cluster) = subject.inventory.in_region(region, CLUSTER).next() else {
                findings.push(Finding::missing("clusters", format!("there is none in {region}")));
                continue;
            };
            let classes = classes(subject, &cluster);
            if classes.is_empty() {
                findings.push(Finding::at(&cluster, "has no instance"));
            } else {
                sides.push((cluster, classes));
            }
        }
        if let [(_, home), (cluster, standby)] = sides.as_slice()
            && home != standby
        {
            findings.push(Finding::at(cluster, "its instances are not those of the other cluster"));
        }
        findings
    },
};

/// The classes of a cluster's instances.
fn classes<'s>(subject: &Subject<'s>, cluster: &Resource<'_>) -> Vec<&'s Value> {
    let instances =
        subject.inventory.all(INSTANCE).filter(|instance| instance.stack.name == cluster.stack.name);
    let own = instances.filter(|instance| {
        instance.referred(instance.get("DBClusterIdentifier")).is_some_and(|of| of.id == cluster.id)
    });
    own.map(|instance| instance.get("DBInstanceClass")).collect()
}

pub(super) const PARAMETERS_ALIKE: Rule = Rule {
    id: "parameters-on-both-sides",
    title: "all clusters, and all instances, have a parameter group of ours, with the same parameters",
    rationale: "a secondary does not take its primary's parameter group over, and changes its behaviour with its role",
    look: |subject| {
        let clusters = parameters_alike(subject, CLUSTER, "DBClusterParameterGroupName");
        clusters.into_iter().chain(parameters_alike(subject, INSTANCE, "DBParameterGroupName")).collect()
    },
};

/// What is wrong with the parameter groups of every resource of a kind.
fn parameters_alike(subject: &Subject<'_>, kind: &str, property: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut groups = Vec::new();
    for one in subject.inventory.all(kind) {
        match one.referred(one.get(property)) {
            Some(group) => groups.push(group),
            None => findings.push(Finding::at(&one, "has no parameter group of its own stack")),
        }
    }
    if let Some((first, others)) = groups.split_first() {
        for field in ["Family", "Parameters"] {
            let differing = others.iter().filter(|group| group.get(field) != first.get(field));
            findings.extend(
                differing.map(|group| {
                    Finding::at(group, format!("its {field} are not those of {}", first.path()))
                }),
            );
        }
    }
    findings
}

pub(super) const NOT_PUBLIC: Rule = Rule {
    id: "no-public-database",
    title: "no instance is public, and no rule opens the database's port to everybody",
    rationale: "the ledger is reached by functions of the two networks and by nobody else",
    look: |subject| {
        let instances = subject.inventory.all(INSTANCE).chain(subject.inventory.all(CLUSTER));
        let public = instances.filter(|instance| instance.is("PubliclyAccessible"));
        let mut findings: Vec<Finding> =
            public.map(|instance| Finding::at(&instance, "is publicly accessible")).collect();
        for rule in subject.inventory.all("AWS::EC2::SecurityGroupIngress") {
            if opens_to_everybody(rule.properties()) {
                findings.push(Finding::at(&rule, "opens the database's port to everybody"));
            }
        }
        for group in subject.inventory.all("AWS::EC2::SecurityGroup") {
            if group.list("SecurityGroupIngress").iter().any(opens_to_everybody) {
                findings.push(Finding::at(&group, "opens the database's port to everybody"));
            }
        }
        findings
    },
};

/// Whether a rule lets everybody come to the database's port.
fn opens_to_everybody(rule: &Value) -> bool {
    let from = |field: &str| rule[field].as_str().is_some_and(|range| ANYWHERE.contains(&range));
    // Without ports a rule is for all of them.
    let first = rule["FromPort"].as_i64().unwrap_or(i64::MIN);
    let last = rule["ToPort"].as_i64().unwrap_or(i64::MAX);
    (from("CidrIp") || from("CidrIpv6")) && (first..=last).contains(&i64::from(DATABASE_PORT))
}
