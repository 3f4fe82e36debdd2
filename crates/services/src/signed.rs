//! Signed calls to services of which we need one call each, and not a client of their own.

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, header};
use http_body_util::Full;

use crate::aws::{CallFailed, cause};
use crate::probe::{Answer, Prober};

/// Pause before the only repetition, if nobody answered or too much was asked at once.
const PAUSE: Duration = Duration::from_millis(300);

/// One call: what is asked of whom.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// Its name in errors, such as `iam:SimulatePrincipalPolicy`.
    pub(crate) name: &'static str,
    /// Where the service is, unless the configuration leads all calls elsewhere.
    pub(crate) endpoint: String,
    /// The service as signatures name it.
    pub(crate) service: &'static str,
    /// The region as signatures name it.
    pub(crate) region: String,
    /// From the first slash on.
    pub(crate) path: String,
    /// A form to post; `None`: the path is read.
    pub(crate) form: Option<String>,
}

/// Signs, sends, and returns the body of a good answer.
pub(crate) async fn send(aws: &SdkConfig, prober: &Prober, call: &Call) -> Result<Bytes, CallFailed> {
    let method = if call.form.is_some() { Method::POST } else { Method::GET };
    send_as(method, aws, prober, call).await
}

/// The same for a call that removes what its path names.
pub(crate) async fn remove(aws: &SdkConfig, prober: &Prober, call: &Call) -> Result<Bytes, CallFailed> {
    send_as(Method::DELETE, aws, prober, call).await
}

async fn send_as(method: Method, aws: &SdkConfig, prober: &Prober, call: &Call) -> Result<Bytes, CallFailed> {
    let unreadable = |what: String| CallFailed::unreadable(call.name, what);
    let mut answer = prober.send(signed(&method, aws, call).await?).await;
    if answer.as_ref().map_or(true, |answer| is_too_much(answer.status, &answer.body)) {
        tokio::time::sleep(PAUSE).await;
        answer = prober.send(signed(&method, aws, call).await?).await;
    }
    match answer {
        Ok(Answer { status: 200..300, body }) => Ok(body),
        Ok(Answer { status, body }) => {
            let said: String = String::from_utf8_lossy(&body).chars().take(200).collect();
            let (source, reason) = (unreadable(said).source, format!("status {status}"));
            Err(CallFailed { call: call.name, reason, source })
        }
        Err(error) => Err(CallFailed { call: call.name, reason: cause(&error), source: Box::new(error) }),
    }
}

/// Too much at once, or an error of the service. IAM says the former with a status of 400.
///
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html>
fn is_too_much(status: u16, body: &[u8]) -> bool {
    status >= 429 || (status == 400 && String::from_utf8_lossy(body).contains("Throttling"))
}

async fn signed(method: &Method, aws: &SdkConfig, call: &Call) -> Result<Request<Full<Bytes>>, CallFailed> {
    let unfit =
        |what: String| CallFailed { call: call.name, reason: "not signed".to_owned(), source: what.into() };
    let provider = aws.credentials_provider().ok_or_else(|| unfit("there are no credentials".to_owned()))?;
    let credentials = provider.provide_credentials().await.map_err(|error| unfit(cause(&error)))?;
    let identity = credentials.into();
    let base = aws.endpoint_url().unwrap_or(&call.endpoint);
    let url = format!("{}{}", base.trim_end_matches('/'), call.path);
    let body = call.form.clone().unwrap_or_default();
    let mut request = Request::builder()
        .method(method)
        .uri(&url)
        .header(header::CONNECTION, "close")
        .body(Full::new(Bytes::from(body.clone())))
        .map_err(|error| unfit(cause(&error)))?;
    let mut headers = Vec::new();
    if call.form.is_some() {
        let form = "application/x-www-form-urlencoded";
        request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(form));
        headers.push(("content-type", form));
    }
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(&call.region)
        .name(call.service)
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| unfit(cause(&error)))?
        .into();
    let signable = SignableRequest::new(
        method.as_str(),
        &url,
        headers.into_iter(),
        SignableBody::Bytes(body.as_bytes()),
    )
    .map_err(|error| unfit(cause(&error)))?;
    let signature = sign(signable, &parameters).map_err(|error| unfit(cause(&error)))?;
    let (instructions, _) = signature.into_parts();
    instructions.apply_to_request_http1x(&mut request);
    Ok(request)
}

#[cfg(test)]
mod tests {
    //! Goal: what may be well a moment later is repeated, and a refusal is not. Method: answers as AWS
    //! documents them.

    use super::*;

    #[test]
    fn throttling_is_repeated_whatever_its_status() {
        let throttled = b"<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>";
        assert!(is_too_much(400, throttled));
        assert!(is_too_much(400, br#"{"__type":"ThrottlingException"}"#));
        assert!(is_too_much(429, b"") && is_too_much(503, b""));
        let refused = b"<ErrorResponse><Error><Code>InvalidInput</Code></Error></ErrorResponse>";
        assert!(!is_too_much(400, refused) && !is_too_much(403, throttled) && !is_too_much(200, throttled));
    }
}
