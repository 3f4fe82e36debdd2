//! Goal: an assembly deploys into two regions of the emulator, and what it cannot create is named.
//! Method: a small hand-written assembly with one of each part that the drill relies on.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use drill::assembly::{Assembly, AssemblyError, deploy};
use drill::emulator::Emulator;
use drill::environment::Environment;
use drill::owned::RunDirectory;
use drill::packages;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

/// A function that answers its own region and one environment variable, for as long as it is asked.
const FUNCTION: &str = r#"#!/usr/bin/env python3
import json, os, urllib.request
base = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
while True:
    event = urllib.request.urlopen(base + "next")
    print(event.read().decode(), flush=True)
    body = json.dumps([os.environ["AWS_REGION"], os.environ.get("PLACE"), os.environ.get("AWS_ENDPOINT_URL")])
    answer = json.dumps({"statusCode": 200, "body": body}).encode()
    urllib.request.urlopen(base + event.headers["Lambda-Runtime-Aws-Request-Id"] + "/response", answer).read()
"#;

fn write(path: &Path, value: &Value) {
    std::fs::write(path, value.to_string()).expect("a file");
}

fn stack(
    directory: &Path,
    name: &str,
    region: &str,
    dependencies: &[&str],
    resources: Value,
) -> (String, Value) {
    let file = format!("{name}.template.json");
    let parameter = json!({"BootstrapVersion": {
        "Type": "AWS::SSM::Parameter::Value<String>", "Default": "/cdk-bootstrap/hnb659fds/version"}});
    let outputs = json!({"Name": {"Value": {"Ref": "AWS::StackName"}}});
    write(
        &directory.join(&file),
        &json!({"Parameters": parameter, "Resources": resources, "Outputs": outputs}),
    );
    let artifact = json!({
        "type": "aws:cloudformation:stack", "environment": format!("aws://000000000000/{region}"),
        "properties": {"templateFile": file, "stackName": name}, "dependencies": dependencies,
    });
    (name.to_owned(), artifact)
}

fn assets(directory: &Path, name: &str, region: &str) -> (String, Value) {
    let bucket = format!("cdk-hnb659fds-assets-${{AWS::AccountId}}-{region}");
    let file = json!({"source": {"path": "function.zip"}, "destinations": {"here": {
        "bucketName": bucket, "objectKey": "function.zip", "region": region}}});
    write(&directory.join(format!("{name}.json")), &json!({"version": "48.0.0", "files": {"f": file}}));
    (name.to_owned(), json!({"type": "cdk:asset-manifest", "properties": {"file": format!("{name}.json")}}))
}

/// A function behind an API with a name of its own.
fn api(region: &str, domain: &str) -> Value {
    let bucket = json!({"Fn::Sub": format!("cdk-hnb659fds-assets-${{AWS::AccountId}}-{region}")});
    let uri = json!({"Fn::Sub":
        "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function.Arn}/invocations"});
    let integration = json!({"Type": "AWS_PROXY", "IntegrationHttpMethod": "POST", "Uri": uri});
    json!({
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": format!("role-{region}"),
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}}},
        "Function": {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "place",
            "Runtime": "provided.al2023", "Handler": "bootstrap", "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Code": {"S3Bucket": bucket, "S3Key": "function.zip"}, "Timeout": 10}},
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "orders"}},
        "Proxy": {"Type": "AWS::ApiGateway::Resource", "Properties": {"RestApiId": {"Ref": "Api"},
            "ParentId": {"Fn::GetAtt": ["Api", "RootResourceId"]}, "PathPart": "{proxy+}"}},
        "Any": {"Type": "AWS::ApiGateway::Method", "Properties": {"RestApiId": {"Ref": "Api"},
            "ResourceId": {"Ref": "Proxy"}, "HttpMethod": "ANY", "AuthorizationType": "NONE", "Integration": integration}},
        "Deployment": {"Type": "AWS::ApiGateway::Deployment", "DependsOn": "Any",
            "Properties": {"RestApiId": {"Ref": "Api"}}},
        "Stage": {"Type": "AWS::ApiGateway::Stage", "Properties": {"RestApiId": {"Ref": "Api"},
            "DeploymentId": {"Ref": "Deployment"}, "StageName": "live"}},
        "Domain": {"Type": "AWS::ApiGateway::DomainName", "Properties": {"DomainName": domain,
            "EndpointConfiguration": {"Types": ["REGIONAL"]},
            "RegionalCertificateArn": {"Fn::Sub": "arn:aws:acm:${AWS::Region}:${AWS::AccountId}:certificate/none"}}},
        "Mapping": {"Type": "AWS::ApiGateway::BasePathMapping", "Properties": {"DomainName": {"Ref": "Domain"},
            "RestApiId": {"Ref": "Api"}, "Stage": {"Ref": "Stage"}}},
        "Schedule": {"Type": "AWS::Scheduler::Schedule", "Properties": {"Name": format!("schedule-{region}"),
            "ScheduleExpression": "rate(1 minutes)", "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": {
                "Arn": {"Fn::GetAtt": ["Function", "Arn"]}, "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                "Input": format!(r#"{{"scheduled_in": "{region}"}}"#)}}},
        "Check": {"Type": "AWS::Route53::HealthCheck", "Properties": {"HealthCheckConfig": {"Type": "HTTPS"}}},
    })
}

fn database() -> Value {
    json!({
        "Global": {"Type": "AWS::RDS::GlobalCluster", "Properties": {
            "GlobalClusterIdentifier": "global", "Engine": "aurora-postgresql", "EngineVersion": "16.6"}},
        "Cluster": {"Type": "AWS::RDS::DBCluster", "Properties": {"DBClusterIdentifier": "cluster",
            "Engine": "aurora-postgresql", "GlobalClusterIdentifier": {"Ref": "Global"}}},
        "Instance": {"Type": "AWS::RDS::DBInstance", "Properties": {"DBClusterIdentifier": {"Ref": "Cluster"},
            "Engine": "aurora-postgresql", "DBInstanceClass": "db.r6g.large"}},
        "Journal": {"Type": "AWS::DynamoDB::GlobalTable", "Properties": {"TableName": "journal",
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST",
            "MultiRegionConsistency": "STRONG", "GlobalTableWitnesses": [{"Region": "us-west-2"}],
            "Replicas": [{"Region": "us-east-1"}, {"Region": "us-east-2"}]}},
        "Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"EvaluationPeriods": 1,
            "ComparisonOperator": "GreaterThanThreshold", "Threshold": 1,
            "Metrics": [{"Id": "all", "Expression": "a + b"}]}},
    })
}

/// An assembly with its packages, in a directory of its own.
fn assembly(directory: &Path) -> Assembly {
    std::fs::write(directory.join("function"), FUNCTION).expect("a binary");
    packages::pack(directory, &["function"], directory).expect("a package");
    let artifacts: serde_json::Map<String, Value> = [
        stack(
            directory,
            "api-east-2",
            "us-east-2",
            &["data", "east-2.assets"],
            api("us-east-2", "us-east-2.orders.example"),
        ),
        stack(
            directory,
            "api-east-1",
            "us-east-1",
            &["data", "east-1.assets"],
            api("us-east-1", "us-east-1.orders.example"),
        ),
        stack(directory, "data", "us-east-2", &[], database()),
        assets(directory, "east-1.assets", "us-east-1"),
        assets(directory, "east-2.assets", "us-east-2"),
    ]
    .into_iter()
    .collect();
    write(&directory.join("manifest.json"), &json!({"version": "48.0.0", "artifacts": artifacts}));
    Assembly::read(directory).expect("an assembly")
}

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
