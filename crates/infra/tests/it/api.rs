//! R05: who may call the API, how often, with what, and what is kept of it.

use serde_json::{Value, json};

use crate::{Template, deployment, one, synthesise, trading};

const REGIONS: [&str; 2] = ["us-east-1", "us-east-2"];
const HEALTH: [&str; 3] = ["health/live", "health/ready", "health/serving"];

fn api(templates: &[Template]) -> impl Iterator<Item = &Template> {
    templates.iter().filter(|template| template.name.contains("-Api-"))
}

/// The path that a method's resource has, from its parents.
fn path(template: &Template, method: &Value) -> String {
    let resources = &template.json["Resources"];
    let mut parts = Vec::new();
    let mut at = method["ResourceId"]["Ref"].as_str();
    while let Some(id) = at {
        let resource = &resources[id]["Properties"];
        parts.push(resource["PathPart"].as_str().expect("a part of a path"));
        at = resource["ParentId"]["Ref"].as_str();
    }
    parts.reverse();
    parts.join("/")
}

#[test]
fn callers_sign_for_everything_but_health() {
    let templates = trading();
    let mut seen = Vec::new();
    for template in api(&templates) {
        for method in template.all("AWS::ApiGateway::Method") {
            let path = path(template, method);
            let wanted = if HEALTH.contains(&path.as_str()) { "NONE" } else { "AWS_IAM" };
            assert_eq!(method["AuthorizationType"], wanted, "{path}");
            seen.push(format!("{} {path}", method["HttpMethod"].as_str().expect("a verb")));
        }
    }
    seen.sort();
    seen.dedup();
    let all =
        ["GET health/live", "GET health/ready", "GET health/serving", "GET orders/{id}", "GET sessions/{id}"];
    assert_eq!(seen, [&all[..], &["POST orders", "PUT sessions/{id}"]].concat());
}

#[test]
fn the_api_s_own_policy_opens_health_and_closes_the_rest_to_other_accounts() {
    let templates = trading();
    for template in api(&templates) {
        let api = template.all("AWS::ApiGateway::RestApi")[0];
        assert_eq!(api["DisableExecuteApiEndpoint"], true, "the firewall's rates and the names hold for all");
        let statements = api["Policy"]["Statement"].as_array().expect("statements");
        let [open, closed] = &statements[..] else { panic!("{statements:?}") };
        assert_eq!(open["Effect"], "Allow");
        let health = HEALTH.map(|path| format!("execute-api:/live/GET/{path}"));
        assert_eq!(open["Resource"], json!(health), "an allowing policy would do without the caller's own");
        assert_eq!(closed["Effect"], "Deny");
        let orders = ["POST/orders", "GET/orders/*", "GET/sessions/*", "PUT/sessions/*"];
        assert_eq!(closed["Resource"], json!(orders.map(|call| format!("execute-api:/live/{call}"))));
        assert_eq!(
            closed["Condition"],
            json!({ "StringNotEquals": { "aws:PrincipalAccount": "111122223333" } })
        );
    }
}

#[test]
fn bodies_are_checked_before_a_function_runs() {
    let templates = trading();
    for template in api(&templates) {
        let resources = &template.json["Resources"];
        for (verb, of, schema) in [
            ("POST", "orders", recovery::request::order_schema()),
            ("PUT", "sessions/{id}", recovery::request::session_schema()),
        ] {
            let methods = template.all("AWS::ApiGateway::Method");
            let method = methods.iter().find(|m| m["HttpMethod"] == verb && path(template, m) == of);
            let method = method.expect("the method");
            let validator = method["RequestValidatorId"]["Ref"].as_str().expect("a validator");
            assert_eq!(resources[validator]["Properties"]["ValidateRequestBody"], true);
            let model = method["RequestModels"]["application/json"]["Ref"].as_str().expect("a model");
            let model = &resources[model]["Properties"];
            assert_eq!(model["Schema"], schema);
            assert_eq!(model["ContentType"], "application/json");
            let name = model["Name"].as_str().expect("a name");
            assert!(name.bytes().all(|b| b.is_ascii_alphanumeric()), "API Gateway takes no other names");
        }
    }
}

