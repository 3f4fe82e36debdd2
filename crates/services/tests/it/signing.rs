//! Goal: what reaches the API is signed so that AWS takes it, in the one region or in both.
//! Method: take the bytes of a request off a socket and verify them by the published steps alone, with
//! other cryptography than the signer's: HMAC and ECDSA of ring, and the public key that AWS published
//! for its example secret. <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::collections::BTreeMap;
use std::fmt::Write as _;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use http::Method;
use recovery::Region;
use ring::{digest, hmac, signature};
use services::probe::synthetic::{self, Caller, Entrance};
use services::probe::{Prober, Signer};
use services::settings::{BaseUrl, Endpoints};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::support::{home, standby};

const ACCESS_KEY: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
/// The public key of that pair, from the signing test suite of the AWS SDKs.
const PUBLIC_KEY: &str = "04\
    b6618f6a65740a99e650b33b6b4b5bd0d43b176d721a3edfea7e7d2d56d936b1\
    865ed22a7eadc9c5cb9d2cbaca1b3699139fedc5043dc6661864218330c8e518";

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Vec<u8> {
    let pair = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("two hex digits");
    (0..text.len()).step_by(2).map(pair).collect()
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes))
}

fn hmac_sha256(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

/// The key of version 4: it is good on one day, in one region, for one service.
fn key(secret: &str, date: &str, region: &str, service: &str) -> Vec<u8> {
    let first = hmac_sha256(format!("AWS4{secret}").as_bytes(), date);
    [region, service, "aws4_request"].iter().fold(first, |key, part| hmac_sha256(&key, part))
}

/// A request as it came.
struct Received {
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

/// What an `Authorization` header says.
struct Claimed {
    algorithm: String,
    scope: String,
    signed_headers: String,
    signature: String,
}

impl Received {
    /// Reads one request from the next connection and answers 201.
    async fn next(listener: &TcpListener) -> Self {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut bytes = Vec::new();
        loop {
            stream.read_buf(&mut bytes).await.expect("bytes");
            let text = String::from_utf8_lossy(&bytes);
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let mut lines = head.lines();
            let mut request = lines.next().expect("a request line").split(' ');
            let (method, path) = (request.next().expect("a method"), request.next().expect("a path"));
            let headers: BTreeMap<String, String> = lines
                .filter_map(|line| line.split_once(':'))
                .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
                .collect();
            let length: usize = headers.get("content-length").map_or(0, |n| n.parse().expect("a length"));
            if body.len() < length {
                continue;
            }
            let (method, path, body) = (method.to_owned(), path.to_owned(), body.as_bytes().to_vec());
            stream
                .write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n")
                .await
                .expect("the asker listens");
            return Self { method, path, headers, body };
        }
    }

    fn claimed(&self) -> Claimed {
        let (algorithm, fields) = self.headers["authorization"].split_once(' ').expect("an algorithm");
        let field = |name: &str| {
            let found = fields.split(", ").find_map(|field| field.strip_prefix(&format!("{name}=")));
            found.unwrap_or_else(|| panic!("no {name} in {fields}")).to_owned()
        };
        let credential = field("Credential");
        let (access_key, scope) = credential.split_once('/').expect("a scope");
        assert_eq!(access_key, ACCESS_KEY);
        Claimed {
            algorithm: algorithm.to_owned(),
            scope: scope.to_owned(),
            signed_headers: field("SignedHeaders"),
            signature: field("Signature"),
        }
    }

    /// What is signed, by the published steps; these paths need no encoding and have no query.
    fn string_to_sign(&self, claimed: &Claimed) -> String {
        let mut canonical = format!("{}\n{}\n\n", self.method, self.path);
        for name in claimed.signed_headers.split(';') {
            let _ = writeln!(canonical, "{name}:{}", self.headers[name]);
        }
        let _ = write!(canonical, "\n{}\n{}", claimed.signed_headers, sha256(&self.body));
        let date = &self.headers["x-amz-date"];
        format!("{}\n{date}\n{}\n{}", claimed.algorithm, claimed.scope, sha256(canonical.as_bytes()))
    }

    /// As a region verifies version 4.
    fn is_good_in(&self, region: &Region) -> bool {
        let claimed = self.claimed();
        let date = &self.headers["x-amz-date"][..8];
        let key = key(SECRET, date, region.as_str(), "execute-api");
        let scope = format!("{date}/{region}/execute-api/aws4_request");
        claimed.algorithm == "AWS4-HMAC-SHA256"
            && claimed.scope == scope
            && hex(hmac_sha256(&key, &self.string_to_sign(&claimed))) == claimed.signature
    }

    /// As any region of the set verifies version 4A.
    fn is_good_for_the_public_key(&self) -> bool {
        let claimed = self.claimed();
        let key = signature::UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_ASN1, unhex(PUBLIC_KEY));
        let signed = self.string_to_sign(&claimed);
        claimed.algorithm == "AWS4-ECDSA-P256-SHA256"
            && claimed.scope == format!("{}/execute-api/aws4_request", &self.headers["x-amz-date"][..8])
            && key.verify(signed.as_bytes(), &unhex(&claimed.signature)).is_ok()
    }
}

fn aws(token: Option<&str>) -> SdkConfig {
    let credentials = Credentials::new(ACCESS_KEY, SECRET, token.map(str::to_owned), None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

/// A synthetic order, as it arrives at an entrance that is signed for `regions`.
async fn placed(token: Option<&str>, regions: &[Region]) -> Received {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("a bound port"));
    let caller = Caller {
        prober: Prober::new(None).expect("a prober"),
        signer: Some(Signer::new(&aws(token)).expect("there are credentials")),
    };
    let entrance = Entrance { base: BaseUrl(url.parse().expect("a URL")), regions: regions.to_vec() };
    let (placed, received) = tokio::join!(synthetic::place(&caller, &entrance), Received::next(&listener));
    placed.expect("it was answered");
    received
}

#[tokio::test]
async fn who_asks_for_no_signature_gets_none() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url: http::Uri =
        format!("http://{}", listener.local_addr().expect("a bound port")).parse().expect("a URL");
    let endpoints = |unsigned| Endpoints {
        own: BaseUrl(url.clone()),
        peer: BaseUrl(url.clone()),
        public: BaseUrl(url.clone()),
        resolver: None,
        unsigned,
    };
    let caller = |unsigned| {
        let prober = Prober::new(None).expect("a prober");
        Caller::new(&aws(Some("token")), prober, &endpoints(unsigned)).expect("there are credentials")
    };
    let entrance = Entrance { base: BaseUrl(url.clone()), regions: vec![home()] };
    for (unsigned, signed) in [(None, true), (Some(false), true), (Some(true), false)] {
        let caller = caller(unsigned);
        let (placed, received) =
            tokio::join!(synthetic::place(&caller, &entrance), Received::next(&listener));
        placed.expect("it was answered");
        for name in ["authorization", "x-amz-security-token"] {
            assert_eq!(received.headers.contains_key(name), signed, "{unsigned:?}: {name}");
        }
    }
}

#[test]
fn this_verifier_makes_the_key_that_aws_documents() {
    // The example of "Create a signed AWS API request" in the IAM User Guide.
    let documented = "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9";
    assert_eq!(hex(key(SECRET, "20150830", "us-east-1", "iam")), documented);
}

#[tokio::test]
async fn a_call_of_a_region_s_own_name_is_good_there_and_nowhere_else() {
    let mut received = placed(None, &[standby()]).await;
    assert_eq!((received.method.as_str(), received.path.as_str()), ("POST", "/orders"));
    assert!(received.is_good_in(&standby()));
    assert!(!received.is_good_in(&home()), "which is why the name that moves needs another signature");
    assert_eq!(received.claimed().signed_headers, "content-type;host;x-amz-date");
    received.body[0] ^= 1;
    assert!(!received.is_good_in(&standby()), "the body is signed");
}

#[tokio::test]
async fn a_call_of_the_name_that_moves_is_good_in_both_regions() {
    let mut received = placed(None, &[home(), standby()]).await;
    assert!(received.is_good_for_the_public_key());
    assert_eq!(received.headers["x-amz-region-set"], "us-east-1,us-east-2");
    let claimed = received.claimed();
    assert_eq!(claimed.signed_headers, "content-type;host;x-amz-date;x-amz-region-set");
    received.headers.insert("x-amz-region-set".to_owned(), "*".to_owned());
    assert!(!received.is_good_for_the_public_key(), "nobody can widen it");
}

#[tokio::test]
async fn the_session_of_a_role_is_part_of_what_is_signed() {
    for regions in [vec![home()], vec![home(), standby()]] {
        let received = placed(Some("token"), &regions).await;
        assert_eq!(received.headers["x-amz-security-token"], "token");
        assert!(received.claimed().signed_headers.contains("x-amz-security-token"));
        assert!(received.is_good_in(&home()) || received.is_good_for_the_public_key());
    }
}

#[tokio::test]
async fn without_credentials_or_a_region_nothing_is_sent() {
    let none = SdkConfig::builder().behavior_version(BehaviorVersion::latest()).build();
    assert!(Signer::new(&none).is_err());
    let signer = Signer::new(&aws(None)).expect("there are credentials");
    let prober = Prober::new(None).expect("a prober");
    let url = format!("http://{}/orders", crate::support::dead_address());
    let error = prober.send_signed(&signer, &[], Method::POST, &url, "{}").await.expect_err("no region");
    assert!(matches!(error, services::probe::ProbeError::NotSigned(_)), "{error}");
}
