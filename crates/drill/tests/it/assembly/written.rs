//! A small assembly, written by hand, with one of each part that the drill relies on.

use std::path::Path;

use drill::assembly::Assembly;
use drill::packages;
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

pub fn write(path: &Path, value: &Value) {
    std::fs::write(path, value.to_string()).expect("a file");
}

/// A template, and its artifact in the manifest.
pub fn stack(
    directory: &Path,
    name: &str,
    region: &str,
    dependencies: &[&str],
    resources: Value,
) -> (String, Value) {
    let parameter = json!({"BootstrapVersion": {
        "Type": "AWS::SSM::Parameter::Value<String>", "Default": "/cdk-bootstrap/hnb659fds/version"}});
    let outputs = json!({"Name": {"Value": {"Ref": "AWS::StackName"}}});
    let template = json!({"Parameters": parameter, "Resources": resources, "Outputs": outputs});
    stack_of(directory, name, region, dependencies, &template)
}

/// The same with a whole template.
pub fn stack_of(
    directory: &Path,
    name: &str,
    region: &str,
    dependencies: &[&str],
    template: &Value,
) -> (String, Value) {
    let file = format!("{name}.template.json");
    write(&directory.join(&file), template);
    let artifact = json!({
        "type": "aws:cloudformation:stack", "environment": format!("aws://000000000000/{region}"),
        "properties": {"templateFile": file, "stackName": name}, "dependencies": dependencies,
    });
    (name.to_owned(), artifact)
}

pub fn assets(directory: &Path, name: &str, region: &str) -> (String, Value) {
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
pub fn assembly(directory: &Path) -> Assembly {
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
