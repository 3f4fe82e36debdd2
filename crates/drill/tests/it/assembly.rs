//! Goal: an assembly deploys into two regions of the emulator, and what it cannot create is named.
//! Method: a small hand-written assembly with one of each part that the drill relies on.

pub mod written;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use drill::assembly::{Assembly, AssemblyError, deploy};
use drill::emulator::Emulator;
use drill::environment::Environment;
use drill::owned::RunDirectory;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use written::{assembly, stack, stack_of, write};

async fn emulator() -> Emulator {
    let environment = Environment::for_tests(env!("CARGO_TARGET_TMPDIR")).expect("the environment installs");
    let run = Arc::new(RunDirectory::temporary().expect("a run directory"));
    Emulator::start(&environment, &run).await.expect("it starts")
}

pub async fn send(request: http::Request<Full<Bytes>>) -> (u16, String) {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let response = client.request(request).await.expect("an answer");
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    (status, String::from_utf8_lossy(&body).into_owned())
}

async fn get(emulator: &Emulator, host: &str) -> (u16, String) {
    let request = http::Request::get(format!("{}/orders", emulator.endpoint())).header("host", host);
    send(request.body(Full::default()).expect("a request")).await
}

async fn json_call(
    emulator: &Emulator,
    region: &str,
    service: &str,
    target: &str,
    body: Value,
) -> (u16, String) {
    let scope = format!("drill/20000101/{region}/{service}/aws4_request");
    let request = http::Request::post(format!("{}/", emulator.endpoint()))
        .header("x-amz-target", target)
        .header("content-type", "application/x-amz-json-1.0")
        .header(
            "authorization",
            format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"),
        );
    send(request.body(Full::new(Bytes::from(body.to_string()))).expect("a request")).await
}

#[tokio::test]
async fn an_assembly_deploys_into_both_regions() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut assembly = assembly(directory.path());
    let names: Vec<&str> = assembly.stacks.iter().map(|stack| stack.name.as_str()).collect();
    assert_eq!(names, ["data", "api-east-2", "api-east-1"]);
    assembly
        .localise(&|region, function| BTreeMap::from([("PLACE".into(), format!("{function} in {region}"))]));
    let emulator = emulator().await;
    let deployed = deploy(&assembly, &emulator.endpoint(), &|_| ()).await.expect("it deploys");
    assert_eq!(deployed[2].outputs["Name"], "api-east-1");

    for region in ["us-east-1", "us-east-2"] {
        let answer = get(&emulator, &format!("{region}.orders.example")).await;
        let expected = json!([region, format!("place in {region}"), null]);
        assert_eq!(
            (answer.0, serde_json::from_str::<Value>(&answer.1).ok()),
            (200, Some(expected)),
            "{answer:?}"
        );
    }
    for region in ["us-east-1", "us-east-2", "us-west-2"] {
        let body = json!({"TableName": "journal"});
        let answer = json_call(&emulator, region, "dynamodb", "DynamoDB_20120810.DescribeTable", body).await;
        assert_eq!(answer.0, 200, "{region}: {answer:?}");
    }
    assert_schedules_run_at_once(&emulator).await;
    let recorded = emulator.recorded().expect("a record");
    let types: Vec<&str> = recorded.iter().map(|r| r.resource_type.as_str()).collect();
    let expected = [
        "AWS::CloudWatch::Alarm (metric math)",
        "AWS::RDS::GlobalCluster",
        "AWS::Route53::HealthCheck",
        "AWS::Route53::HealthCheck",
    ];
    assert_eq!(types, expected);
}

