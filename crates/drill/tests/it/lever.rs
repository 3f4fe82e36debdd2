//! Goal: a lever does to a deployed system what it says, in its region and nowhere else, and the emulator obeys.
//! Method: the same small system in two regions of the emulator, of which one feels the lever.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use drill::assembly::{Assembly, deploy};
use drill::emulator::{Emulator, Held, StepEvent, StepHappened};
use drill::environment::Environment;
use drill::lever::Levers;
use drill::owned::RunDirectory;
use drill::packages;
use http_body_util::Full;
use recovery::names::Names;
use recovery::step::{Action, Context};
use recovery::{Epoch, Region};
use serde_json::{Value, json};

use crate::assembly::send;
use crate::assembly::written::{assets, stack, write};
use crate::fake::eventually;

const STRUCK: &str = "us-east-1";
const OTHER: &str = "us-east-2";

/// A function that tells what it was given, takes a while, and answers.
const FUNCTION: &str = r#"#!/usr/bin/env python3
import json, os, time, urllib.request
base = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
while True:
    event = urllib.request.urlopen(base + "next")
    print(event.read().decode(), flush=True)
    time.sleep(0.05)
    answer = json.dumps({"done": True}).encode()
    try:
        urllib.request.urlopen(base + event.headers["Lambda-Runtime-Aws-Request-Id"] + "/response", answer).read()
    except OSError:
        pass
"#;

fn names() -> Names {
    Names::new("x", "trading.example")
}

fn region(name: &str) -> Region {
    Region::new(name).expect("a region")
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970")
}

fn function(region: &str, name: &str) -> Value {
    let bucket = json!({"Fn::Sub": format!("cdk-hnb659fds-assets-${{AWS::AccountId}}-{region}")});
    json!({"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": names().function(name),
        "Runtime": "provided.al2023", "Handler": "bootstrap", "Role": {"Fn::GetAtt": ["Role", "Arn"]},
        "Code": {"S3Bucket": bucket, "S3Key": "function.zip"}, "Timeout": 10}})
}

/// A task in a branch, where the emulator's history shows nothing.
fn machine(region: &str) -> Value {
    let arn = format!("arn:aws:lambda:{region}:000000000000:function:{}", names().function("recovery-step"));
    let task = |action: &str, next: Option<&str>| {
        let mut task = json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "TimeoutSeconds": 10,
            "Parameters": {"FunctionName": arn, "Payload": {"action": action, "context.$": "$.context"}},
            "ResultPath": null, "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 3}]});
        match next {
            Some(next) => task["Next"] = json!(next),
            None => task["End"] = json!(true),
        }
        task
    };
    let branch = json!({"StartAt": "Raise", "States": {
        "Raise": task("raise_fence", Some("Enable")), "Enable": task("enable_settlement", None)}});
    json!({"StartAt": "Both", "States": {
        "Both": {"Type": "Parallel", "Branches": [branch], "ResultPath": null, "End": true}}})
}

fn system(region: &str, watch_at_s: u64) -> Value {
    let at = recovery::calendar::rfc3339(watch_at_s);
    let role = |name: &str| {
        json!({"Type": "AWS::IAM::Role", "Properties": {"RoleName": format!("role-{name}-{region}"),
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}}})
    };
    json!({
        "Role": role("function"),
        "Sentinel": function(region, "sentinel"),
        "Processor": function(region, "order-processor"),
        "Step": function(region, "recovery-step"),
        "Switch": {"Type": "AWS::SSM::Parameter", "Properties": {
            "Name": names().switch_parameter(), "Type": "String", "Value": "on"}},
        "Orders": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": names().order_queue()}},
        "Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {
            "FunctionName": {"Ref": "Processor"}, "EventSourceArn": {"Fn::GetAtt": ["Orders", "Arn"]}}},
        "Schedule": {"Type": "AWS::Scheduler::Schedule", "Properties": {
            "Name": names().resource("schedule", "watch"), "FlexibleTimeWindow": {"Mode": "OFF"},
            "ScheduleExpression": format!("at({})", at.trim_end_matches('Z')),
            "Target": {"Arn": {"Fn::GetAtt": ["Sentinel", "Arn"]}, "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                "Input": "{\"scheduled\": true}"}}},
        "Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {
            "StateMachineName": names().failover_state_machine(), "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
            "DefinitionString": machine(region).to_string()}},
    })
}

