//! Goal: nothing that holds data can leave the regions of the deployment unseen. Method: the shipped templates, and
//! the same with one place moved.

use std::collections::BTreeMap;

use infra::check::Inventory;
use infra::compliance::residency;
use recovery::Deployment;
use serde_json::json;

use super::shipped;
use crate::check::inventory;
use crate::deployment;
use crate::mutations::edit::{add, both, named, set};

const HOME: &str = "us-east-1";

fn outside(change: impl Fn(&mut Inventory)) -> Vec<String> {
    let deployment = deployment();
    let mut inventory = inventory(&deployment);
    change(&mut inventory);
    let found = residency::of(&inventory, &deployment).outside;
    found.iter().map(|one| format!("{}: {} by {}", one.region, one.what, one.said_by)).collect()
}

#[test]
fn data_is_where_the_deployment_file_says_and_nowhere_else() {
    for deployment in shipped() {
        nothing_is_outside(&deployment);
    }
}

fn nothing_is_outside(deployment: &Deployment) {
    let residency = residency::of(&inventory(deployment), deployment);
    assert_eq!(residency.outside, []);
    let [home, standby, witness] = residency.declared.each_ref().map(String::as_str);
    let mut held: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for holding in &residency.holdings {
        *held.entry((&holding.region, holding.what)).or_default() += 1;
    }
    for region in [home, standby] {
        for what in ["a table's replica", "the database and its backups", "objects", "messages", "log lines"]
        {
            assert!(held.contains_key(&(region, what)), "no {what} in {region}");
        }
    }
    assert!(held.contains_key(&(standby, "a secret's replica")));
    let there: Vec<_> = held.keys().filter(|(region, _)| *region == witness).collect();
    assert_eq!(there, [&(witness, "replicated changes of a table, which nobody can read")]);
}

#[test]
fn whatever_leaves_the_regions_is_named() {
    let moved = "eu-west-1";
    let replica = outside(|all| {
        set(
            named(both(all, "AWS::DynamoDB::GlobalTable"), "TableName", "table-sessions"),
            "Replicas/0/Region",
            json!(moved),
        );
    });
    assert!(replica.contains(&"eu-west-1: a table's replica by Replicas/0/Region".to_owned()), "{replica:?}");
    let secret = outside(|all| {
        set(both(all, "AWS::SecretsManager::Secret"), "ReplicaRegions/0/Region", json!(moved));
    });
    assert!(
        secret.contains(&"eu-west-1: a secret's replica by ReplicaRegions/0/Region".to_owned()),
        "{secret:?}"
    );
    let witness = outside(|all| {
        set(
            named(both(all, "AWS::DynamoDB::GlobalTable"), "TableName", "table-journal"),
            "GlobalTableWitnesses/0/Region",
            json!(moved),
        );
    });
    assert_eq!(witness.len(), 2, "the place and the name: {witness:?}");
    let stack = outside(|all| {
        moved.clone_into(
            &mut all.stacks.iter_mut().find(|one| one.kind() == "Storage").expect("buckets").region,
        );
    });
    assert!(stack.contains(&"eu-west-1: objects by the stack's region".to_owned()), "{stack:?}");
}

#[test]
fn a_type_that_nobody_thought_of_is_found_by_the_region_that_it_names() {
    let found = outside(|all| {
        let stream = json!({ "DestinationArn": "arn:aws:kinesis:ap-southeast-2:111122223333:stream/copy" });
        add(all, HOME, "Compute", "AWS::Anything::New", stream);
    });
    assert_eq!(found, ["ap-southeast-2: something that the template names by its text"]);
}

#[test]
fn the_witness_holds_nothing_but_replicated_changes() {
    let found = outside(|all| {
        let tables = named(both(all, "AWS::DynamoDB::GlobalTable"), "TableName", "table-sessions");
        set(tables, "Replicas/0/Region", json!("us-west-2"));
    });
    assert_eq!(found, ["us-west-2: a table's replica by Replicas/0/Region"]);
}
