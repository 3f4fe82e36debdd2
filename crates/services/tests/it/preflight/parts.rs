//! What a preflight looks at, made in the emulator or on loopback, one of each.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use aws_config::SdkConfig;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{FunctionCode, Runtime};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use http::Request;
use http_body_util::Full;
use recovery::{Lease, Region};
use serde_json::json;
use services::lease_store::LeaseStore;
use services::probe::Prober;
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;

use super::stage::ACCOUNT;
use crate::support::{self, home, standby};

/// As a status: there is no answer.
pub const SILENT: u16 = 0;

/// The public face of a region: a status for each of its health endpoints.
#[derive(Clone)]
pub struct Face {
    pub address: SocketAddr,
    pub ready: Arc<AtomicU16>,
    pub serving: Arc<AtomicU16>,
}

impl Face {
    pub async fn open(at: &str, serving: u16) -> Self {
        let listener = tokio::net::TcpListener::bind(at).await.expect("a free port");
        let face = Self {
            address: listener.local_addr().expect("a bound port"),
            ready: Arc::new(AtomicU16::new(200)),
            serving: Arc::new(AtomicU16::new(serving)),
        };
        let status = |of: &Arc<AtomicU16>| {
            let of = Arc::clone(of);
            move || async move {
                match of.load(Ordering::SeqCst) {
                    SILENT => std::future::pending().await,
                    status => StatusCode::from_u16(status).expect("a status"),
                }
            }
        };
        let router = Router::new()
            .route("/health/live", get(|| async { StatusCode::OK }))
            .route("/health/ready", get(status(&face.ready)))
            .route("/health/serving", get(status(&face.serving)));
        tokio::spawn(async move { axum::serve(listener, router).await });
        face
    }
}

/// An owner's sentinel that lives until it is stopped.
pub struct Renewing(Arc<Mutex<bool>>);

impl Renewing {
    /// No renewal is on its way when this returns.
    pub async fn stop(&self) {
        *self.0.lock().await = false;
    }
}

/// Renews the lease until it is stopped, or somebody else has it.
pub fn renew(leases: LeaseStore, mut lease: Lease) -> Renewing {
    use services::lease_store::Swap;
    let renewing = Arc::new(Mutex::new(true));
    let on = Arc::clone(&renewing);
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            let on = on.lock().await;
            if !*on {
                return;
            }
            let next = lease.renewed();
            match leases.replace(&lease, &next).await {
                Ok(Swap::Done) => lease = next,
                // It was written by an attempt that was given up for its time.
                Ok(Swap::Lost(now)) if (&now.owner, now.epoch) == (&lease.owner, lease.epoch) => lease = now,
                Ok(Swap::Lost(_)) => return,
                Err(_) => {} // whether it was written the next one sees
            }
        }
    });
    Renewing(renewing)
}

/// A package whose program is `text`.
pub fn package(text: &str) -> Blob {
    let directory = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(directory.path().join("function"), text).expect("it is ours");
    let made = drill::packages::pack(directory.path(), &["function"], directory.path()).expect("a package");
    Blob::new(std::fs::read(&made[0]).expect("it was made"))
}

pub async fn function(aws: &SdkConfig, name: &str) {
    let made = aws_sdk_lambda::Client::new(aws)
        .create_function()
        .function_name(name)
        .runtime(Runtime::Providedal2023)
        .handler("bootstrap")
        .role(format!("arn:aws:iam::{ACCOUNT}:role/none"))
        .code(FunctionCode::builder().zip_file(package("#!/bin/sh\n")).build());
    made.send().await.expect("the function is new");
    // As in AWS, a function is pending for a moment after it was made.
    crate::database::server::eventually("the function is active", async || {
        let lambda = aws_sdk_lambda::Client::new(aws);
        let answer = lambda.get_function_configuration().function_name(name).send().await;
        let function = answer.expect("it was made");
        function.state().is_some_and(|state| state.as_str() == "Active")
    })
    .await;
}

/// A definition that names its region, as each region's workflow does. Returns it.
pub fn definition(region: &Region) -> String {
    json!({ "Comment": region, "StartAt": "Done", "States": { "Done": { "Type": "Succeed" } } }).to_string()
}

pub async fn workflow(aws: &SdkConfig, name: &str, region: &Region) {
    let made = aws_sdk_sfn::Client::new(aws).create_state_machine().name(name).definition(definition(region));
    made.role_arn(format!("arn:aws:iam::{ACCOUNT}:role/test")).send().await.expect("it is new");
}

