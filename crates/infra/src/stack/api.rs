//! The REST API of a region, under its own name and under the name that clients use.

use cdk::{Handle, Scope, Stack};
use cfn::{Value, apigateway, certificatemanager, lambda, route53};
use serde_json::json;

use super::{log_group, parameter};
use crate::packages::ORDERS_API;
use crate::place::{Place, parameter as key};

/// Stage of the API; it is not part of a URL under a custom domain.
pub(super) const STAGE: &str = "live";

/// Every route of the API: construct id, path, methods.
const ROUTES: [(&str, &[&str], &[&str]); 6] = [
    ("Orders", &["orders"], &["POST"]),
    ("Order", &["orders", "{id}"], &["GET"]),
    ("Session", &["sessions", "{id}"], &["GET", "PUT"]),
    ("Live", &["health", "live"], &["GET"]),
    ("Ready", &["health", "ready"], &["GET"]),
    ("Serving", &["health", "serving"], &["GET"]),
];

/// What a region's API stack holds.
#[derive(Debug)]
pub struct Handles {
    /// The API.
    pub api: Handle,
    /// Its one stage.
    pub stage: Handle,
}

/// Adds the API, its stage, its two custom domains and the region's own record.
pub fn new(stack: &mut Stack, place: &Place<'_>) -> Handles {
    let mut root = stack.root();
    let endpoint = apigateway::rest_api::EndpointConfiguration::new().types(["REGIONAL"]);
    let api = root.add(
        "Api",
        apigateway::RestApi::new()
            .name(place.names().resource("api", "orders"))
            .description("orders and sessions")
            .endpoint_configuration(endpoint)
            .disable_execute_api_endpoint(true),
    );
    let methods = routes(&mut root, place, &api);
    permission(&mut root, place, &api);
    let stage = stage(&mut root, place, &api, &methods);
    let certificate = certificate(&mut root, place);
    parameter(&mut root, place, "CertificateParameter", key::CERTIFICATE, certificate.reference());
    let names = place.names();
    let (public, own) = (names.public_host(), names.region_host(place.region));
    domain(&mut root.scope("PublicDomain"), &public, &certificate, &api, &stage);
    let domain = domain(&mut root.scope("RegionDomain"), &own, &certificate, &api, &stage);
    region_record(&mut root, place, &domain);
    Handles { api, stage }
}

fn routes(root: &mut Scope<'_>, place: &Place<'_>, api: &Handle) -> Vec<Handle> {
    let mut scope = root.scope("Routes");
    let mut resources: Vec<(String, Handle)> = Vec::new();
    let mut methods = Vec::new();
    for (id, path, verbs) in ROUTES {
        let mut parent: Value<String> = api.attribute("RootResourceId").into();
        let mut at = String::new();
        for part in path {
            at = format!("{at}/{part}");
            let known = resources.iter().find(|(path, _)| *path == at).map(|(_, handle)| handle.clone());
            let resource = known.unwrap_or_else(|| {
                let resource = apigateway::Resource::new(parent.clone(), *part, api.reference());
                let handle = scope.add(&at.replace('/', "-"), resource);
                resources.push((at.clone(), handle.clone()));
                handle
            });
            parent = resource.reference().into();
        }
        for verb in verbs {
            methods.push(scope.add(&format!("{id}{verb}"), method(place, api, &parent, verb)));
        }
    }
    methods
}

/// The function sees the request as it came, and answers for itself.
fn method(place: &Place<'_>, api: &Handle, resource: &Value<String>, verb: &str) -> apigateway::Method {
    let function = place.function_arn(ORDERS_API);
    let integration = apigateway::method::Integration::new("AWS_PROXY")
        .integration_http_method("POST")
        .timeout_in_millis(10_000)
        .uri(format!(
            "arn:aws:apigateway:{}:lambda:path/2015-03-31/functions/{function}/invocations",
            place.region
        ));
    apigateway::Method::new(verb, resource, api.reference())
        .authorization_type("NONE")
        .integration(integration)
}

fn permission(root: &mut Scope<'_>, place: &Place<'_>, api: &Handle) {
    let calls = place.arn("execute-api", &format!("${{{}}}/{STAGE}/*/*", api.token()));
    root.add(
        "MayInvoke",
        lambda::Permission::new(
            "lambda:InvokeFunction",
            place.function_arn(ORDERS_API),
            "apigateway.amazonaws.com",
        )
        .source_arn(cfn::sub(calls)),
    );
}

