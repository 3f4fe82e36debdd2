//! Stands before the emulator and shows a test every call, to be answered by it or passed on.

use std::sync::LazyLock;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::support;

static CLIENT: LazyLock<Client<HttpConnector, Body>> =
    LazyLock::new(|| Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http());

/// One call, and how it is signed.
pub struct Call {
    pub parts: Parts,
    pub body: String,
    pub region: String,
    pub service: String,
}

impl Call {
    async fn read(request: Request) -> Self {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, 1 << 20).await.expect("calls are small");
        // AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, …
        let scope = parts.headers.get("authorization").and_then(|value| value.to_str().ok());
        let mut scope = scope.unwrap_or_default().split('/').skip(2).map(str::to_owned);
        let (region, service) = (scope.next().unwrap_or_default(), scope.next().unwrap_or_default());
        Self { body: String::from_utf8_lossy(&body).into_owned(), region, service, parts }
    }

    /// The name of the operation, where the protocol has one in a header.
    pub fn target(&self) -> &str {
        let target = self.parts.headers.get("x-amz-target").and_then(|value| value.to_str().ok());
        target.unwrap_or_default().rsplit('.').next().unwrap_or_default()
    }

    /// What the emulator says.
    pub async fn pass_on(self) -> Response {
        let path = self.parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let upstream = support::emulator().await;
        let mut on = Request::builder().method(self.parts.method).uri(format!("{upstream}{path}"));
        for (name, value) in self.parts.headers.iter().filter(|(name, _)| *name != "host") {
            on = on.header(name, value);
        }
        let on = on.body(Body::from(self.body)).expect("it was a request");
        CLIENT.request(on).await.expect("the emulator answers").into_response()
    }
}

/// Opens one that answers so; its URL.
pub async fn open<A, F>(answer: A) -> String
where
    A: Fn(Call) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response> + Send,
{
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("a bound port"));
    let answer = move |request: Request| {
        let answer = answer.clone();
        async move { answer(Call::read(request).await).await }
    };
    let router = Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// The text of an answer.
pub async fn text(answer: Response) -> String {
    let body = to_bytes(answer.into_body(), 1 << 20).await.expect("answers are small");
    String::from_utf8_lossy(&body).into_owned()
}