pub fn digest(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A dead-letter queue, and the order queue leading to the one called `leads_to`.
pub async fn queues(aws: &SdkConfig, orders: &str, dead_letters: &str, leads_to: &str) {
    let sqs = aws_sdk_sqs::Client::new(aws);
    for name in [dead_letters, leads_to] {
        sqs.create_queue().queue_name(name).send().await.expect("the queue can be made");
    }
    let url = sqs.get_queue_url().queue_name(orders).send().await.expect("it exists");
    let target = format!("arn:aws:sqs:{}:{ACCOUNT}:{leads_to}", home());
    let policy = json!({ "deadLetterTargetArn": target, "maxReceiveCount": 3 }).to_string();
    let set = sqs.set_queue_attributes().set_queue_url(url.queue_url);
    let set = set.attributes(aws_sdk_sqs::types::QueueAttributeName::RedrivePolicy, policy);
    set.send().await.expect("the queue exists");
}

/// Calls a service of which the services have no client.
pub async fn call(service: &str, method: &str, path: &str, kind: &str, body: String) -> bytes::Bytes {
    let scope = format!("test/20000101/{}/{service}/aws4_request", home());
    let request = Request::builder()
        .method(method)
        .uri(format!("{}{path}", support::emulator().await))
        .header("content-type", kind)
        .header(
            "authorization",
            format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"),
        );
    let request = request.body(Full::new(body.into())).expect("a request");
    let answer = Prober::new(None).expect("a prober").send(request).await.expect("an answer");
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    answer.body
}

pub async fn schedule(name: &str, method: &str, state: &str) {
    let target = json!({ "Arn": "arn:aws:lambda:us-east-1:000000000000:function:none", "RoleArn": "none" });
    let body = json!({
        "ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": { "Mode": "OFF" }, "Target": target, "State": state,
    });
    call("scheduler", method, &format!("/schedules/{name}"), "application/json", body.to_string()).await;
}

/// A role that may do these things, everywhere.
pub async fn role(name: &str, actions: &[&str]) {
    let form = "application/x-www-form-urlencoded";
    let encode = |pairs: &[(&str, &str)]| {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .append_pair("Version", "2010-05-08")
            .finish()
    };
    let trust = r#"{"Version":"2012-10-17","Statement":[]}"#;
    let create = encode(&[("Action", "CreateRole"), ("RoleName", name), ("AssumeRolePolicyDocument", trust)]);
    call("iam", "POST", "/", form, create).await;
    policy(name, actions).await;
}

pub async fn policy(role: &str, actions: &[&str]) {
    let statement = json!({ "Effect": "Allow", "Action": actions, "Resource": "*" });
    let document = json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string();
    let put = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("Action", "PutRolePolicy"), ("Version", "2010-05-08"), ("RoleName", role)])
        .extend_pairs([("PolicyName", "all"), ("PolicyDocument", document.as_str())])
        .finish();
    call("iam", "POST", "/", "application/x-www-form-urlencoded", put).await;
}

/// Both regions' configurations, past the front.
pub async fn configurations() -> [SdkConfig; 2] {
    let emulator = support::emulator().await;
    [support::config(&home(), &emulator).await, support::config(&standby(), &emulator).await]
}

fn s3(aws: &SdkConfig) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::config::Builder::from(aws).force_path_style(true).build();
    aws_sdk_s3::Client::from_conf(config)
}

/// A bucket with versions, as replication asks for.
pub async fn bucket(aws: &SdkConfig, name: &str) {
    use aws_sdk_s3::types::{
        BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, VersioningConfiguration,
    };
    let region = aws.region().expect("it is set").as_ref();
    // us-east-1 is what a bucket without a place gets, and no place that could be asked for.
    let place = (region != "us-east-1").then(|| {
        CreateBucketConfiguration::builder()
            .location_constraint(BucketLocationConstraint::from(region))
            .build()
    });
    let create = s3(aws).create_bucket().bucket(name).set_create_bucket_configuration(place);
    create.send().await.expect("the bucket is new");
    let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    let put = s3(aws).put_bucket_versioning().bucket(name).versioning_configuration(on);
    put.send().await.expect("the bucket exists");
}

pub async fn replicate(aws: &SdkConfig, from: &str, to: &str) {
    use aws_sdk_s3::types::{
        Destination, ReplicationConfiguration, ReplicationRule, ReplicationRuleFilter, ReplicationRuleStatus,
    };
    let destination = Destination::builder().bucket(to).build().expect("a bucket is set");
    let rule = ReplicationRule::builder().status(ReplicationRuleStatus::Enabled).destination(destination);
    let everything = ReplicationRuleFilter::builder().prefix("").build();
    let rule = rule.priority(1).filter(everything).build().expect("a status is set");
    let role = format!("arn:aws:iam::{ACCOUNT}:role/none");
    let configuration = ReplicationConfiguration::builder().role(role).rules(rule).build();
    let put = s3(aws).put_bucket_replication().bucket(from);
    let put = put.replication_configuration(configuration.expect("both are set"));
    put.send().await.expect("the bucket exists");
}
