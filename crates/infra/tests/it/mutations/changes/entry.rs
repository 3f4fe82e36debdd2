//! Changes to how a region is found and entered: names, and who may send orders.

use serde_json::json;

use super::super::edit::{of, remove, set};
use super::{GROUP, HOME, Named, STANDBY};

const METHOD: &str = "AWS::ApiGateway::Method";

pub(super) fn changes() -> Vec<Named> {
    vec![
        ("anybody may send orders", |all| {
            for method in of(all, STANDBY, METHOD) {
                if method["Properties"]["HttpMethod"] == "POST" {
                    method["Properties"]["AuthorizationType"] = "NONE".into();
                }
            }
        }),
        ("the API's policy lets anybody send orders", |all| {
            let orders = json!(["execute-api:/live/POST/orders"]);
            set(of(all, HOME, "AWS::ApiGateway::RestApi"), "Policy/Statement/0/Resource", orders);
        }),
        ("the standby's API takes no orders", |all| {
            remove(all, STANDBY, METHOD, |one| one["Properties"]["HttpMethod"] == "POST");
        }),
        ("one address may ask as much as all", |all| {
            let limit = "Rules/0/Statement/RateBasedStatement/Limit";
            set(of(all, HOME, "AWS::WAFv2::WebACL"), limit, json!(30_000));
        }),
        ("nothing bounds what all may ask", |all| {
            set(of(all, STANDBY, "AWS::ApiGateway::Stage"), "MethodSettings", json!([]));
        }),
        ("no address is refused", |all| set(of(all, STANDBY, "AWS::WAFv2::WebACL"), "Rules", json!([]))),
        ("a parameter group's name lacks the environment", |all| {
            set(of(all, HOME, GROUP), "DBClusterParameterGroupName", json!("parameters"));
        }),
        ("a network's tag lacks the environment", |all| {
            set(of(all, HOME, "AWS::EC2::VPC"), "Tags", json!([{ "Key": "Name", "Value": "vpc" }]));
        }),
        ("a subnet group's name is too long", |all| {
            let long = format!("{}-production", "x".repeat(250));
            set(of(all, HOME, "AWS::RDS::DBSubnetGroup"), "DBSubnetGroupName", json!(long));
        }),
    ]
}
