//! Goal: what a validator says reaches the reader with its construct path, and what it cannot have said is not
//! taken for silence. Method: pieces of real output.

use serde_json::json;

use super::*;
use crate::check::{Inventory, Stack};

fn inventory() -> Inventory {
    let template = json!({ "Resources": {
        "ClusterC137A7F4": { "Type": "AWS::RDS::DBCluster", "Metadata": { "aws:cdk:path": "S-Database/Cluster" } },
    } });
    let (name, account, region) = ("S-Database".to_owned(), "1".to_owned(), "us-east-1".to_owned());
    Inventory { stacks: vec![Stack { name, account, region, template }] }
}

fn finding(rule: &str, path: &str, what: &str) -> Finding {
    Finding { rule: rule.to_owned(), path: path.to_owned(), what: what.to_owned() }
}

#[test]
fn the_linter_s_list() {
    let entry = |path: serde_json::Value| {
        json!([{ "Filename": "/x/S-Database.template.json", "Level": "Error", "Message": "no such thing",
            "Location": { "Path": path }, "Rule": { "Id": "E3012" } }])
        .to_string()
    };
    let inventory = inventory();
    let on_resource =
        cfn_lint::read(&entry(json!(["Resources", "ClusterC137A7F4", "Properties"])), &inventory);
    assert_eq!(on_resource, Ok(vec![finding("E3012", "S-Database/Cluster", "no such thing")]));
    let on_all = cfn_lint::read(&entry(json!(null)), &inventory);
    assert_eq!(on_all, Ok(vec![finding("E3012", "S-Database", "no such thing")]));
    assert_eq!(cfn_lint::read("[]", &inventory), Ok(Vec::new()));
    assert!(cfn_lint::read("", &inventory).is_err(), "it says that there is nothing");
    assert!(cfn_lint::read("[{}]", &inventory).is_err());
    assert!(cfn_lint::read("Traceback", &inventory).is_err());
}

#[test]
fn the_validator_of_state_machines_prints_for_people() {
    let valid = "✓ State machine definition \"a.asl.json\" is valid\n";
    assert_eq!(asl_validator::read(valid, "S/W"), Ok(Vec::new()));
    let invalid = "✕ State machine definition \"a.asl.json\" is invalid:\n \
                   SCHEMA_VALIDATION_FAILED: /States/b/Type is invalid. must be one\nMISSING_TRANSITION_TARGET: no `c`\n";
    assert_eq!(
        asl_validator::read(invalid, "S/W"),
        Ok(vec![
            finding("SCHEMA_VALIDATION_FAILED", "S/W", "/States/b/Type is invalid. must be one"),
            finding("MISSING_TRANSITION_TARGET", "S/W", "no `c`"),
        ])
    );
    assert!(asl_validator::read("node: not found", "S/W").is_err());
    assert!(asl_validator::read("", "S/W").is_err());
}

#[test]
fn guard_names_a_rule_once_for_each_resource() {
    let custom = "\n        [CT.RDS.PR.3]: Require deletion protection\n        [FIX]: Set it.\n        ";
    let output = json!([
        { "name": "S-Api.template.json", "status": "PASS", "not_compliant": [] },
        { "name": "/x/S-Database.template.json", "not_compliant": [{ "Rule": {
            "name": "rds_cluster_deletion_protection_enabled_check",
            "checks": [
                { "Clause": { "messages": { "custom_message": custom },
                    "from": { "path": "/Resources/ClusterC137A7F4/Properties", "value": {} } } },
                { "Clause": { "from": { "path": "/Resources/ClusterC137A7F4/Properties/DeletionProtection" } } },
            ],
        } }] },
    ]);
    assert_eq!(
        cfn_guard::read(&output.to_string(), &inventory()),
        Ok(vec![finding("CT.RDS.PR.3", "S-Database/Cluster", "Require deletion protection")])
    );
    assert!(cfn_guard::read("{}", &inventory()).is_err());
    assert!(cfn_guard::read("", &inventory()).is_err());
}
