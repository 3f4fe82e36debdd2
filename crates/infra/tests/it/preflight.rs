//! R11, R14: the preflight of each region, and the role through which it looks at the other one.

use std::collections::BTreeSet;

use recovery::setting;
use serde_json::{Value, json};

use crate::{ACCOUNT, Template, deployment, every_template, one, shipped, trading};

const PAIRS: [[&str; 2]; 2] = [["us-east-1", "us-east-2"], ["us-east-2", "us-east-1"]];

fn role<'t>(templates: &'t [Template], region: &str, purpose: &str) -> &'t Value {
    let name = format!("role-{purpose}-{region}-production");
    one(templates, region, "AWS::IAM::Role", "RoleName", &name)
}

/// Actions and resources of a role's only policy.
fn allowed(role: &Value) -> BTreeSet<String> {
    let statements = role["Policies"][0]["PolicyDocument"]["Statement"].as_array().expect("statements");
    let texts = |value: &Value| -> Vec<String> {
        let all = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        all.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let pairs = statements.iter().flat_map(|statement| {
        let resources = texts(&statement["Resource"]);
        texts(&statement["Action"]).into_iter().flat_map(move |action| {
            resources.iter().map(|resource| format!("{action} {resource}")).collect::<Vec<_>>()
        })
    });
    pairs.collect()
}

#[test]
fn a_function_in_the_network_is_called_all_the_time_or_nudged() {
    // Health checks ask the first, schedules start the others.
    let called = ["orders-api", "sentinel", "preflight", "reconciler"];
    let templates = trading();
    for [region, _] in PAIRS {
        let name = "function-preflight-production";
        let preflight = one(&templates, region, "AWS::Lambda::Function", "FunctionName", name);
        let nudged = preflight["Environment"]["Variables"][setting::IDLE_FUNCTIONS].as_str();
        let nudged: Vec<&str> = nudged.expect("a list").split(',').collect();
        let of_region = templates.iter().filter(|template| template.region == region);
        let functions = of_region.flat_map(|template| template.all("AWS::Lambda::Function"));
        for function in functions.filter(|function| function.get("VpcConfig").is_some()) {
            let name = function["FunctionName"].as_str().expect("a name");
            let called = called.iter().any(|called| name.contains(called));
            assert_ne!(called, nudged.contains(&name), "{name} in {region}");
        }
    }
}

#[test]
fn a_preflight_may_nudge_functions_and_ask_nothing_else_of_them() {
    for (deployment, templates) in shipped() {
        for region in deployment.pair().map(|region| region.as_str()) {
            let function = "function-preflight-production";
            let function = one(templates, region, "AWS::Lambda::Function", "FunctionName", function);
            let nudged = function["Environment"]["Variables"][setting::IDLE_FUNCTIONS].as_str();
            let arn = |name: &str| format!("arn:aws:lambda:{region}:{ACCOUNT}:function:{name}");
            let expected: BTreeSet<String> = nudged
                .expect("a list")
                .split(',')
                .map(|name| format!("lambda:InvokeFunction {}:$LATEST", arn(name)))
                .collect();
            let calls = allowed(role(templates, region, "preflight")).into_iter();
            let invokes: BTreeSet<String> = calls.filter(|call| call.contains(":Invoke")).collect();
            assert_eq!(invokes, expected, "{region} of {}", deployment.name);
            let here = templates.iter().filter(|template| template.region == region);
            let naming =
                here.flat_map(Template::resources).filter(|(_, r)| r.to_string().contains("$LATEST"));
            let naming: BTreeSet<&str> =
                naming.filter_map(|(_, resource)| resource["Type"].as_str()).collect();
            // How asynchronous calls are retried, and what the network lets through: neither calls.
            let silent = ["AWS::EC2::VPCEndpoint", "AWS::IAM::Role", "AWS::Lambda::EventInvokeConfig"];
            assert_eq!(naming, BTreeSet::from(silent), "who sends work names a function without a qualifier");
            let roles = templates.iter().flat_map(|template| template.all("AWS::IAM::Role"));
            let nudging = roles.filter(|role| role.to_string().contains("$LATEST"));
            let nudging = nudging.map(|role| role["RoleName"].as_str().expect("roles are named"));
            assert!(nudging.into_iter().all(|name| name.starts_with("role-preflight-")));
        }
    }
}

#[test]
fn a_preflight_runs_every_hour_in_both_regions_and_a_lost_start_is_kept() {
    let templates = trading();
    for [region, _] in PAIRS {
        let schedule =
            one(&templates, region, "AWS::Scheduler::Schedule", "Name", "schedule-preflight-production");
        assert_eq!(schedule["ScheduleExpression"], "rate(1 hour)");
        let target = &schedule["Target"];
        let function = format!("arn:aws:lambda:{region}:{ACCOUNT}:function:function-preflight-production");
        let failed = format!("arn:aws:sqs:{region}:{ACCOUNT}:queue-failed-invocations-production");
        assert_eq!(target["Arn"], function);
        assert_eq!(target["DeadLetterConfig"]["Arn"], failed);
        let expected = BTreeSet::from([
            format!("lambda:InvokeFunction {function}"),
            format!("sqs:SendMessage {failed}"),
        ]);
        assert_eq!(allowed(role(&templates, region, "preflight-schedule")), expected);
        let function =
            one(&templates, region, "AWS::Lambda::Function", "FunctionName", "function-preflight-production");
        assert_eq!(function["Timeout"], recovery::preflight::FUNCTION_TIMEOUT_S);
        const { assert!(recovery::preflight::FUNCTION_TIMEOUT_S > recovery::preflight::RUN_LIMIT_S) };
        let variables = &function["Environment"]["Variables"];
        assert!(variables.to_string().len() < 4096, "Lambda allows 4 KB of environment");
        assert_eq!(
            variables[setting::REPLICATION_LAG_S],
            deployment().alarms.replication_lag_s.to_string(),
            "the lag that a preflight takes is the one that people are told of"
        );
    }
}

#[test]
fn the_observer_reads_what_the_peer_s_preflight_asks_and_nothing_else() {
    let templates = trading();
    for [region, _] in PAIRS {
        let arn = |service: &str, what: &str| format!("arn:aws:{service}:{region}:{ACCOUNT}:{what}");
        let mut expected: BTreeSet<String> = infra::packages::FUNCTIONS
            .into_iter()
            .map(|name| arn("lambda", &format!("function:function-{name}-production")))
            .map(|function| format!("lambda:GetFunctionConfiguration {function}"))
            .collect();
        let cluster = arn("rds", &format!("cluster:cluster-orders-{region}-production"));
        expected.insert(format!("rds:DescribeDBClusters {cluster}"));
        for workflow in ["failover", "failback"] {
            let machine = arn("states", &format!("stateMachine:workflow-{workflow}-production"));
            expected.insert(format!("states:DescribeStateMachine {machine}"));
        }
        for purpose in ["audit", "config"] {
            let bucket = format!("arn:aws:s3:::bucket-{purpose}-{region}-{ACCOUNT}-production");
            expected.insert(format!("s3:GetReplicationConfiguration {bucket}"));
        }
        let observer = role(&templates, region, "observer");
        assert_eq!(allowed(observer), expected);
        assert_eq!(observer["MaxSessionDuration"], 3600);
        assert_eq!(observer.get("ManagedPolicyArns"), None);
    }
}

#[test]
fn only_the_peer_s_preflight_may_become_the_observer() {
    let templates = trading();
    for [region, peer] in PAIRS {
        let trust = &role(&templates, region, "observer")["AssumeRolePolicyDocument"]["Statement"];
        let looks = format!("arn:aws:iam::{ACCOUNT}:role/role-preflight-{peer}-production");
        let expected = json!([{
            "Effect": "Allow",
            "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:root") },
            "Action": "sts:AssumeRole",
            "Condition": {
                "ArnEquals": { "aws:PrincipalArn": looks },
                "StringEquals": { "sts:ExternalId": "observer-preflight-production" },
            },
        }]);
        assert_eq!(*trust, expected);
        let asks = role(&templates, peer, "preflight");
        let assume: Vec<String> =
            allowed(asks).into_iter().filter(|call| call.starts_with("sts:AssumeRole ")).collect();
        let observer = format!("arn:aws:iam::{ACCOUNT}:role/role-observer-{region}-production");
        assert_eq!(assume, [format!("sts:AssumeRole {observer}")], "and exactly that one");
        let function =
            one(&templates, peer, "AWS::Lambda::Function", "FunctionName", "function-preflight-production");
        let variables = &function["Environment"]["Variables"];
        assert_eq!(variables[setting::OBSERVER_ROLE_ARN], observer);
        assert_eq!(variables[setting::OBSERVER_EXTERNAL_ID], "observer-preflight-production");
    }
}