#[test]
fn every_no_of_the_gateway_has_the_api_s_shape() {
    let templates = trading();
    for template in api(&templates) {
        let answers = template.all("AWS::ApiGateway::GatewayResponse");
        let of = |kind: &str| {
            let found: Vec<_> = answers.iter().filter(|answer| answer["ResponseType"] == kind).collect();
            assert_eq!(found.len(), 1, "{kind}");
            found[0]
        };
        for answer in &answers {
            let body = answer["ResponseTemplates"]["application/json"].as_str().expect("a template");
            // API Gateway puts a quoted string there.
            let body = body.replace("$context.error.messageString", "\"why\"");
            let body: Value = serde_json::from_str(&body).expect("JSON");
            assert!(body["error"].as_str().is_some_and(|word| !word.contains(' ')), "{body}");
        }
        for (kind, status, word) in [
            ("BAD_REQUEST_BODY", "400", "invalid_body"),
            ("MISSING_AUTHENTICATION_TOKEN", "403", "not_signed"),
            ("REQUEST_TOO_LARGE", "413", "body_too_large"),
            ("THROTTLED", "429", "too_many_requests"),
        ] {
            assert_eq!(of(kind)["StatusCode"], status);
            let body = of(kind)["ResponseTemplates"]["application/json"].as_str().expect("a template");
            assert!(body.contains(word), "{kind}: {body}");
        }
        for kind in ["DEFAULT_4XX", "DEFAULT_5XX"] {
            assert_eq!(of(kind).get("StatusCode"), None, "whatever else is refused keeps its status");
        }
        let retry = &of("THROTTLED")["ResponseParameters"]["gatewayresponse.header.Retry-After"];
        assert_eq!(retry, "'1'");
    }
}

#[test]
fn load_cannot_use_up_what_health_checks_need() {
    let mut deployment = deployment();
    deployment.api.requests_per_second = 7;
    deployment.api.burst = 9;
    let templates = synthesise(&deployment);
    for stage in api(&templates).flat_map(|template| template.all("AWS::ApiGateway::Stage")) {
        let settings = stage["MethodSettings"].as_array().expect("settings");
        let rate = |path: &str, verb: &str| {
            let found = settings.iter().find(|s| s["ResourcePath"] == path && s["HttpMethod"] == verb);
            let found = found.unwrap_or_else(|| panic!("no setting for {verb} {path}"));
            (found["ThrottlingRateLimit"].as_f64(), found["ThrottlingBurstLimit"].as_i64())
        };
        assert_eq!(rate("/*", "*"), (Some(7.0), Some(9)), "as the deployment says");
        for path in HEALTH {
            let path = format!("/~1{}", path.replace('/', "~1"));
            let (per_second, burst) = rate(&path, "GET");
            // 16 checkers per check and region at most every 10 s, our own look beside them.
            assert!(per_second >= Some(100.0) && burst >= Some(200), "{path}");
        }
        assert_eq!(settings.len(), 4);
    }
}

