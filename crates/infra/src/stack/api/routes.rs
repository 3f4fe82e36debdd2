//! Paths, methods, and what a body must look like before a function sees it.

use cdk::{Handle, Scope};
use cfn::{Json, Value, apigateway, lambda};
use recovery::request;

use super::access::{ROUTES, STAGE};
use crate::packages::ORDERS_API;
use crate::place::Place;

/// The bodies that are looked at: method, first part of its path, name of the model.
const BODIES: [(&str, &str, &str); 2] = [("POST", "orders", "Order"), ("PUT", "sessions", "Session")];

fn schema(model: &str) -> Json {
    if model == "Order" { request::order_schema() } else { request::session_schema() }
}

/// Everything of the routes that a deployment of the API takes a snapshot of.
pub(super) fn content(place: &Place<'_>) -> String {
    let schemas = BODIES.map(|(_, _, model)| schema(model).to_string());
    format!("{ROUTES:?}{BODIES:?}{schemas:?}{}", place.function_arn(ORDERS_API))
}

/// What a body is checked with.
struct Checks {
    validator: Handle,
    /// As [`BODIES`], with the model.
    models: Vec<(&'static str, &'static str, Handle)>,
}

/// Adds the paths, models and methods; gives the methods.
pub(super) fn new(root: &mut Scope<'_>, place: &Place<'_>, api: &Handle) -> Vec<Handle> {
    let mut scope = root.scope("Routes");
    let checks = checks(&mut scope, place, api);
    let mut known = Vec::new();
    let mut methods = Vec::new();
    for route in ROUTES {
        let resource = resource(&mut scope, api, &mut known, route.path);
        for verb in route.verbs {
            let mut method = method(place, api, &resource, verb, route.open);
            let model = checks.models.iter().find(|(of, first, _)| of == verb && *first == route.path[0]);
            if let Some((.., model)) = model {
                method = method
                    .request_validator_id(checks.validator.reference())
                    .request_models([("application/json", model.reference())]);
            }
            methods.push(scope.add(&format!("{}{verb}", route.id), method));
        }
    }
    methods
}

fn checks(scope: &mut Scope<'_>, place: &Place<'_>, api: &Handle) -> Checks {
    let validator = apigateway::RequestValidator::new(api.reference())
        .name(place.names().resource("validator", "bodies"))
        .validate_request_body(true);
    let validator = scope.add("Bodies", validator);
    let models = BODIES.map(|(verb, first, model)| {
        let schema = apigateway::Model::new(api.reference())
            .name(model)
            .content_type("application/json")
            .schema(schema(model));
        (verb, first, scope.add(&format!("{model}Body"), schema))
    });
    Checks { validator, models: models.into() }
}

/// The resource of a path; what of it is already there is not added again.
fn resource(
    scope: &mut Scope<'_>,
    api: &Handle,
    known: &mut Vec<(String, Handle)>,
    path: &[&str],
) -> Value<String> {
    let mut parent: Value<String> = api.attribute("RootResourceId").into();
    let mut at = String::new();
    for part in path {
        at = format!("{at}/{part}");
        let handle = known.iter().find(|(path, _)| *path == at).map(|(_, handle)| handle.clone());
        let handle = handle.unwrap_or_else(|| {
            let resource = apigateway::Resource::new(parent.clone(), *part, api.reference());
            let handle = scope.add(&at.replace('/', "-"), resource);
            known.push((at.clone(), handle.clone()));
            handle
        });
        parent = handle.reference().into();
    }
    parent
}

/// The function sees the request as it came, and answers for itself.
fn method(
    place: &Place<'_>,
    api: &Handle,
    resource: &Value<String>,
    verb: &str,
    open: bool,
) -> apigateway::Method {
    let function = place.function_arn(ORDERS_API);
    let integration = apigateway::method::Integration::new("AWS_PROXY")
        .integration_http_method("POST")
        .timeout_in_millis(10_000)
        .uri(format!(
            "arn:aws:apigateway:{}:lambda:path/2015-03-31/functions/{function}/invocations",
            place.region
        ));
    apigateway::Method::new(verb, resource, api.reference())
        .authorization_type(if open { "NONE" } else { "AWS_IAM" })
        .integration(integration)
}

/// The API, and nobody else, may invoke the function.
pub(super) fn permission(root: &mut Scope<'_>, place: &Place<'_>, api: &Handle) {
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
