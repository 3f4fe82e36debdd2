//! A small HTTP client that looks at a region as its callers do: through DNS, on
//! a fresh connection each time, and never longer or larger than its limits.

mod dns;
mod signer;
pub mod synthetic;

use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use dns::Dns;
use recovery::Region;
pub use signer::{API, NotSigned, Signer};

/// Longest time to a connection.
pub const CONNECT_TIMEOUT: Duration = Duration::from_millis(1500);
/// Longest time to a whole answer.
pub const TOTAL_TIMEOUT: Duration = Duration::from_secs(4);
/// Largest body that is read, in bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// An answer, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The whole body, at most [`BODY_BYTES_MAX`] bytes.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The URL or host cannot be asked at all.
    #[error("`{0}` is not a URL that can be asked")]
    Url(String),
    /// The host has no address.
    #[error("`{host}` does not resolve")]
    Resolve {
        /// Name that was looked up.
        host: String,
        /// What the resolver said.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// It could not be signed.
    #[error(transparent)]
    NotSigned(#[from] NotSigned),
    /// Nobody answered, or the connection broke.
    #[error("no answer{}", cause(.0.as_ref()))]
    Unanswered(#[source] Box<dyn Error + Send + Sync>),
    /// The answer was not complete in time.
    #[error("no complete answer in {} ms", .0.as_millis())]
    TimedOut(Duration),
}

impl ProbeError {
    /// Whether nothing came back, so that how it stands there is not known.
    pub fn is_unanswered(&self) -> bool {
        matches!(self, Self::Unanswered(_) | Self::TimedOut(_))
    }
}

/// The innermost cause, which is the one that tells a refusal from a reset.
fn cause(error: &(dyn Error + Send + Sync + 'static)) -> String {
    let mut innermost: &dyn Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    format!(": {innermost}")
}

/// Asks other services over HTTP/1, with TLS for `https`.
#[derive(Clone, Debug)]
pub struct Prober {
    client: Client<HttpsConnector<HttpConnector<Dns>>, Full<Bytes>>,
    dns: Dns,
    total: Duration,
}

impl Prober {
    /// `resolver` is asked for every name; without one, the system's own is.
    pub fn new(resolver: Option<SocketAddr>) -> Result<Self, ProbeError> {
        let dns = Dns::new(resolver)?;
        let mut http = HttpConnector::new_with_resolver(dns.clone());
        http.enforce_http(false);
        http.set_connect_timeout(Some(CONNECT_TIMEOUT));
        http.set_nodelay(true);
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(tls_config()?)
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        // No connection is kept: each question has to find its way anew.
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(https);
        Ok(Self { client, dns, total: TOTAL_TIMEOUT })
    }

    /// The same client with another limit on the time to a whole answer.
    #[must_use]
    pub fn with_total_timeout(mut self, total: Duration) -> Self {
        self.total = total;
        self
    }

    /// Asks for `url`, unsigned.
    pub async fn get(&self, url: &str) -> Result<Answer, ProbeError> {
        self.send(request(Method::GET, url, Bytes::new())?.map(Full::new)).await
    }

    /// Sends a request with a JSON body, unsigned.
    pub async fn send_unsigned(
        &self,
        method: Method,
        url: &str,
        body: impl Into<Bytes>,
    ) -> Result<Answer, ProbeError> {
        self.send(request(method, url, body.into())?.map(Full::new)).await
    }

    /// Sends a request of the API with a JSON body, signed for `regions`.
    pub async fn send_signed(
        &self,
        signer: &Signer,
        regions: &[Region],
        method: Method,
        url: &str,
        body: impl Into<Bytes>,
    ) -> Result<Answer, ProbeError> {
        let mut request = request(method, url, body.into())?;
        self.within_total(async {
            signer.sign(&mut request, API, regions).await?;
            self.ask(request.map(Full::new)).await
        })
        .await
    }

    /// Puts a body to `url` without saying what it is, as a URL that was signed so wants it.
    pub async fn put(&self, url: &str, body: impl Into<Bytes>) -> Result<Answer, ProbeError> {
        let mut request = request(Method::PUT, url, body.into())?;
        request.headers_mut().remove(header::CONTENT_TYPE);
        self.send(request.map(Full::new)).await
    }

    /// Every address that `host` has now, sorted; aliases are followed.
    pub async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, ProbeError> {
        let found = tokio::time::timeout(self.total, self.dns.resolve(host));
        let mut addresses: Vec<IpAddr> = found
            .await
            .map_err(|_| ProbeError::TimedOut(self.total))?
            .map_err(|source| ProbeError::Resolve { host: host.to_owned(), source })?
            .into_iter()
            .map(|address| address.ip())
            .collect();
        addresses.sort();
        addresses.dedup();
        Ok(addresses)
    }

    /// Sends a request that is complete in every header.
    pub async fn send(&self, request: Request<Full<Bytes>>) -> Result<Answer, ProbeError> {
        if request.uri().host().is_none() {
            return Err(ProbeError::Url(request.uri().to_string()));
        }
        self.within_total(self.ask(request)).await
    }

    async fn within_total(
        &self,
        answer: impl Future<Output = Result<Answer, ProbeError>>,
    ) -> Result<Answer, ProbeError> {
        tokio::time::timeout(self.total, answer).await.unwrap_or(Err(ProbeError::TimedOut(self.total)))
    }

    async fn ask(&self, request: Request<Full<Bytes>>) -> Result<Answer, ProbeError> {
        let response = self.client.request(request).await.map_err(|e| ProbeError::Unanswered(Box::new(e)))?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), BODY_BYTES_MAX).collect();
        let body = body.await.map_err(ProbeError::Unanswered)?.to_bytes();
        Ok(Answer { status, body })
    }
}

fn request(method: Method, url: &str, body: Bytes) -> Result<Request<Bytes>, ProbeError> {
    let mut request = Request::builder().method(method).uri(url);
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONNECTION, "close"),
        (header::USER_AGENT, concat!("standfast/", env!("CARGO_PKG_VERSION"))),
    ];
    for (name, value) in headers as [(HeaderName, &str); 3] {
        request = request.header(name, HeaderValue::from_static(value));
    }
    let request = request.body(body).map_err(|_| ProbeError::Url(url.to_owned()))?;
    if request.uri().host().is_none() {
        return Err(ProbeError::Url(url.to_owned()));
    }
    Ok(request)
}

