//! R13: what containers may do, what starting them may do, and what functions may do to them.

use recovery::Deployment;
use serde_json::{Value, json};

use super::CONTAINERS;
use crate::{ACCOUNT, Template, at_finance, deployment, finance_west, one, synthesise};

/// The role of a purpose, under the suffix of the shipped templates.
fn role<'t>(templates: &'t [Template], region: &str, purpose: &str) -> &'t Value {
    let name = format!("role-{purpose}-{region}-production");
    one(templates, region, "AWS::IAM::Role", "RoleName", &name)
}

#[test]
fn a_container_may_do_what_the_function_may_whose_work_it_does() {
    let mut as_functions = deployment();
    as_functions.regions = finance_west().regions;
    as_functions.domain = finance_west().domain;
    let functions = synthesise(&as_functions);
    let templates = synthesise(&Deployment { environment: as_functions.environment, ..finance_west() });
    for region in ["us-east-1", "us-west-2"] {
        for (container, function) in [("orders-service", "orders-api"), ("orders-worker", "order-processor")]
        {
            let own = role(&templates, region, container);
            let trust = &own["AssumeRolePolicyDocument"]["Statement"][0];
            assert_eq!(trust["Principal"]["Service"], "ecs-tasks.amazonaws.com");
            assert_eq!(trust["Condition"]["StringEquals"]["aws:SourceAccount"], ACCOUNT);
            let statements = |role: &Value| {
                role["Policies"][0]["PolicyDocument"]["Statement"].as_array().expect("statements").clone()
            };
            let theirs = statements(role(&functions, region, function));
            // What Lambda does for a function nobody does for a container.
            let calls = theirs.into_iter().filter(|one| {
                let text = one["Action"].to_string();
                !["logs:", "xray:", "ec2:"].iter().any(|service| text.contains(service))
            });
            assert_eq!(statements(own), calls.collect::<Vec<_>>(), "{container} in {region}");
        }
    }
}

#[test]
fn recovery_may_resize_exactly_these_services_and_start_nothing_else() {
    for (templates, region) in at_finance() {
        let statements =
            role(templates, region, "recovery-step")["Policies"][0]["PolicyDocument"]["Statement"].clone();
        let of_ecs: Vec<Value> = statements
            .as_array()
            .expect("statements")
            .iter()
            .filter(|one| one["Action"].to_string().contains("ecs:"))
            .cloned()
            .collect();
        let arn = |name: &str| {
            format!(
                "arn:aws:ecs:{region}:{ACCOUNT}:service/cluster-orders-production/service-{name}-production"
            )
        };
        assert_eq!(
            of_ecs,
            [json!({
                "Effect": "Allow",
                "Action": ["ecs:DescribeServices", "ecs:UpdateService"],
                "Resource": CONTAINERS.map(arn),
            })]
        );
        assert!(!statements.to_string().contains("iam:PassRole"), "another task definition is another role");
    }
}

#[test]
fn starting_a_container_may_read_its_image_and_write_its_log() {
    for (templates, region) in at_finance() {
        for name in CONTAINERS {
            let statements = &role(templates, region, &format!("start-{name}"))["Policies"][0]["PolicyDocument"]
                ["Statement"];
            let repository =
                format!("arn:aws:ecr:{region}:{ACCOUNT}:repository/repository-orders-production");
            assert_eq!(statements[1]["Resource"], json!([repository]));
            let group = format!("/aws/ecs/service-{name}-production");
            assert_eq!(
                statements[2]["Resource"],
                json!([format!("arn:aws:logs:{region}:{ACCOUNT}:log-group:{group}:*")])
            );
            assert_eq!(statements.as_array().map(Vec::len), Some(3));
            let group = one(templates, region, "AWS::Logs::LogGroup", "LogGroupName", &group);
            assert!(group["KmsKeyId"].is_string() && group["RetentionInDays"] == 30);
        }
    }
}
