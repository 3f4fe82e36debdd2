//! What AWS says when it refuses a call, in the words that an SDK understands.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::upstream::{Answer, plain};

/// How far the time in a signature may be off.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html>
const SIGNATURE_SKEW_MAX: Duration = Duration::from_secs(5 * 60);
/// Services that answer in XML, by their names in signatures.
const IN_XML: [&str; 5] = ["rds", "route53", "s3", "sns", "sts"];

/// A refusal, before it is put into a protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Refusal {
    /// The service cannot be used now.
    pub(super) fn unavailable() -> Self {
        let message = "The service is temporarily unavailable.".to_owned();
        Self { status: StatusCode::SERVICE_UNAVAILABLE, code: "ServiceUnavailable", message }
    }

    /// As a service of AWS words it.
    pub(super) fn of_service(&self, service: &str) -> Answer {
        if IN_XML.contains(&service) {
            let (code, message) = (self.code, &self.message);
            let error = format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
                 <RequestId>drill</RequestId></ErrorResponse>"
            );
            let mut answer = plain(self.status, error);
            answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml"));
            return answer;
        }
        const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
        let body = serde_json::json!({"__type": self.code, "message": self.message});
        let mut answer = plain(self.status, body.to_string());
        answer.headers_mut().insert(ERROR_TYPE, HeaderValue::from_static(self.code));
        answer
    }

    /// As API Gateway words it.
    pub(super) fn of_api(&self) -> Answer {
        plain(self.status, serde_json::json!({"message": self.message}).to_string())
    }
}

/// Why a signed request is refused at `now`, if the clock of who signed it is too far off. A request without
/// the time of a signature is none of ours to refuse.
pub(super) fn skewed(headers: &HeaderMap, now: SystemTime) -> Option<Refusal> {
    let text = headers.get("x-amz-date")?.to_str().ok()?;
    let (signed_s, now_s) = (seconds(text)?, now.duration_since(UNIX_EPOCH).ok()?.as_secs());
    if signed_s.abs_diff(now_s) <= SIGNATURE_SKEW_MAX.as_secs() {
        return None;
    }
    let relation = if signed_s > now_s { "not yet current" } else { "expired" };
    let message = format!("Signature {relation}: {text} is more than 5 min. off");
    Some(Refusal { status: StatusCode::FORBIDDEN, code: "InvalidSignatureException", message })
}

/// Seconds since the Unix epoch of a time such as `20261120T100000Z`.
fn seconds(text: &str) -> Option<u64> {
    use aws_sdk_dynamodb::primitives::{DateTime, DateTimeFormat};
    if text.len() != 16 || !text.is_ascii() {
        return None;
    }
    let (date, time) = text.split_once('T')?;
    let long = format!(
        "{}-{}-{}T{}:{}:{}Z",
        date.get(..4)?,
        date.get(4..6)?,
        date.get(6..8)?,
        time.get(..2)?,
        time.get(2..4)?,
        time.get(4..6)?
    );
    u64::try_from(DateTime::from_str(&long, DateTimeFormat::DateTime).ok()?.secs()).ok()
}

#[cfg(test)]
mod tests {
    // Goal: a signature is refused exactly when its time is more than five minutes off, and what is no
    // time is no reason. Method: a request signed at 10:00, at chosen times.
    use super::*;

    const TEN: u64 = 1_795_168_800; // 2026-11-20T10:00:00Z

    fn at(signed: &str, now_s: u64) -> Option<Refusal> {
        let mut headers = HeaderMap::new();
        headers.insert("x-amz-date", HeaderValue::from_str(signed).expect("text"));
        skewed(&headers, UNIX_EPOCH + Duration::from_secs(now_s))
    }

    #[test]
    fn a_signature_holds_for_five_minutes_either_way() {
        for now_s in [TEN - 300, TEN, TEN + 300] {
            assert_eq!(at("20261120T100000Z", now_s), None);
        }
        let early = at("20261120T100000Z", TEN - 301).expect("it is not yet current");
        assert!(early.message.contains("not yet current"), "{}", early.message);
        assert!(at("20261120T100000Z", TEN + 301).expect("it is old").message.contains("expired"));
        for text in ["", "20261120", "20261120T100000", "2026112ÖT100000Z", "20261399T100000Z"] {
            if let Ok(value) = HeaderValue::from_str(text) {
                let mut headers = HeaderMap::new();
                headers.insert("x-amz-date", value);
                assert_eq!(skewed(&headers, UNIX_EPOCH), None, "{text}");
            }
        }
    }

    #[tokio::test]
    async fn each_protocol_has_its_words() {
        use http_body_util::BodyExt as _;
        let words = async |service| {
            let body = Refusal::unavailable().of_service(service).into_body();
            String::from_utf8_lossy(&body.collect().await.expect("it is whole").to_bytes()).into_owned()
        };
        assert!(words("route53").await.contains("<Code>ServiceUnavailable</Code>"));
        assert!(words("dynamodb").await.contains("\"__type\":\"ServiceUnavailable\""));
    }
}