#[test]
fn one_address_has_a_rate_and_is_told_to_come_later() {
    let templates = trading();
    let limit = deployment().api.requests_per_address;
    for region in REGIONS {
        let rules = one(&templates, region, "AWS::WAFv2::WebACL", "Name", "firewall-orders-production");
        assert_eq!(rules["Scope"], "REGIONAL");
        assert!(rules["DefaultAction"]["Allow"].is_object());
        assert_eq!(rules["VisibilityConfig"]["SampledRequestsEnabled"], false, "samples show signatures");
        let [all, health] = &rules["Rules"].as_array().expect("rules")[..] else { panic!("two rules") };
        for (rule, limit) in [(all, limit), (health, 400)] {
            let rate = &rule["Statement"]["RateBasedStatement"];
            assert_eq!((&rate["Limit"], &rate["AggregateKeyType"]), (&json!(limit), &json!("IP")));
            assert_eq!(rate["EvaluationWindowSec"], 60);
            let answer = &rule["Action"]["Block"]["CustomResponse"];
            assert_eq!(answer["ResponseCode"], 429, "a 403 would end a client's retries");
            let key = answer["CustomResponseBodyKey"].as_str().expect("a body");
            assert_eq!(rules["CustomResponseBodies"][key]["Content"], r#"{"error":"too_many_requests"}"#);
            assert_eq!(rule["VisibilityConfig"]["SampledRequestsEnabled"], false);
        }
        let health = &health["Statement"]["RateBasedStatement"]["ScopeDownStatement"];
        let all = &all["Statement"]["RateBasedStatement"]["ScopeDownStatement"];
        assert_eq!(all["NotStatement"]["Statement"], *health, "what one rule counts, the other does not");
        let routes = health["RegexMatchStatement"]["RegexString"].as_str().expect("a pattern");
        assert_eq!(routes, "^(/live)?/(health/live|health/ready|health/serving)$");
    }
}

#[test]
fn the_firewall_stands_before_the_stage_and_logs_refusals_without_secrets() {
    let templates = trading();
    for template in api(&templates) {
        let association = template.all("AWS::WAFv2::WebACLAssociation")[0];
        let stage = association["ResourceArn"]["Fn::Sub"].as_str().expect("a stage").to_owned();
        let (api, rest) = stage
            .strip_prefix(&format!("arn:aws:apigateway:{}::/restapis/${{", template.region))
            .and_then(|rest| rest.split_once("}/stages/${"))
            .expect("the ARN of a stage");
        let resources = &template.json["Resources"];
        assert_eq!(resources[api]["Type"], "AWS::ApiGateway::RestApi");
        assert_eq!(resources[rest.trim_end_matches('}')]["Type"], "AWS::ApiGateway::Stage");
        let logging = template.all("AWS::WAFv2::LoggingConfiguration")[0];
        let acl = association["WebACLArn"]["Fn::GetAtt"][0].as_str().expect("rules");
        assert_eq!(logging["ResourceArn"]["Fn::GetAtt"][0], acl);
        let group = "aws-waf-logs-orders-production";
        let arn = format!("arn:aws:logs:{}:111122223333:log-group:{group}", template.region);
        assert_eq!(logging["LogDestinationConfigs"], json!([arn]));
        one(&templates, &template.region, "AWS::Logs::LogGroup", "LogGroupName", group);
        let redacted: Vec<&Value> = logging["RedactedFields"]
            .as_array()
            .expect("fields")
            .iter()
            .map(|f| &f["SingleHeader"]["Name"])
            .collect();
        assert_eq!(redacted, ["authorization", "x-amz-security-token", "session-token"]);
        assert_eq!(logging["LoggingFilter"]["DefaultBehavior"], "DROP");
    }
}

#[test]
fn the_access_log_holds_nothing_that_could_be_used_again() {
    for stage in trading().iter().flat_map(|template| template.all("AWS::ApiGateway::Stage")) {
        let format = stage["AccessLogSetting"]["Format"].as_str().expect("a format");
        let fields: Value = serde_json::from_str(format).expect("one JSON object per line");
        for value in fields.as_object().expect("fields").values() {
            let value = value.as_str().expect("a variable");
            let secret = ["accessKey", "apiKey", "header", "body", "authorizer", "querystring", "overrides"];
            assert!(
                value.starts_with("$context.") && !secret.iter().any(|word| value.contains(word)),
                "{value}"
            );
        }
    }
}

#[test]
fn every_request_to_the_api_is_traced() {
    let templates = trading();
    let stages: Vec<&Value> =
        api(&templates).flat_map(|template| template.all("AWS::ApiGateway::Stage")).collect();
    assert_eq!(stages.len(), REGIONS.len());
    assert!(stages.iter().all(|stage| stage["TracingEnabled"] == true), "{stages:?}");
}

#[test]
fn a_change_of_what_callers_meet_is_deployed() {
    let ids = |deployment: &recovery::Deployment, account: &str| {
        let templates = crate::synthesise_in(deployment, account);
        let of = |template: &Template| {
            let mut ids = template.resources().filter(|(_, r)| r["Type"] == "AWS::ApiGateway::Deployment");
            ids.next().map(|(id, _)| id.clone()).expect("a deployment")
        };
        api(&templates).map(of).collect::<Vec<_>>()
    };
    let deployment = deployment();
    // The account is in the API's policy and in the function's ARN.
    assert_ne!(ids(&deployment, "111122223333"), ids(&deployment, "444455556666"));
    for template in api(&trading()) {
        let (_, snapshot) = template
            .resources()
            .find(|(_, r)| r["Type"] == "AWS::ApiGateway::Deployment")
            .expect("a deployment");
        let waits: Vec<&str> = snapshot["DependsOn"]
            .as_array()
            .expect("what it holds")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        for kind in ["AWS::ApiGateway::Method", "AWS::ApiGateway::GatewayResponse"] {
            for (id, _) in template.resources().filter(|(_, r)| r["Type"] == kind) {
                assert!(waits.contains(&id.as_str()), "{id} is not in the deployment");
            }
        }
    }
}
