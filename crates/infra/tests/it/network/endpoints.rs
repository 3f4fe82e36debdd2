//! R13: what functions call leaves the network through endpoints that let nothing else through.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{REGIONS, stack};
use crate::{ACCOUNT, Template, trading};

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
const OTHERWISE_CALLED: [(&str, &str); 1] = [("monitoring", "cloudwatch")];

/// Service and action of each thing that the roles of functions in the network allow.
fn allowed_to_functions(template: &Template) -> BTreeSet<(String, String)> {
    let mut allowed = BTreeSet::new();
    for (_, function) in template.resources().filter(|(_, r)| r["Type"] == "AWS::Lambda::Function") {
        if function["Properties"].get("VpcConfig").is_none() {
            continue;
        }
        let role = function["Properties"]["Role"]["Fn::GetAtt"][0].as_str().expect("a role of the stack");
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

#[test]
fn a_function_in_the_network_can_answer_cloudformation() {
    let templates = trading();
    for region in REGIONS {
        let endpoints = stack(&templates, "Networking", region).all("AWS::EC2::VPCEndpoint");
        let name = format!("com.amazonaws.{region}.s3");
        let s3 = endpoints.iter().find(|endpoint| endpoint["ServiceName"] == name).expect("a way to S3");
        let statements = s3["PolicyDocument"]["Statement"].as_array().expect("a policy");
        assert!(statements.contains(&answers_to_cloudformation(region)));
    }
}

#[test]
fn every_service_that_a_function_calls_has_an_endpoint_that_lets_its_calls_through() {
    let templates = trading();
    for region in REGIONS {
        let mut let_through: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for endpoint in stack(&templates, "Networking", region).all("AWS::EC2::VPCEndpoint") {
            let name = endpoint["ServiceName"].as_str().expect("a name");
            let service = name.rsplit('.').next().expect("a last part");
            assert_eq!(name, format!("com.amazonaws.{region}.{service}"));
            let known = OTHERWISE_CALLED.iter().find(|(name, _)| *name == service);
            let service = known.map_or(service, |(_, prefix)| prefix).to_owned();
            for statement in endpoint["PolicyDocument"]["Statement"].as_array().expect("a policy") {
                if *statement == answers_to_cloudformation(region) {
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
            for (service, action) in allowed_to_functions(template) {
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
    let templates = trading();
    for region in REGIONS {
        let network = stack(&templates, "Networking", region);
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