#[test]
fn recovery_assumes_no_role_of_another_region() {
    let mut assuming = BTreeSet::new();
    for template in every_template() {
        for role in template.all("AWS::IAM::Role") {
            let name = role["RoleName"].as_str().expect("roles are named").to_owned();
            if role["Policies"].to_string().contains("sts:") {
                assuming.insert(name);
            }
        }
    }
    let expected =
        ["us-east-1", "us-east-2", "us-west-2"].map(|region| format!("role-preflight-{region}-production"));
    assert_eq!(assuming, BTreeSet::from(expected));
}

#[test]
fn the_deployed_workflows_are_known_by_their_digests() {
    let templates = trading();
    for [region, _] in PAIRS {
        let digests = ["failover", "failback"].map(|workflow| {
            let name = format!("workflow-{workflow}-production");
            let machine =
                one(&templates, region, "AWS::StepFunctions::StateMachine", "StateMachineName", &name);
            let definition = machine["DefinitionString"].as_str().expect("a definition");
            cdk::content_hash(definition.as_bytes())
        });
        let parameter = "/standfast/production/workflow/digests";
        let parameter = one(&templates, region, "AWS::SSM::Parameter", "Name", parameter);
        assert_eq!(parameter["Value"], digests.join(","));
    }
}

#[test]
fn a_preflight_asks_for_the_roles_that_recover() {
    let templates = trading();
    for [region, _] in PAIRS {
        let function =
            one(&templates, region, "AWS::Lambda::Function", "FunctionName", "function-preflight-production");
        let variables = &function["Environment"]["Variables"];
        for (variable, purpose) in [
            (setting::SENTINEL_ROLE_ARN, "sentinel"),
            (setting::FAILOVER_ROLE_ARN, "failover"),
            (setting::FAILBACK_ROLE_ARN, "failback"),
            (setting::RECOVERY_ROLE_ARN, "recovery-step"),
        ] {
            let named = role(&templates, region, purpose)["RoleName"].as_str().expect("roles are named");
            assert_eq!(variables[variable], format!("arn:aws:iam::{ACCOUNT}:role/{named}"));
        }
        let step = variables[setting::STEP_FUNCTION_ARN].as_str().expect("it is set");
        for workflow in ["failover", "failback"] {
            let calls = allowed(role(&templates, region, workflow));
            assert!(calls.contains(&format!("lambda:InvokeFunction {step}")), "{calls:?}");
        }
    }
}