/// The system in both regions, whose sentinels are scheduled once, so many seconds from now.
async fn deployed(watch_in_s: u64) -> (Emulator, Levers) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let at = directory.path();
    std::fs::write(at.join("function"), FUNCTION).expect("a binary");
    packages::pack(at, &["function"], at).expect("a package");
    let mut artifacts = serde_json::Map::new();
    let watch_at_s = now().as_secs() + watch_in_s;
    for region in [STRUCK, OTHER] {
        let packages = format!("{region}.assets");
        let resources = system(region, watch_at_s);
        artifacts.extend([stack(at, &format!("system-{region}"), region, &[packages.as_str()], resources)]);
        artifacts.extend([assets(at, &packages, region)]);
    }
    write(&at.join("manifest.json"), &json!({"version": "48.0.0", "artifacts": artifacts}));
    let assembly = Assembly::read(at).expect("an assembly");
    let environment = Environment::for_tests(env!("CARGO_TARGET_TMPDIR")).expect("the environment installs");
    let run = Arc::new(RunDirectory::temporary().expect("a run directory"));
    let emulator = Emulator::start(&environment, &run).await.expect("it starts");
    deploy(&assembly, &emulator.endpoint(), &|_| ()).await.expect("it deploys");
    let levers = Levers::new(&emulator.endpoint(), names());
    (emulator, levers)
}

async fn call(emulator: &Emulator, region: &str, service: &str, target: &str, body: Value) -> Value {
    let scope = format!("drill/20000101/{region}/{service}/aws4_request");
    let request = http::Request::post(format!("{}/", emulator.endpoint()))
        .header("x-amz-target", target)
        .header("content-type", "application/x-amz-json-1.0")
        .header(
            "authorization",
            format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"),
        );
    let (status, text) =
        send(request.body(Full::new(Bytes::from(body.to_string()))).expect("a request")).await;
    assert_eq!(status, 200, "{target}: {text}");
    serde_json::from_str(&text).unwrap_or_default()
}

/// What a region's functions were given, as they told it.
fn told(emulator: &Emulator, region: &str, function: &str) -> Vec<String> {
    let log = std::fs::read_to_string(emulator.functions_log_file()).unwrap_or_default();
    let of = format!("{region} {} ", names().function(function));
    log.lines().filter_map(|line| line.strip_prefix(&of)).map(str::to_owned).collect()
}

async fn switch(emulator: &Emulator, region: &str) -> Value {
    let body = json!({"Name": names().switch_parameter()});
    call(emulator, region, "ssm", "AmazonSSM.GetParameter", body).await["Parameter"]["Value"].clone()
}

async fn order(emulator: &Emulator, region: &str, text: &str) {
    let queue = format!("{}/000000000000/{}", emulator.endpoint(), names().order_queue());
    let body = json!({"QueueUrl": queue, "MessageBody": text});
    call(emulator, region, "sqs", "AmazonSQS.SendMessage", body).await;
}

#[tokio::test]
async fn switch_schedule_and_processing_change_in_one_region() {
    let (emulator, levers) = deployed(20).await;
    let struck = region(STRUCK);
    levers.turn_switch(&struck, false).await.expect("there is a switch");
    assert_eq!(
        (switch(&emulator, STRUCK).await, switch(&emulator, OTHER).await),
        (json!("off"), json!("on"))
    );
    levers.turn_switch(&struck, true).await.expect("there is a switch");
    assert_eq!(switch(&emulator, STRUCK).await, json!("on"));

    levers.keep_schedule(&struck, false).await.expect("there is a schedule");
    levers.feed_processor(&struck, false).await.expect("there is a mapping");
    for region in [STRUCK, OTHER] {
        order(&emulator, region, "while broken").await;
    }
    let is_told =
        |region, function, text: &str| told(&emulator, region, function).iter().any(|t| t.contains(text));
    eventually("the other region's schedule", async || is_told(OTHER, "sentinel", "scheduled")).await;
    eventually("the other region's message", async || is_told(OTHER, "order-processor", "while broken"))
        .await;
    // As long again as a poll or a tick of the emulator takes.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(told(&emulator, STRUCK, "sentinel"), Vec::<String>::new());
    assert_eq!(told(&emulator, STRUCK, "order-processor"), Vec::<String>::new());

    levers.keep_schedule(&struck, true).await.expect("there is a schedule");
    levers.feed_processor(&struck, true).await.expect("there is a mapping");
    eventually("the schedule again", async || is_told(STRUCK, "sentinel", "scheduled")).await;
    eventually("the message, late", async || is_told(STRUCK, "order-processor", "while broken")).await;
    let nowhere = region("eu-west-1");
    levers.keep_schedule(&nowhere, false).await.expect_err("there is none");
    levers.feed_processor(&nowhere, false).await.expect_err("there is none");
}

fn context() -> Context {
    Context {
        epoch: Epoch(2),
        region: region(STRUCK),
        lost_region: region(OTHER),
        evidence: "a test".to_owned(),
        taken_at_ms: 1,
        on_demand: false,
    }
}