async fn assert_schedules_run_at_once(emulator: &Emulator) {
    let started = Instant::now();
    let lines = ["us-east-1", "us-east-2"].map(|r| format!("{r} place {{\"scheduled_in\": \"{r}\"}}"));
    loop {
        let log = std::fs::read_to_string(emulator.functions_log_file()).unwrap_or_default();
        if lines.iter().all(|line| log.contains(line)) {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(30), "no {lines:?} in {log}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_template_s_parameter_is_read_from_its_region_s_parameter_store() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut artifacts = serde_json::Map::new();
    for region in ["us-east-1", "us-east-2"] {
        let value = json!({"Type": "String", "Name": "/network/subnet", "Value": format!("subnet-{region}")});
        let stored = json!({"Stored": {"Type": "AWS::SSM::Parameter", "Properties": value}});
        let store = format!("store-{region}");
        artifacts.extend([stack(directory.path(), &store, region, &[], stored)]);
        let reader = json!({
            "Parameters": {"Subnet": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/network/subnet"}},
            "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "Subnet"}}}},
            "Outputs": {"Read": {"Value": {"Ref": "Subnet"}}, "Queue": {"Value": {"Fn::GetAtt": ["Queue", "QueueName"]}}},
        });
        artifacts.extend([stack_of(
            directory.path(),
            &format!("reader-{region}"),
            region,
            &[&store],
            &reader,
        )]);
    }
    write(&directory.path().join("manifest.json"), &json!({"artifacts": artifacts}));
    let assembly = Assembly::read(directory.path()).expect("an assembly");
    let deployed = deploy(&assembly, &emulator().await.endpoint(), &|_| ()).await.expect("it deploys");
    let readers: Vec<_> = deployed.iter().filter(|stack| stack.name.starts_with("reader-")).collect();
    assert_eq!(readers.len(), 2);
    for stack in readers {
        let expected = format!("subnet-{}", stack.name.strip_prefix("reader-").expect("a reader"));
        assert_eq!([&stack.outputs["Read"], &stack.outputs["Queue"]], [&expected, &expected]);
    }
}

#[tokio::test]
async fn a_stack_that_fails_says_which_resource_and_why() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let resources =
        json!({"Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"EvaluationPeriods": 1}}});
    let artifacts: serde_json::Map<String, Value> =
        [stack(directory.path(), "bad", "us-east-1", &[], resources)].into_iter().collect();
    write(&directory.path().join("manifest.json"), &json!({"artifacts": artifacts}));
    let assembly = Assembly::read(directory.path()).expect("an assembly");
    let error = deploy(&assembly, &emulator().await.endpoint(), &|_| ()).await.expect_err("it fails");
    assert!(matches!(&error, AssemblyError::Failed { .. }), "{error}");
    assert!(error.to_string().contains("Alarm (AWS::CloudWatch::Alarm): MetricName"), "{error}");
}

#[tokio::test]
async fn retries_of_a_state_machine_are_bounded_as_its_definition_says() {
    // Two retries of a task that always fails: 2 s and 200 s unbounded, at most one second in all here.
    let retry = json!([{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 2, "BackoffRate": 100, "MaxAttempts": 2,
        "MaxDelaySeconds": 1, "JitterStrategy": "FULL"}]);
    let task = json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "absent"}, "Retry": retry, "End": true});
    let definition = json!({"StartAt": "Fails", "States": {"Fails": task}}).to_string();
    let resources = json!({"Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {
        "StateMachineName": "machine", "DefinitionString": definition, "RoleArn": "arn:aws:iam::000000000000:role/r"}}});
    let directory = tempfile::tempdir().expect("a temporary directory");
    let artifacts: serde_json::Map<String, Value> =
        [stack(directory.path(), "flow", "us-east-2", &[], resources)].into_iter().collect();
    write(&directory.path().join("manifest.json"), &json!({"artifacts": artifacts}));
    let emulator = emulator().await;
    let assembly = Assembly::read(directory.path()).expect("an assembly");
    deploy(&assembly, &emulator.endpoint(), &|_| ()).await.expect("it deploys");

    let arn = "arn:aws:states:us-east-2:000000000000:stateMachine:machine";
    let body = json!({"stateMachineArn": arn, "name": "once", "input": "{}"});
    let answer = json_call(&emulator, "us-east-2", "states", "AWSStepFunctions.StartExecution", body).await;
    assert_eq!(answer.0, 200, "{answer:?}");
    let execution = "arn:aws:states:us-east-2:000000000000:execution:machine:once";
    let started = Instant::now();
    loop {
        let body = json!({"executionArn": execution});
        let answer =
            json_call(&emulator, "us-east-2", "states", "AWSStepFunctions.DescribeExecution", body).await;
        if answer.1.contains("FAILED") {
            break;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{answer:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn an_event_crosses_to_the_other_region_s_bus_and_keeps_its_own_region() {
    let emulator = emulator().await;
    let arn =
        |region: &str, service: &str, what: &str| format!("arn:aws:{service}:{region}:000000000000:{what}");
    for (here, there) in [("us-east-1", "us-east-2"), ("us-east-2", "us-east-1")] {
        let events = |action: &str, body: Value| {
            let target = format!("AWSEvents.{action}");
            let emulator = &emulator;
            async move {
                let answer = json_call(emulator, here, "events", &target, body).await;
                assert_eq!(answer.0, 200, "{target}: {answer:?}");
            }
        };
        let queue = json!({"QueueName": "record"});
        assert_eq!(json_call(&emulator, here, "sqs", "AmazonSQS.CreateQueue", queue).await.0, 200);
        events("CreateEventBus", json!({"Name": "bus"})).await;
        for (rule, of, target) in [
            ("forwarding", here, arn(there, "events", "event-bus/bus")),
            ("record", there, arn(here, "sqs", "record")),
        ] {
            let pattern = json!({"source": ["test"], "region": [of]}).to_string();
            events("PutRule", json!({"Name": rule, "EventBusName": "bus", "EventPattern": pattern})).await;
            let targets = json!([{"Id": rule, "Arn": target, "RoleArn": "arn:aws:iam::000000000000:role/r"}]);
            events("PutTargets", json!({"Rule": rule, "EventBusName": "bus", "Targets": targets})).await;
        }
    }
    let entry = json!({"EventBusName": "bus", "Source": "test", "DetailType": "told", "Detail": "{}"});
    let put = json!({"Entries": [entry]});
    assert_eq!(json_call(&emulator, "us-east-1", "events", "AWSEvents.PutEvents", put).await.0, 200);
    let url = json!({"QueueUrl": format!("{}/000000000000/record", emulator.endpoint())});
    let (_, there) = json_call(&emulator, "us-east-2", "sqs", "AmazonSQS.ReceiveMessage", url.clone()).await;
    assert!(there.contains("told") && there.contains(r#"\"region\": \"us-east-1\""#), "{there}");
    let (_, here) = json_call(&emulator, "us-east-1", "sqs", "AmazonSQS.ReceiveMessage", url).await;
    assert!(!here.contains("told"), "nothing comes back: {here}");
}
