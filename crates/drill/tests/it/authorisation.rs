//! Goal: what the emulator holds callers to, so that a drill says no more than it shows: a signature has
//! to be there and need not be good, a body has to fit its schema, and a refusal is worded as the
//! template says. Method: one API of its own, asked with and without each.

use std::sync::Arc;

use bytes::Bytes;
use drill::assembly::{Assembly, Stack, deploy};
use drill::emulator::Emulator;
use drill::environment::Environment;
use drill::owned::RunDirectory;
use http_body_util::Full;
use serde_json::{Value, json};

use crate::assembly::send;

const HOST: &str = "us-east-1.orders.example";

fn template() -> Value {
    let api = json!({"Ref": "Api"});
    let answer = |kind: &str, status: &str, word: &str| {
        let body = json!({"error": word}).to_string();
        json!({"Type": "AWS::ApiGateway::GatewayResponse", "Properties": {"RestApiId": api, "ResponseType": kind,
            "StatusCode": status, "ResponseTemplates": {"application/json": body}}})
    };
    let schema = json!({"type": "object", "required": ["side"], "additionalProperties": false,
        "properties": {"side": {"type": "string", "enum": ["buy", "sell"]}}});
    json!({"Resources": {
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "orders"}},
        "Orders": {"Type": "AWS::ApiGateway::Resource", "Properties": {"RestApiId": api,
            "ParentId": {"Fn::GetAtt": ["Api", "RootResourceId"]}, "PathPart": "orders"}},
        "Bodies": {"Type": "AWS::ApiGateway::RequestValidator",
            "Properties": {"RestApiId": api, "Name": "bodies", "ValidateRequestBody": true}},
        "Order": {"Type": "AWS::ApiGateway::Model", "Properties": {"RestApiId": api, "Name": "Order",
            "ContentType": "application/json", "Schema": schema}},
        "Post": {"Type": "AWS::ApiGateway::Method", "Properties": {"RestApiId": api,
            "ResourceId": {"Ref": "Orders"}, "HttpMethod": "POST", "AuthorizationType": "AWS_IAM",
            "RequestValidatorId": {"Ref": "Bodies"}, "RequestModels": {"application/json": {"Ref": "Order"}},
            "Integration": {"Type": "MOCK"}}},
        "NotSigned": answer("MISSING_AUTHENTICATION_TOKEN", "403", "not_signed"),
        "InvalidBody": answer("BAD_REQUEST_BODY", "400", "invalid_body"),
        "Deployment": {"Type": "AWS::ApiGateway::Deployment", "DependsOn": "Post", "Properties": {"RestApiId": api}},
        "Stage": {"Type": "AWS::ApiGateway::Stage", "Properties": {"RestApiId": api,
            "DeploymentId": {"Ref": "Deployment"}, "StageName": "live"}},
        "Domain": {"Type": "AWS::ApiGateway::DomainName", "Properties": {"DomainName": HOST,
            "EndpointConfiguration": {"Types": ["REGIONAL"]},
            "RegionalCertificateArn": {"Fn::Sub": "arn:aws:acm:${AWS::Region}:${AWS::AccountId}:certificate/none"}}},
        "Mapping": {"Type": "AWS::ApiGateway::BasePathMapping", "Properties": {"DomainName": {"Ref": "Domain"},
            "RestApiId": api, "Stage": {"Ref": "Stage"}}},
    }})
}

async fn order(emulator: &Emulator, authorization: Option<&str>, body: &str) -> (u16, String) {
    let mut request = http::Request::post(format!("{}/orders", emulator.endpoint()))
        .header("host", HOST)
        .header("content-type", "application/json");
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    send(request.body(Full::new(Bytes::from(body.to_owned()))).expect("a request")).await
}

#[tokio::test]
async fn the_emulator_asks_for_a_signature_of_any_kind_and_for_a_body_that_fits() {
    let environment = Environment::for_tests(env!("CARGO_TARGET_TMPDIR")).expect("the environment installs");
    let run = Arc::new(RunDirectory::temporary().expect("a run directory"));
    let emulator = Emulator::start(&environment, &run).await.expect("it starts");
    let stack = Stack {
        name: "api".to_owned(),
        region: "us-east-1".to_owned(),
        template: template(),
        assets: Vec::new(),
    };
    let deployed = deploy(&Assembly { stacks: vec![stack] }, &emulator.endpoint(), &|_| ()).await;
    deployed.expect("it deploys");

    let (good, bad) = (r#"{"side":"buy"}"#, r#"{"side":"hold"}"#);
    let unsigned = order(&emulator, None, good).await;
    assert_eq!(unsigned, (403, r#"{"error":"not_signed"}"#.to_owned()));
    for signed in [
        "AWS4-HMAC-SHA256 Credential=drill/20261120/us-east-1/execute-api/aws4_request, SignedHeaders=host, Signature=00",
        "AWS4-ECDSA-P256-SHA256 Credential=drill/20261120/execute-api/aws4_request, SignedHeaders=host, Signature=00",
    ] {
        let refused = order(&emulator, Some(signed), bad).await;
        assert_eq!(refused, (400, r#"{"error":"invalid_body"}"#.to_owned()), "{signed}");
        let taken = order(&emulator, Some(signed), good).await;
        assert_eq!(taken.0, 200, "a signature that is none is taken: {taken:?}");
    }
}