/// A deployment is a snapshot of the methods: its id changes when they do.
fn stage(root: &mut Scope<'_>, place: &Place<'_>, api: &Handle, methods: &[Handle]) -> Handle {
    use apigateway::stage::{AccessLogSetting, MethodSetting};
    let version = cdk::content_hash(format!("{ROUTES:?}{}", place.function_arn(ORDERS_API)).as_bytes());
    let deployment =
        root.add(&format!("Deployment-{}", &version[..8]), apigateway::Deployment::new(api.reference()));
    methods.iter().for_each(|method| {
        root.node(&deployment).depend_on(method);
    });
    let name = format!("/aws/apigateway/{}", place.names().resource("api", "orders"));
    let log_group = root.add("AccessLogs", log_group(place, name));
    let account = logging_account(root, place);
    let format = json!({
        "requestId": "$context.requestId", "ip": "$context.identity.sourceIp", "time": "$context.requestTime",
        "method": "$context.httpMethod", "path": "$context.resourcePath", "status": "$context.status",
        "latencyMs": "$context.responseLatency", "integrationMs": "$context.integrationLatency",
        "host": "$context.domainName",
    });
    let stage = apigateway::Stage::new(api.reference())
        .deployment_id(deployment.reference())
        .stage_name(STAGE)
        .tracing_enabled(true)
        .access_log_setting(
            AccessLogSetting::new().destination_arn(log_group.attribute("Arn")).format(format.to_string()),
        )
        .method_settings([MethodSetting::new()
            .http_method("*")
            .resource_path("/*")
            .metrics_enabled(true)
            .data_trace_enabled(false)]);
    let stage = root.add("Stage", stage);
    root.node(&stage).depend_on(&account);
    stage
}

/// API Gateway writes logs under one role per account and region.
fn logging_account(root: &mut Scope<'_>, place: &Place<'_>) -> Handle {
    let mut scope = root.scope("Logging");
    let name = place.names().function_role("api-logs", place.region);
    let role = crate::policy::role(
        &mut scope,
        "Role",
        &name,
        "apigateway.amazonaws.com",
        &[crate::policy::Statement::anywhere(
            &[
                "logs:CreateLogGroup",
                "logs:CreateLogStream",
                "logs:DescribeLogGroups",
                "logs:DescribeLogStreams",
                "logs:FilterLogEvents",
                "logs:GetLogEvents",
                "logs:PutLogEvents",
            ],
            "API Gateway refuses a logging role that cannot do this to every log group of the account (API Gateway developer guide)",
        )],
    );
    scope.add("Account", apigateway::Account::new().cloud_watch_role_arn(role.attribute("Arn")))
}

/// One certificate for both names, proven by records in the hosted zone.
fn certificate(root: &mut Scope<'_>, place: &Place<'_>) -> Handle {
    use certificatemanager::certificate::DomainValidationOption;
    let names = place.names();
    let hosts = [names.public_host(), names.region_host(place.region)];
    let proofs = hosts.clone().map(|host| {
        DomainValidationOption::new().domain_name(host).hosted_zone_id(place.parameter(key::HOSTED_ZONE))
    });
    root.add(
        "Certificate",
        certificatemanager::Certificate::new(hosts[0].clone())
            .subject_alternative_names([hosts[1].clone()])
            .validation_method("DNS")
            .domain_validation_options(proofs),
    )
}

fn domain(scope: &mut Scope<'_>, host: &str, certificate: &Handle, api: &Handle, stage: &Handle) -> Handle {
    let endpoint = apigateway::domain_name::EndpointConfiguration::new().types(["REGIONAL"]);
    let domain = scope.add(
        "Domain",
        apigateway::DomainName::new()
            .domain_name(host)
            .regional_certificate_arn(certificate.reference())
            .security_policy("TLS_1_2")
            .endpoint_configuration(endpoint),
    );
    scope.add(
        "Mapping",
        apigateway::BasePathMapping::new(domain.reference())
            .rest_api_id(api.reference())
            .stage(stage.reference()),
    );
    domain
}

/// The name that always means this region.
fn region_record(root: &mut Scope<'_>, place: &Place<'_>, domain: &Handle) {
    let target = route53::record_set::AliasTarget::new(
        domain.attribute("RegionalDomainName"),
        domain.attribute("RegionalHostedZoneId"),
    );
    root.add(
        "RegionRecord",
        route53::RecordSet::new(format!("{}.", place.names().region_host(place.region)), "A")
            .hosted_zone_id(place.parameter(key::HOSTED_ZONE))
            .alias_target(target.evaluate_target_health(false)),
    );
}
