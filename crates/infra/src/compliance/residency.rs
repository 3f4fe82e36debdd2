//! Where data is: every place in the templates that holds some, and its region.
//!
//! Two ways, because a list of types is never complete: places that are known to hold data, with what they hold;
//! and every name of a region that a template mentions at all.

use std::collections::BTreeSet;

use recovery::Deployment;
use serde::Serialize;

use crate::check::{Inventory, Resource, texts};
use crate::region_name::regions;

/// Types that hold data in the region of their stack, and what they hold.
const HELD: [(&str, &str); 16] = [
    ("AWS::Backup::BackupVault", "recovery points"),
    ("AWS::CloudTrail::Trail", "records of calls, on their way to a bucket"),
    ("AWS::DynamoDB::Table", "a table"),
    ("AWS::ECR::Repository", "images"),
    ("AWS::ElastiCache::ReplicationGroup", "a cache"),
    ("AWS::Events::EventBus", "events, while they are delivered"),
    ("AWS::KMS::Key", "key material"),
    ("AWS::KMS::ReplicaKey", "key material"),
    ("AWS::Logs::LogGroup", "log lines"),
    ("AWS::RDS::DBCluster", "the database and its backups"),
    ("AWS::S3::Bucket", "objects"),
    ("AWS::SNS::Topic", "notifications, while they are delivered"),
    ("AWS::SQS::Queue", "messages"),
    ("AWS::SSM::Parameter", "configuration"),
    ("AWS::SecretsManager::Secret", "a secret"),
    ("AWS::StepFunctions::StateMachine", "inputs and outputs of executions"),
];

/// Types that have copies in regions which a property names, the list, and what is there.
const COPIED: [(&str, &str, &str); 4] = [
    ("AWS::DynamoDB::GlobalTable", "Replicas", "a table's replica"),
    // "A witness … maintaining replicated change data": UpdateTable, GlobalTableWitnessUpdates (DynamoDB API).
    (
        "AWS::DynamoDB::GlobalTable",
        "GlobalTableWitnesses",
        "replicated changes of a table, which nobody can read",
    ),
    ("AWS::SecretsManager::Secret", "ReplicaRegions", "a secret's replica"),
    ("AWS::ECR::ReplicationConfiguration", "ReplicationConfiguration/Rules/0/Destinations", "images"),
];

/// One place that holds data, or that a template names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Holding {
    /// Its region.
    pub region: String,
    /// What is there.
    pub what: &'static str,
    /// Construct path.
    pub path: String,
    /// Logical id in the template.
    pub logical_id: String,
    /// Where the template says so: a property, or the stack's own region.
    pub said_by: String,
}

/// Where data is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Residency {
    /// The regions that the deployment file names: home, standby and witness.
    pub declared: [String; 3],
    /// Every place that holds data, by region.
    pub holdings: Vec<Holding>,
    /// Those outside the declared regions; the witness may hold nothing but replicated changes.
    pub outside: Vec<Holding>,
}

/// Where the templates of a deployment put data.
pub fn of(inventory: &Inventory, deployment: &Deployment) -> Residency {
    let regions = &deployment.regions;
    let declared =
        [&regions.home, &regions.standby, &regions.witness].map(|region| region.as_str().to_owned());
    let mut holdings: Vec<Holding> = inventory.resources().flat_map(|resource| held(&resource)).collect();
    holdings.sort();
    holdings.dedup();
    let witness = regions.witness.as_str();
    let is_outside = |holding: &&Holding| {
        !declared.contains(&holding.region) || (holding.region == witness && holding.what != COPIED[1].2)
    };
    let mut outside: Vec<Holding> = holdings.iter().filter(is_outside).cloned().collect();
    let named = inventory.resources().flat_map(|resource| named(&resource));
    outside.extend(named.filter(|holding| !declared.contains(&holding.region)));
    outside.sort();
    outside.dedup();
    Residency { declared, holdings, outside }
}

fn held<'i>(resource: &Resource<'i>) -> Vec<Holding> {
    let mut found = Vec::new();
    if let Some((_, what)) = HELD.iter().find(|(kind, _)| *kind == resource.kind()) {
        found.push(holding(resource, &resource.stack.region, what, "the stack's region"));
    }
    for (_, list, what) in COPIED.iter().filter(|(kind, ..)| *kind == resource.kind()) {
        for (index, copy) in resource.list(list).iter().enumerate() {
            let region = copy["Region"].as_str().unwrap_or("a region that the template does not say");
            found.push(holding(resource, region, what, &format!("{list}/{index}/Region")));
        }
    }
    found
}

/// Every region that a resource names anywhere, in an ARN or in a name.
fn named(resource: &Resource<'_>) -> Vec<Holding> {
    let said = texts(resource.properties()).into_iter().flat_map(|(_, text)| regions(text));
    let regions: BTreeSet<&str> = said.chain(regions(&resource.stack.region)).collect();
    let in_text = |region| holding(resource, region, "something that the template names", "its text");
    regions.into_iter().map(in_text).collect()
}

fn holding(resource: &Resource<'_>, region: &str, what: &'static str, said_by: &str) -> Holding {
    Holding {
        region: region.to_owned(),
        what,
        path: resource.path().to_owned(),
        logical_id: resource.id.to_owned(),
        said_by: said_by.to_owned(),
    }
}