#[tokio::test]
async fn triggers_come_several_times_and_an_execution_once() {
    let (emulator, levers) = deployed(3600).await;
    let done = levers.duplicate_triggers(&region(STRUCK), &context()).await.expect("the emulator takes them");
    // Nobody else starts the sentinel's own execution here, so one of its requests does.
    assert_eq!(done.started, ["duplicate-2-1", "duplicate-2-2", "duplicate-2-3", "failover-2"]);
    assert_eq!((done.refused, done.sentinels), (2, 3));
    eventually("three sentinels", async || told(&emulator, STRUCK, "sentinel").len() == 3).await;
    let again =
        levers.duplicate_triggers(&region(STRUCK), &context()).await.expect("the emulator takes them");
    assert_eq!((again.started.len(), again.refused), (0, 6));
    assert!(
        told(&emulator, OTHER, "sentinel").is_empty() && told(&emulator, OTHER, "recovery-step").is_empty()
    );
}

/// Runs one execution to its end; everything that happened to its steps.
async fn executed(emulator: &Emulator, name: &str) -> Vec<StepEvent> {
    let machine = names().failover_state_machine();
    let arn = format!("arn:aws:states:{STRUCK}:000000000000:stateMachine:{machine}");
    let body =
        json!({"stateMachineArn": arn, "name": name, "input": json!({"context": context()}).to_string()});
    let started = call(emulator, STRUCK, "states", "AWSStepFunctions.StartExecution", body).await;
    let execution = json!({"executionArn": started["executionArn"]});
    eventually("the end of the execution", async || {
        let target = "AWSStepFunctions.DescribeExecution";
        let described = call(emulator, STRUCK, "states", target, execution.clone()).await;
        assert_ne!(described["status"], "FAILED", "{described}");
        described["status"] == "SUCCEEDED"
    })
    .await;
    emulator.steps().read().expect("events")
}

fn is_begun(emulator: &Emulator, name: &str) -> bool {
    let of =
        |event: &StepEvent| matches!(&event.what, StepHappened::Begun { execution, .. } if execution == name);
    emulator.steps().read().expect("events").iter().any(of)
}

#[tokio::test]
async fn a_doomed_step_dies_once_and_is_tried_again() {
    let (emulator, _) = deployed(3600).await;
    let actions = [Action::RaiseFence, Action::EnableSettlement];
    let (begun, ended) =
        (executed(&emulator, "undisturbed").await, told(&emulator, STRUCK, "recovery-step").len());
    let what: Vec<_> =
        begun.iter().map(|event| (event.action, matches!(event.what, StepHappened::Begun { .. }))).collect();
    assert_eq!(what, [(actions[0], true), (actions[0], false), (actions[1], true), (actions[1], false)]);
    assert_eq!(ended, 2);

    // One in its middle; the other one would take longer than it has, so it dies with its answer.
    emulator.doom(1, &region(STRUCK), [(actions[0], 10), (actions[1], 60_000)]).expect("a file");
    let all = executed(&emulator, "doomed").await;
    let killed = |event: &&StepEvent| matches!(event.what, StepHappened::Killed { .. });
    let moments: Vec<_> = all.iter().filter(killed).map(|event| (event.action, event.what.clone())).collect();
    let at = |moment: &str| StepHappened::Killed { moment: moment.to_owned() };
    assert_eq!(moments, [(actions[0], at("after 10 ms")), (actions[1], at("with its answer"))]);
    let given = told(&emulator, STRUCK, "recovery-step");
    assert_eq!(given.len(), ended + 4, "each was tried again: {given:?}");
    let places: BTreeSet<_> = all.iter().map(|event| event.region.to_string()).collect();
    assert_eq!(places, BTreeSet::from([STRUCK.to_owned()]));

    // A step that is held begins and does nothing until it is let go.
    let held = Held { machine: names().failover_state_machine(), action: actions[0] };
    emulator.hold(&[held]).expect("a file");
    let before = told(&emulator, STRUCK, "recovery-step").len();
    let (_, ()) = tokio::join!(executed(&emulator, "held"), async {
        eventually("its beginning", async || is_begun(&emulator, "held")).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(told(&emulator, STRUCK, "recovery-step").len(), before);
        emulator.hold(&[]).expect("a file");
    });
    assert_eq!(told(&emulator, STRUCK, "recovery-step").len(), before + 2);

    // The same request kills nothing twice, and another region's is none of ours.
    assert_eq!(executed(&emulator, "again").await.iter().filter(killed).count(), 2);
    emulator.doom(2, &region(OTHER), [(actions[0], 0)]).expect("a file");
    assert_eq!(executed(&emulator, "elsewhere").await.iter().filter(killed).count(), 2);
}
