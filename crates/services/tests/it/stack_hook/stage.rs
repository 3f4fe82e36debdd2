//! The hook as a function of the emulator, and stacks that use it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aws_config::SdkConfig;
use aws_sdk_cloudformation::types::{Capability, StackStatus};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use recovery::Region;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::support;

/// Longest wait for a stack.
const LIMIT: Duration = Duration::from_secs(120);
static STAGES: AtomicU64 = AtomicU64::new(0);
/// Where the hook's package is, at home and in the standby; it is large, so it is uploaded once.
static CODE: [OnceCell<Value>; 2] = [const { OnceCell::const_new() }; 2];

pub struct Stage {
    pub aws: SdkConfig,
    /// Part of every name, so that no other test uses it.
    pub unique: String,
    service_token: String,
    cloudformation: aws_sdk_cloudformation::Client,
}

impl Stage {
    /// The hook deployed by a stack of its own, as the infrastructure does.
    pub async fn new(region: &Region) -> Self {
        let endpoint = support::emulator().await;
        let aws = support::config(region, &endpoint).await;
        let number = STAGES.fetch_add(1, Ordering::Relaxed);
        let unique = format!("hook-{}-{number}", std::process::id());
        let stage = Self {
            service_token: format!("arn:aws:lambda:{region}:000000000000:function:{unique}"),
            cloudformation: aws_sdk_cloudformation::Client::new(&aws),
            aws,
            unique,
        };
        let code = CODE[usize::from(*region != support::home())].get_or_init(|| stage.upload(region)).await;
        let role = json!({ "Version": "2012-10-17", "Statement": [] });
        let resources = json!({
            "Role": { "Type": "AWS::IAM::Role", "Properties": {
                "RoleName": format!("role-{}", stage.unique), "AssumeRolePolicyDocument": role } },
            "Function": { "Type": "AWS::Lambda::Function", "Properties": {
                "FunctionName": stage.unique, "Runtime": "provided.al2023", "Handler": "bootstrap",
                "Role": { "Fn::GetAtt": ["Role", "Arn"] }, "Code": code, "Timeout": 60,
                "Environment": { "Variables": { "AWS_ENDPOINT_URL": endpoint } } } },
        });
        stage.create("foundation", resources).await;
        stage
    }

    async fn upload(&self, region: &Region) -> Value {
        let program = std::path::Path::new(env!("CARGO_BIN_EXE_stack-hook"));
        let directory = tempfile::tempdir().expect("a temporary directory");
        let binaries = program.parent().expect("a binary is in a directory");
        let packed =
            drill::packages::pack(binaries, &["stack-hook"], directory.path()).expect("it was built");
        let package = std::fs::read(&packed[0]).expect("it was just written");
        let bucket = format!("{}-code", self.unique);
        let s3 = self.s3();
        let elsewhere = CreateBucketConfiguration::builder()
            .location_constraint(BucketLocationConstraint::from(region.as_str()))
            .build();
        // Where nothing is said it is made at home.
        let elsewhere = (*region != support::home()).then_some(elsewhere);
        let create = s3.create_bucket().bucket(&bucket).set_create_bucket_configuration(elsewhere);
        create.send().await.expect("the bucket is new");
        let put = s3.put_object().bucket(&bucket).key("hook.zip").body(ByteStream::from(package));
        put.send().await.expect("the bucket takes it");
        json!({ "S3Bucket": bucket, "S3Key": "hook.zip" })
    }

    /// A client that waits as long as it takes: the hook is large in a debug build.
    pub fn s3(&self) -> aws_sdk_s3::Client {
        let patient = aws_config::timeout::TimeoutConfig::builder()
            .operation_attempt_timeout(LIMIT)
            .operation_timeout(LIMIT)
            .build();
        let patient = aws_sdk_s3::config::Builder::from(&self.aws).timeout_config(patient).build();
        aws_sdk_s3::Client::from_conf(patient)
    }

    /// A versioned bucket under this name of the test's own.
    pub async fn bucket(&self, purpose: &str) -> String {
        use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
        let name = format!("{}-{purpose}", self.unique);
        let s3 = self.s3();
        s3.create_bucket().bucket(&name).send().await.expect("the bucket is new");
        let versions = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        let put = s3.put_bucket_versioning().bucket(&name).versioning_configuration(versions);
        put.send().await.expect("the bucket is there");
        name
    }

    /// A resource of the hook with these properties.
    pub fn resource(&self, mut properties: Value) -> Value {
        properties["ServiceToken"] = json!(self.service_token);
        properties["ServiceTimeout"] = json!(60);
        json!({ "Type": "AWS::CloudFormation::CustomResource", "Properties": properties })
    }

    fn name(&self, stack: &str) -> String {
        format!("{}-{stack}", self.unique)
    }

    /// Creates a stack of these resources, which succeeds.
    pub async fn create(&self, stack: &str, resources: Value) {
        let template = json!({ "Resources": resources }).to_string();
        let create = self.cloudformation.create_stack().stack_name(self.name(stack)).template_body(template);
        let create = create.capabilities(Capability::CapabilityNamedIam);
        create.send().await.expect("CloudFormation takes it");
        let (status, events) = self.settled(stack).await;
        assert_eq!(status, Some(StackStatus::CreateComplete), "{events}");
    }

    /// Changes a stack to these resources; gives its status.
    pub async fn update(&self, stack: &str, resources: Value) -> Option<StackStatus> {
        let template = json!({ "Resources": resources }).to_string();
        let update = self.cloudformation.update_stack().stack_name(self.name(stack)).template_body(template);
        update.send().await.expect("CloudFormation takes it");
        self.settled(stack).await.0
    }

    /// Removes a stack; gives its last status, which is none when it is gone, and what failed.
    pub async fn delete(&self, stack: &str) -> (Option<StackStatus>, String) {
        let delete = self.cloudformation.delete_stack().stack_name(self.name(stack));
        delete.send().await.expect("CloudFormation takes it");
        self.settled(stack).await
    }

    /// Waits until nothing is in progress.
    async fn settled(&self, stack: &str) -> (Option<StackStatus>, String) {
        let started = Instant::now();
        loop {
            let answer = self.cloudformation.describe_stacks().stack_name(self.name(stack)).send().await;
            let status = answer.ok().and_then(|a| a.stacks().first().and_then(|s| s.stack_status().cloned()));
            if status.as_ref().is_none_or(|status| !status.as_str().ends_with("_IN_PROGRESS")) {
                return (status, self.failures(stack).await);
            }
            assert!(started.elapsed() < LIMIT, "{stack} is still {status:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn failures(&self, stack: &str) -> String {
        let events = self.cloudformation.describe_stack_events().stack_name(self.name(stack)).send().await;
        let events = events.map(|answer| answer.stack_events.unwrap_or_default()).unwrap_or_default();
        let failed =
            events.iter().filter(|e| e.resource_status().is_some_and(|s| s.as_str().ends_with("FAILED")));
        failed.filter_map(|event| event.resource_status_reason()).collect::<Vec<_>>().join("; ")
    }
}

/// Whether a stack is gone.
pub fn gone(outcome: &(Option<StackStatus>, String)) -> bool {
    matches!(outcome.0, None | Some(StackStatus::DeleteComplete))
}
