//! Signed calls to services of which we need one call each, and not a client of their own.

use std::time::Duration;

use aws_config::SdkConfig;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, header};
use http_body_util::Full;
use recovery::Region;

use crate::aws::{CallFailed, cause};
use crate::probe::{Answer, ProbeError, Prober, Signer};

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
    pub(crate) region: Region,
    /// From the first slash on.
    pub(crate) path: String,
    /// A form to post; `None`: the path is read.
    pub(crate) form: Option<String>,
}

/// Makes such calls.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    signer: Signer,
    prober: Prober,
    /// Where the configuration leads all calls, if it does.
    endpoint: Option<String>,
}

impl Caller {
    /// Asks nobody yet.
    pub(crate) fn new(aws: &SdkConfig) -> Result<Self, ProbeError> {
        Ok(Self {
            signer: Signer::new(aws)?,
            // The names of AWS, which a drill's resolver does not know.
            prober: Prober::new(None)?,
            endpoint: aws.endpoint_url().map(str::to_owned),
        })
    }

    /// Waits for an answer for so long, instead of a few seconds.
    #[must_use]
    pub(crate) fn patient(mut self, limit: Duration) -> Self {
        self.prober = self.prober.with_total_timeout(limit);
        self
    }

    /// Signs, sends, and returns the body of a good answer.
    pub(crate) async fn send(&self, call: &Call) -> Result<Bytes, CallFailed> {
        let method = if call.form.is_some() { Method::POST } else { Method::GET };
        self.send_as(method, call).await
    }

    /// The same for a call that removes what its path names.
    pub(crate) async fn remove(&self, call: &Call) -> Result<Bytes, CallFailed> {
        self.send_as(Method::DELETE, call).await
    }

    async fn send_as(&self, method: Method, call: &Call) -> Result<Bytes, CallFailed> {
        let unreadable = |what: String| CallFailed::unreadable(call.name, what);
        let mut answer = self.prober.send(self.signed(&method, call).await?).await;
        if answer.as_ref().map_or(true, |answer| is_too_much(answer.status, &answer.body)) {
            tokio::time::sleep(PAUSE).await;
            answer = self.prober.send(self.signed(&method, call).await?).await;
        }
        match answer {
            Ok(Answer { status: 200..300, body }) => Ok(body),
            Ok(Answer { status, body }) => {
                let said: String = String::from_utf8_lossy(&body).chars().take(200).collect();
                let (source, reason) = (unreadable(said).source, format!("status {status}"));
                Err(CallFailed { call: call.name, reason, refused: true, source })
            }
            Err(error) => Err(CallFailed {
                call: call.name,
                reason: cause(&error),
                refused: false,
                source: Box::new(error),
            }),
        }
    }

    async fn signed(&self, method: &Method, call: &Call) -> Result<Request<Full<Bytes>>, CallFailed> {
        let unfit = |what: String| CallFailed {
            call: call.name,
            reason: "not signed".to_owned(),
            refused: false,
            source: what.into(),
        };
        let base = self.endpoint.as_deref().unwrap_or(&call.endpoint);
        let url = format!("{}{}", base.trim_end_matches('/'), call.path);
        let mut request = Request::builder()
            .method(method)
            .uri(&url)
            .header(header::CONNECTION, "close")
            .body(Bytes::from(call.form.clone().unwrap_or_default()))
            .map_err(|error| unfit(cause(&error)))?;
        if call.form.is_some() {
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            request.headers_mut().insert(header::CONTENT_TYPE, form);
        }
        let regions = std::slice::from_ref(&call.region);
        let signed = self.signer.sign(&mut request, call.service, regions).await;
        signed.map_err(|error| unfit(cause(&error)))?;
        Ok(request.map(Full::new))
    }
}

/// Too much at once, or an error of the service. IAM says the former with a status of 400.
///
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html>
fn is_too_much(status: u16, body: &[u8]) -> bool {
    status >= 429 || (status == 400 && String::from_utf8_lossy(body).contains("Throttling"))
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
