//! R13: what functions and containers call leaves the network through endpoints that let nothing else through.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::stack;
use crate::{ACCOUNT, Template, everywhere};

/// What the functions' roles allow that is no call of theirs through the network.
const NOT_CALLED: [(&str, &str); 5] = [
    ("ec2", "Lambda makes the interfaces of a function"),
    ("kms", "Secrets Manager uses the key of a secret"),
    ("logs", "Lambda writes the logs of a function"),
    ("rds-db", "a login to the database, over PostgreSQL"),
    ("xray", "Lambda sends the traces of a function"),
];

/// What they call over the internet, and why.
const OVER_THE_INTERNET: [(&str, &str); 4] = [
    ("execute-api", "a look from outside goes the way that callers go"),
    ("iam", "its control plane is in us-east-1 alone, and the preflight asks it once an hour"),
    ("route53", "its control plane is in us-east-1 alone, and no step waits for it"),
    ("scheduler", "the preflight asks it once an hour"),
];

/// Endpoint names of services whose actions have another prefix.
const OTHERWISE_CALLED: [(&str, &str); 3] =
    [("monitoring", "cloudwatch"), ("ecr.api", "ecr"), ("ecr.dkr", "ecr")];

/// The roles of functions in the network, and of containers and what starts them.
fn roles(template: &Template) -> Vec<&str> {
    let mut roles = Vec::new();
    for (_, resource) in template.resources() {
        let properties = &resource["Properties"];
        let in_network = resource["Type"] == "AWS::Lambda::Function" && properties.get("VpcConfig").is_some();
        let task = resource["Type"] == "AWS::ECS::TaskDefinition";
        let named = [("Role", in_network), ("TaskRoleArn", task), ("ExecutionRoleArn", task)];
        roles.extend(named.iter().filter(|(_, there)| *there).map(|(property, _)| {
            properties[*property]["Fn::GetAtt"][0].as_str().expect("a role of the stack")
        }));
    }
    roles
}

/// Service and action of each thing that these roles allow.
fn allowed_to_callers(template: &Template) -> BTreeSet<(String, String)> {
    let mut allowed = BTreeSet::new();
    for role in roles(template) {
        let policy = &template.json["Resources"][role]["Properties"]["Policies"][0]["PolicyDocument"];
        for statement in policy["Statement"].as_array().expect("statements") {
            if statement["Condition"]["StringEquals"]["kms:ViaService"].is_string() {
                continue; // only another service may call it, and does not from this network
            }
            for action in statement["Action"].as_array().expect("actions") {
                let action = action.as_str().expect("a text");
                let (service, _) = action.split_once(':').expect("service and call");
                allowed.insert((service.to_owned(), action.to_owned()));
            }
        }
    }
    allowed
}

/// A custom resource is answered by a signed URL into AWS's own bucket, so the signer is nobody of ours.
fn answers_to_cloudformation(region: &str) -> Value {
    let bucket = format!("cloudformation-custom-resource-response-{}", region.replace('-', ""));
    json!({
        "Effect": "Allow", "Principal": "*", "Action": ["s3:PutObject"],
        "Resource": [format!("arn:aws:s3:::{bucket}/*")],
    })
}

/// The layers of an image come from AWS's own bucket by signed URLs.
fn layers_of_images(region: &str) -> Value {
    json!({
        "Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject"],
        "Resource": [format!("arn:aws:s3:::prod-{region}-starport-layer-bucket/*")],
    })
}

#[test]
fn a_function_in_the_network_can_answer_cloudformation() {
    for (templates, region) in everywhere() {
        let endpoints = stack(templates, "Networking", region).all("AWS::EC2::VPCEndpoint");
        let name = format!("com.amazonaws.{region}.s3");
        let s3 = endpoints.iter().find(|endpoint| endpoint["ServiceName"] == name).expect("a way to S3");
        let statements = s3["PolicyDocument"]["Statement"].as_array().expect("a policy");
        assert!(statements.contains(&answers_to_cloudformation(region)));
    }
}

#[test]
fn every_service_that_a_function_calls_has_an_endpoint_that_lets_its_calls_through() {
    for (templates, region) in everywhere() {
        let mut let_through: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for endpoint in stack(templates, "Networking", region).all("AWS::EC2::VPCEndpoint") {
            let name = endpoint["ServiceName"].as_str().expect("a name");
            let service = name.strip_prefix(&format!("com.amazonaws.{region}.")).expect("of the region");
            let known = OTHERWISE_CALLED.iter().find(|(name, _)| *name == service);
            let service = known.map_or(service, |(_, prefix)| prefix).to_owned();
            for statement in endpoint["PolicyDocument"]["Statement"].as_array().expect("a policy") {
                if [answers_to_cloudformation(region), layers_of_images(region)].contains(statement) {
                    continue;
                }
                assert_eq!(statement["Condition"]["StringEquals"]["aws:PrincipalAccount"], ACCOUNT);
                let actions = statement["Action"].as_array().expect("actions");
                assert!(actions.iter().all(|action| !action.to_string().contains('*')), "{service}");
                let texts = actions.iter().filter_map(Value::as_str).map(str::to_owned);
                let_through.entry(service.clone()).or_default().extend(texts);
            }
        }
        let listed = |list: &[(&str, &str)], service: &str| list.iter().any(|(known, _)| *known == service);
        let mut called: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for template in templates.iter().filter(|template| template.region == region) {
            for (service, action) in allowed_to_callers(template) {
                let lambda = listed(&NOT_CALLED, &service) && !let_through.contains_key(&service);
                if !lambda && !listed(&OVER_THE_INTERNET, &service) {
                    called.entry(service).or_default().insert(action);
                }
            }
        }
        assert_eq!(let_through, called, "{region}: no endpoint without a use, no call without an endpoint");
    }
}

#[test]
fn the_way_to_tables_and_buckets_is_a_route_and_all_other_endpoints_are_for_the_functions_alone() {
    for (templates, region) in everywhere() {
        let network = stack(templates, "Networking", region);
        let mut gateways = 0;
        for endpoint in network.all("AWS::EC2::VPCEndpoint") {
            if endpoint["VpcEndpointType"] == "Gateway" {
                assert_eq!(endpoint["RouteTableIds"].as_array().map(Vec::len), Some(3));
                gateways += 1;
            } else {
                assert_eq!(endpoint["PrivateDnsEnabled"], true);
                assert_eq!(endpoint["SubnetIds"].as_array().map(Vec::len), Some(3));
                assert_eq!(endpoint["SecurityGroupIds"].as_array().map(Vec::len), Some(1));
            }
        }
        assert!(gateways >= 1, "the journal is reached without an interface");
    }
}
