//! Signs requests to a service of AWS, such as the API's authorisation asks, for one region or for both.
//!
//! A signature of version 4 is good in one region. A name that moves between regions needs one that is
//! good in both: version 4A signs with a key pair made from the secret and names its regions in a header.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>

use std::error::Error;

use aws_config::SdkConfig;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_sigv4::http_request::{self, SignableBody, SignableRequest, SigningParams, SigningSettings};
use aws_sigv4::sign::{v4, v4a};
use http::header::HOST;
use http::{HeaderValue, Request};
use recovery::Region;

use crate::clock;

/// What API Gateway calls itself in a signature.
pub const API: &str = "execute-api";

/// Why a request is not signed.
#[derive(Debug, thiserror::Error)]
#[error("the request cannot be signed")]
pub struct NotSigned(#[source] Box<dyn Error + Send + Sync>);

/// Signs with the credentials of this function's role.
#[derive(Clone, Debug)]
pub struct Signer {
    credentials: SharedCredentialsProvider,
}

impl Signer {
    /// Reads no credentials yet.
    ///
    /// # Errors
    /// When `aws` has nothing that gives credentials.
    pub fn new(aws: &SdkConfig) -> Result<Self, NotSigned> {
        let credentials = aws.credentials_provider();
        Ok(Self {
            credentials: credentials.ok_or_else(|| NotSigned("no credentials are configured".into()))?,
        })
    }

    /// Signs for a service, as signatures name it, in `regions`: in one by version 4, in several by 4A.
    ///
    /// Only what nobody on the way changes is signed: method, path, host, content type and body.
    ///
    /// # Errors
    /// Without a host or a region, or when there are no credentials.
    pub async fn sign<B: AsRef<[u8]>>(
        &self,
        request: &mut Request<B>,
        service: &str,
        regions: &[Region],
    ) -> Result<(), NotSigned> {
        let failed = |error: Box<dyn Error + Send + Sync>| NotSigned(error);
        if regions.is_empty() {
            return Err(failed("no region is named".into()));
        }
        let host = request.uri().authority().ok_or_else(|| failed("the URL names no host".into()))?;
        let host = HeaderValue::from_str(host.as_str()).map_err(|error| failed(error.into()))?;
        request.headers_mut().insert(HOST, host);
        let identity = self.credentials.provide_credentials().await.map_err(|error| failed(error.into()))?;
        let identity = identity.into();
        let set = regions.iter().map(Region::as_str).collect::<Vec<_>>().join(",");
        let (settings, now) = (SigningSettings::default(), clock::now());
        let params: SigningParams<'_> = if regions.len() == 1 {
            let params = v4::SigningParams::builder().identity(&identity).region(&set).name(service);
            params.time(now).settings(settings).build().map_err(|error| failed(error.into()))?.into()
        } else {
            let params = v4a::SigningParams::builder().identity(&identity).region_set(&set).name(service);
            params.time(now).settings(settings).build().map_err(|error| failed(error.into()))?.into()
        };
        let instructions = {
            let header = |name: &'static str| Some((name, request.headers().get(name)?.to_str().ok()?));
            let headers = ["host", "content-type"].into_iter().filter_map(header);
            let (method, uri) = (request.method().as_str(), request.uri().to_string());
            let body = SignableBody::Bytes(request.body().as_ref());
            let signable = SignableRequest::new(method, uri, headers, body);
            let signable = signable.map_err(|error| failed(error.into()))?;
            http_request::sign(signable, &params).map_err(|error| failed(error.into()))?.into_parts().0
        };
        instructions.apply_to_request_http1x(request);
        Ok(())
    }
}
