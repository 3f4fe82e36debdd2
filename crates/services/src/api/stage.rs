//! The one thing about API Gateway that the router must not see.

use axum::http::Uri;
use axum::http::uri::PathAndQuery;
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt};

/// Takes the stage's name off the path, which `lambda_http` puts in front of it for a REST API even
/// when the caller came through a custom domain and never wrote it.
pub fn without_stage(mut request: Request) -> Request {
    let stage = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV1(context)) => context.stage.clone(),
        _ => None,
    };
    if let Some(uri) = stage.and_then(|stage| strip(request.uri(), &stage)) {
        *request.uri_mut() = uri;
    }
    request
}

/// `None` when the path does not begin with the stage.
fn strip(uri: &Uri, stage: &str) -> Option<Uri> {
    let rest = uri.path_and_query()?.as_str().strip_prefix('/')?.strip_prefix(stage)?;
    let rest = if rest.starts_with('/') { rest } else { return None };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(rest).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    //! Goal: the router sees the path its caller wrote, through a custom domain or the API's own
    //! address. Method: convert events as API Gateway sends them.

    use lambda_http::request::from_str;

    use super::*;

    fn path_of(path: &str, stage: &str, query: &str) -> String {
        let event = format!(
            r#"{{"resource": "/{{proxy+}}", "path": "{path}", "httpMethod": "GET",
                "headers": {{"Host": "orders.trading.example"}}, "multiValueHeaders": {{}},
                "queryStringParameters": {query}, "multiValueQueryStringParameters": null,
                "requestContext": {{"stage": "{stage}", "path": "/{stage}{path}", "httpMethod": "GET",
                    "resourcePath": "/{{proxy+}}", "apiId": "a", "accountId": "0", "requestId": "r",
                    "resourceId": "x", "identity": {{"sourceIp": "127.0.0.1"}}, "authorizer": null}},
                "body": null, "isBase64Encoded": false}}"#
        );
        let request = from_str(&event).expect("an API Gateway event");
        without_stage(request).uri().path_and_query().expect("a path").to_string()
    }

    #[test]
    fn the_stage_is_gone() {
        assert_eq!(path_of("/orders", "live", "null"), "/orders");
        assert_eq!(path_of("/health/live", "live", "null"), "/health/live");
        assert_eq!(path_of("/orders/1", "live", r#"{"verbose": "yes"}"#), "/orders/1?verbose=yes");
    }

    #[test]
    fn a_path_that_only_looks_like_the_stage_stays() {
        assert_eq!(path_of("/lively", "live", "null"), "/lively");
        assert_eq!(strip(&Uri::from_static("http://host/lively"), "live"), None);
    }
}
