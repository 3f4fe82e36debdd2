//! Edits of the templates of an inventory.

use infra::check::Inventory;
use serde_json::{Value, json};

/// Every resource of a type in a region, to be changed.
pub fn of<'i>(inventory: &'i mut Inventory, region: &str, kind: &str) -> Vec<&'i mut Value> {
    let stacks = inventory.stacks.iter_mut().filter(|stack| stack.region == region);
    let resources = stacks.filter_map(|stack| stack.template["Resources"].as_object_mut());
    resources
        .flat_map(|resources| resources.values_mut())
        .filter(|resource| resource["Type"] == kind)
        .collect()
}

/// The resources of a type in both regions.
pub fn both<'i>(inventory: &'i mut Inventory, kind: &str) -> Vec<&'i mut Value> {
    let resources =
        inventory.stacks.iter_mut().filter_map(|stack| stack.template["Resources"].as_object_mut());
    resources
        .flat_map(|resources| resources.values_mut())
        .filter(|resource| resource["Type"] == kind)
        .collect()
}

/// Those of them whose property begins with a text.
pub fn named<'v>(resources: Vec<&'v mut Value>, property: &str, begins: &str) -> Vec<&'v mut Value> {
    let fits = |resource: &&mut Value| {
        resource["Properties"][property].as_str().is_some_and(|text| text.starts_with(begins))
    };
    resources.into_iter().filter(fits).collect()
}

/// Sets a property of each, at a path such as `HealthCheckConfig/Type`.
pub fn set(resources: Vec<&mut Value>, path: &str, value: Value) {
    for resource in resources {
        let at = path.split('/').fold(&mut resource["Properties"], |at, part| match part.parse::<usize>() {
            Ok(index) => &mut at[index],
            Err(_) => &mut at[part],
        });
        *at = value.clone();
    }
}

/// Takes a property of each away.
pub fn unset(resources: Vec<&mut Value>, property: &str) {
    for resource in resources {
        resource["Properties"].as_object_mut().expect("it has properties").remove(property);
    }
}

/// Takes every resource of a type away whose definition fits.
pub fn remove(inventory: &mut Inventory, region: &str, kind: &str, fits: impl Fn(&Value) -> bool) {
    for stack in inventory.stacks.iter_mut().filter(|stack| stack.region == region) {
        let resources = stack.template["Resources"].as_object_mut().expect("a template has resources");
        resources.retain(|_, resource| resource["Type"] != kind || !fits(resource));
    }
}

/// Adds a resource to a region's stack of a kind.
pub fn add(inventory: &mut Inventory, region: &str, stack: &str, kind: &str, properties: Value) {
    let stack = inventory.stacks.iter_mut().find(|one| one.region == region && one.kind() == stack);
    let stack = stack.expect("there is such a stack");
    let path = format!("{}/Added", stack.name);
    stack.template["Resources"]["Added"] =
        json!({ "Type": kind, "Properties": properties, "Metadata": { "aws:cdk:path": path } });
}

/// Opens a port of a region's network to everybody.
pub fn open(inventory: &mut Inventory, region: &str, port: u16) {
    let rule = json!({ "IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIp": "0.0.0.0/0" });
    add(inventory, region, "Networking", "AWS::EC2::SecurityGroupIngress", rule);
}

/// Takes the dead-letter queue of a region's order queue away.
pub fn drop_poison(inventory: &mut Inventory, region: &str) {
    let queues = of(inventory, region, "AWS::SQS::Queue");
    unset(named(queues, "QueueName", "queue-orders-"), "RedrivePolicy");
}

/// Changes the definitions of the failover workflows.
pub fn workflow(machines: Vec<&mut Value>, change: impl Fn(&mut Value)) {
    for machine in named(machines, "StateMachineName", "workflow-failover") {
        let text = machine["Properties"]["DefinitionString"].as_str().expect("a literal definition");
        let mut definition: Value = serde_json::from_str(text).expect("JSON");
        change(&mut definition);
        machine["Properties"]["DefinitionString"] = definition.to_string().into();
    }
}

/// Changes a setting of those functions that have it.
pub fn environment(functions: Vec<&mut Value>, setting: &str, value: &str) {
    let path = format!("Environment/Variables/STANDFAST_{setting}");
    let name = path.rsplit('/').next().expect("a name");
    let told = |function: &&mut Value| !function["Properties"]["Environment"]["Variables"][name].is_null();
    set(functions.into_iter().filter(told).collect(), &path, json!(value));
}

/// Has the roles of a name allow some more.
pub fn allow(roles: Vec<&mut Value>, role: &str, actions: &[&str], resource: &str) {
    for role in named(roles, "RoleName", role) {
        let statements = role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"].as_array_mut();
        statements
            .expect("statements")
            .push(json!({ "Effect": "Allow", "Action": actions, "Resource": resource }));
    }
}
