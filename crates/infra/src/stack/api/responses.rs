//! What API Gateway itself answers, in the shape of the API: `{"error": "…"}` with a word that never changes.

use cdk::{Handle, Scope};
use cfn::apigateway::GatewayResponse;

/// Seconds after which a client that was throttled should try again.
const RETRY_AFTER_S: &str = "'1'";

/// One answer: API Gateway's type, status, our word, and whether it says why. `None`: the status that it
/// has anyway. An answer without a reason tells the caller nothing of what lies behind the API.
///
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html>
pub(super) const ANSWERS: [(&str, Option<&str>, &str, bool); 12] = [
    ("ACCESS_DENIED", Some("403"), "access_denied", true),
    ("BAD_REQUEST_BODY", Some("400"), "invalid_body", true),
    ("BAD_REQUEST_PARAMETERS", Some("400"), "invalid_parameters", true),
    ("DEFAULT_4XX", None, "refused", true),
    ("DEFAULT_5XX", None, "unavailable", false),
    ("EXPIRED_TOKEN", Some("403"), "expired_credentials", true),
    ("INVALID_SIGNATURE", Some("403"), "invalid_signature", true),
    // Also for a path that does not exist.
    ("MISSING_AUTHENTICATION_TOKEN", Some("403"), "not_signed", true),
    ("REQUEST_TOO_LARGE", Some("413"), "body_too_large", false),
    ("THROTTLED", Some("429"), "too_many_requests", false),
    ("UNSUPPORTED_MEDIA_TYPE", Some("415"), "unsupported_media_type", false),
    ("WAF_FILTERED", Some("403"), "filtered", false),
];

/// The body of one answer. `messageString` comes quoted from API Gateway; the longer
/// `validationErrorString` does not, and its own quotes would break the JSON.
fn template(word: &str, says_why: bool) -> String {
    if says_why {
        format!("{{\"error\":\"{word}\",\"reason\":$context.error.messageString}}")
    } else {
        format!("{{\"error\":\"{word}\"}}")
    }
}

/// Adds every answer.
pub(super) fn new(root: &mut Scope<'_>, api: &Handle) -> Vec<Handle> {
    let mut scope = root.scope("Answers");
    let add = |(kind, status, word, says_why): (&str, Option<&str>, &str, bool)| {
        let mut answer = GatewayResponse::new(kind, api.reference())
            .response_templates([("application/json", template(word, says_why))]);
        if let Some(status) = status {
            answer = answer.status_code(status);
        }
        if matches!(kind, "THROTTLED" | "DEFAULT_5XX") {
            answer = answer.response_parameters([("gatewayresponse.header.Retry-After", RETRY_AFTER_S)]);
        }
        scope.add(word, answer)
    };
    ANSWERS.into_iter().map(add).collect()
}
