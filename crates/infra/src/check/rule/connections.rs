//! Connections to the database: as many as it takes, whatever scaling does.

use recovery::setting;

use super::{Finding, Rule, Subject};
use crate::check::inventory::Resource;
use crate::check::services;
use crate::connections;

pub(super) const BOUNDED: Rule = Rule {
    id: "connections-are-bounded",
    title: "all containers of both regions together, at their most and in the middle of a deployment, open fewer connections than a cluster takes",
    rationale: "a region that takes over has the callers of both, and a database that refuses connections settles nothing",
    look: |subject| {
        if subject.deployment.containers.is_none() {
            return Vec::new();
        }
        let mut findings = Vec::new();
        let mut wanted = connections::OF_FUNCTIONS + connections::OF_PEOPLE;
        for region in subject.pair() {
            for service in services::of(subject.inventory, subject.deployment, region).0 {
                let bound = service.setting(setting::DATABASE_CONNECTIONS).and_then(|text| text.parse().ok());
                let each: u64 = bound.unwrap_or_else(|| {
                    findings.push(Finding::at(&service.task, "keeps any number of connections"));
                    0
                });
                wanted += connections::at_most(service.ceiling(), service.rollout_percent(), each);
            }
        }
        for cluster in subject.inventory.all("AWS::RDS::DBCluster") {
            findings.extend(judged(subject, &cluster, wanted));
        }
        findings
    },
};

/// What a cluster takes, against what is wanted of it and what its instances have memory for.
fn judged(subject: &Subject<'_>, cluster: &Resource<'_>, wanted: u64) -> Option<Finding> {
    let group = cluster.referred(cluster.get("DBClusterParameterGroupName"))?;
    let by_memory = connections::by_memory(&subject.deployment.database.instance_class);
    match group.number("Parameters/max_connections") {
        None => Some(Finding::at(&group, "does not say how many connections it takes")),
        Some(taken) if taken < wanted => {
            Some(Finding::at(&group, format!("takes {taken} connections, up to {wanted} may be opened")))
        }
        Some(taken) if taken > by_memory => Some(Finding::at(
            &group,
            format!("takes {taken} connections, its instances have memory for {by_memory}"),
        )),
        Some(_) => None,
    }
}
