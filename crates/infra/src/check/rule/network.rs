//! Where the functions are.

use serde_json::Value;

use super::{Finding, Rule, Subject};
use crate::check::inventory::Resource;
use crate::packages::STACK_HOOK;
use crate::place::{ZONES, parameter as key};

pub(super) const IN_THE_NETWORK: Rule = Rule {
    id: "functions-in-the-network",
    title: "every function but stack-hook is in the private subnets of every zone, with the functions' security group",
    rationale: "a function outside reaches no database, so a recovery it is part of does not come to its end, and nothing bounds whom it talks to",
    look: |subject| {
        // It runs while the network is made and while it is removed.
        let outside = subject.deployment.names().function(STACK_HOOK);
        let functions = subject.inventory.all("AWS::Lambda::Function");
        let inside = functions.filter(|function| function.text("FunctionName") != Some(&*outside));
        inside.flat_map(|function| faults(subject, &function)).collect()
    },
};

fn faults(subject: &Subject<'_>, function: &Resource<'_>) -> Vec<Finding> {
    let stored = |key: &str| subject.deployment.names().parameter(key);
    let subnets: Vec<String> =
        (1..=ZONES).map(|zone| stored(&format!("{}-{zone}", key::PRIVATE_SUBNET))).collect();
    let parts = [
        ("VpcConfig/SubnetIds", subnets, "is not in the private subnets of every zone, and only there"),
        (
            "VpcConfig/SecurityGroupIds",
            vec![stored(key::FUNCTION_GROUP)],
            "has not the security group of the functions, and only that",
        ),
    ];
    let named = |value: &Value| stored_at(function, value);
    let broken = parts.into_iter().filter(|(path, wanted, _)| {
        let mut found: Vec<_> = function.list(path).iter().map(named).collect();
        found.sort();
        found != wanted.iter().map(|name| Some(name.as_str())).collect::<Vec<_>>()
    });
    broken.map(|(.., what)| Finding::at(function, what)).collect()
}

/// Name of the parameter of the store that a value is read from, through a parameter of its template.
pub(super) fn stored_at<'r>(resource: &Resource<'r>, value: &Value) -> Option<&'r str> {
    let parameter = &resource.stack.template["Parameters"][value["Ref"].as_str()?];
    let from_store = parameter["Type"].as_str()?.starts_with("AWS::SSM::Parameter::Value<");
    parameter["Default"].as_str().filter(|_| from_store)
}
