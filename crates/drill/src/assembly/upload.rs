//! Puts files into the emulator's buckets.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::AssemblyError;

/// A client for the object interface of the emulator.
#[derive(Debug, Clone)]
pub(super) struct Uploader {
    endpoint: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Uploader {
    pub(super) fn new(endpoint: &str) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { endpoint: endpoint.to_owned(), client }
    }

    /// The URL of an object, as a template URL.
    pub(super) fn url(&self, bucket: &str, key: &str) -> String {
        format!("{}/{bucket}/{key}", self.endpoint)
    }

    /// Puts one object into a bucket of the region.
    pub(super) async fn put(
        &self,
        region: &str,
        bucket: &str,
        key: &str,
        body: Vec<u8>,
    ) -> Result<(), AssemblyError> {
        let failed = |reason: String| AssemblyError::Upload { what: format!("{bucket}/{key}"), reason };
        // The emulator reads the region out of the scope and checks no signature.
        let scope = format!("drill/20000101/{region}/s3/aws4_request");
        let authorization =
            format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={}", "0".repeat(64));
        let request = http::Request::put(self.url(bucket, key))
            .header(http::header::AUTHORIZATION, authorization)
            .header("x-amz-date", "20000101T000000Z")
            .header("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| failed(error.to_string()))?;
        let response = self.client.request(request).await.map_err(|error| failed(error.to_string()))?;
        let status = response.status();
        let text =
            response.into_body().collect().await.map_err(|error| failed(error.to_string()))?.to_bytes();
        if status.is_success() {
            return Ok(());
        }
        Err(failed(format!("{status} {}", String::from_utf8_lossy(&text))))
    }
}
