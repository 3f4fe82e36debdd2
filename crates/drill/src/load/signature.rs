//! A client's signature: for one region when it knows which it asks, for both under the name that moves.
//!
//! The emulator only looks whether there is one. That it is good is what `services` shows for its own.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningParams, SigningSettings, sign};
use aws_sigv4::sign::{v4, v4a};
use bytes::Bytes;
use http::Request;
use recovery::Region;

/// What API Gateway calls itself in a signature.
const SERVICE: &str = "execute-api";

/// Who the clients of a drill are.
pub(super) struct Signature(Credentials);

impl Signature {
    pub(super) fn new() -> Self {
        Self(Credentials::new("drill", "drill", None, None, "drill"))
    }

    /// Signs for `regions`; `None` when the request has no form that can be signed.
    pub(super) fn put(&self, request: &mut Request<Bytes>, regions: &[Region]) -> Option<()> {
        let set = regions.iter().map(Region::as_str).collect::<Vec<_>>().join(",");
        let (identity, now) = (self.0.clone().into(), SystemTime::now());
        let settings = SigningSettings::default();
        let params: SigningParams<'_> = if regions.len() == 1 {
            let params = v4::SigningParams::builder().identity(&identity).region(&set).name(SERVICE);
            params.time(now).settings(settings).build().ok()?.into()
        } else {
            let params = v4a::SigningParams::builder().identity(&identity).region_set(&set).name(SERVICE);
            params.time(now).settings(settings).build().ok()?.into()
        };
        let instructions = {
            let header = |name: &'static str| Some((name, request.headers().get(name)?.to_str().ok()?));
            let headers = ["host", "content-type"].map(header);
            let body = SignableBody::Bytes(request.body());
            let (method, uri) = (request.method().as_str(), request.uri().to_string());
            let signable = SignableRequest::new(method, uri, headers.into_iter().flatten(), body).ok()?;
            sign(signable, &params).ok()?.into_parts().0
        };
        instructions.apply_to_request_http1x(request);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    // Goal: each client signs for the regions that its name may lead to. Method: look at the headers.
    use http::header::{CONTENT_TYPE, HOST};

    use super::*;

    fn signed(regions: &[&str]) -> Request<Bytes> {
        let regions: Vec<Region> =
            regions.iter().map(|name| Region::new(*name).expect("a region name")).collect();
        let mut request = Request::post("http://127.0.0.1/orders")
            .header(HOST, "orders.trading.example:8080")
            .header(CONTENT_TYPE, "application/json")
            .body(Bytes::from_static(b"{}"))
            .expect("a request");
        Signature::new().put(&mut request, &regions).expect("it can be signed");
        request
    }

    fn text<'r>(request: &'r Request<Bytes>, name: &str) -> &'r str {
        request.headers()[name].to_str().expect("text")
    }

    #[test]
    fn a_region_s_own_name_is_signed_for_that_region() {
        let request = signed(&["us-east-2"]);
        let authorization = text(&request, "authorization");
        assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=drill/"), "{authorization}");
        assert!(authorization.contains("/us-east-2/execute-api/aws4_request"), "{authorization}");
        assert!(authorization.contains("SignedHeaders=content-type;host;x-amz-date"), "{authorization}");
        assert!(request.headers().get("x-amz-region-set").is_none());
    }

    #[test]
    fn the_name_that_moves_is_signed_for_both() {
        let request = signed(&["us-east-1", "us-east-2"]);
        let authorization = text(&request, "authorization");
        assert!(authorization.starts_with("AWS4-ECDSA-P256-SHA256 Credential=drill/"), "{authorization}");
        assert!(authorization.contains("/execute-api/aws4_request"), "{authorization}");
        assert_eq!(text(&request, "x-amz-region-set"), "us-east-1,us-east-2");
    }
}