/// The system's authorities; where it has none, `https` cannot be asked and `http` can.
fn tls_config() -> Result<rustls::ClientConfig, ProbeError> {
    use hyper_rustls::ConfigBuilderExt;
    let builder = || {
        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| ProbeError::Unanswered(Box::new(error)))
    };
    match builder()?.with_native_roots() {
        Ok(roots) => Ok(roots.with_no_client_auth()),
        Err(error) => {
            tracing::info!(%error, "the system names no certificate authorities: https cannot be probed");
            Ok(builder()?.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
        }
    }
}

#[cfg(test)]
mod tests {
    //! Goal: a prober always comes back, with an answer or a reason, whatever the other side does.
    //! Method: a loopback server that answers, says too much, or says nothing.

    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// Serves one connection: writes `answer`, then keeps the connection open if asked to.
    async fn server(answer: Vec<u8>, hang: bool) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut request = [0; 2048];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(&answer).await;
            if hang {
                std::future::pending::<()>().await;
            }
        });
        address
    }

    #[tokio::test]
    async fn an_answer_is_returned_whatever_its_status() {
        let address = server(b"HTTP/1.1 503 Busy\r\ncontent-length: 4\r\n\r\nbusy".to_vec(), false).await;
        let prober = Prober::new(None).expect("a prober");
        let answer = prober.get(&format!("http://{address}/health/serving")).await.expect("an answer");
        assert_eq!((answer.status, answer.body.as_ref()), (503, b"busy".as_ref()));
    }

    #[tokio::test]
    async fn silence_and_floods_end_within_the_limits() {
        let silent = server(Vec::new(), true).await;
        let prober = Prober::new(None).expect("a prober").with_total_timeout(Duration::from_millis(200));
        let error = prober.get(&format!("http://{silent}/")).await.expect_err("nobody answers");
        assert!(matches!(error, ProbeError::TimedOut(_)), "{error}");

        let mut flood = b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n".to_vec();
        flood.resize(flood.len() + 100_000, b'x');
        let flooding = server(flood, false).await;
        let prober = Prober::new(None).expect("a prober");
        let error = prober.get(&format!("http://{flooding}/")).await.expect_err("the body is too large");
        assert!(matches!(error, ProbeError::Unanswered(_)), "{error}");
    }

    #[tokio::test]
    async fn a_refusal_and_a_malformed_url_say_so() {
        let prober = Prober::new(None).expect("a prober");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        drop(listener);
        let error = prober.get(&format!("http://{address}/")).await.expect_err("nobody listens");
        assert!(error.to_string().contains("refused"), "{error}");
        for url in ["", "/orders", "http://", "no url"] {
            let error = prober.get(url).await.expect_err("no URL");
            assert!(matches!(error, ProbeError::Url(_)), "{url}: {error}");
        }
    }
}
