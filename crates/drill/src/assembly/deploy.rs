//! Creates the stacks through CloudFormation, one after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_cloudformation::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_cloudformation::error::DisplayErrorContext;
use aws_sdk_cloudformation::types::{Capability, ResourceStatus, StackStatus};
use serde_json::json;

use super::upload::Uploader;
use super::{Assembly, AssemblyError, Stack, outputs};

const CREATE_LIMIT: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_millis(50);
/// Where a region's templates go. Names of buckets are global, and each takes calls of its own region.
fn template_bucket(region: &str) -> String {
    format!("standfast-drill-templates-{region}")
}

/// A stack that was created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployed {
    /// Its name.
    pub name: String,
    /// Its region.
    pub region: String,
    /// Its outputs.
    pub outputs: BTreeMap<String, String>,
}

/// Creates the buckets that assets go to, uploads the assets, and creates every
/// stack in its region, in order. `narrate` is told of each.
///
/// # Errors
/// At the first upload or stack that fails, with the resources that failed.
pub async fn deploy(
    assembly: &Assembly,
    endpoint: &str,
    narrate: &(dyn Fn(&str) + Sync),
) -> Result<Vec<Deployed>, AssemblyError> {
    let uploader = Uploader::new(endpoint);
    let regions: BTreeSet<&str> = assembly.stacks.iter().map(|stack| stack.region.as_str()).collect();
    for region in regions {
        let stack = bootstrap(assembly, region);
        create(&client(endpoint, region), &stack, TemplateSource::Body(stack.template.to_string())).await?;
    }
    upload(assembly, &uploader).await?;
    let mut deployed = Vec::new();
    for stack in &assembly.stacks {
        narrate(&format!("deploying {} into {}", stack.name, stack.region));
        let key = format!("{}/{}.json", stack.region, stack.name);
        let text = outputs::filled(&stack.template, &deployed).to_string();
        // CloudFormation takes a longer template only from a bucket.
        let source = if text.len() > 51_200 {
            let bucket = template_bucket(&stack.region);
            uploader.put(&stack.region, &bucket, &key, text.into_bytes()).await?;
            TemplateSource::Url(uploader.url(&bucket, &key))
        } else {
            TemplateSource::Body(text)
        };
        let outputs = create(&client(endpoint, &stack.region), stack, source).await?;
        deployed.push(Deployed { name: stack.name.clone(), region: stack.region.clone(), outputs });
    }
    Ok(deployed)
}

/// Uploads each asset once.
async fn upload(assembly: &Assembly, uploader: &Uploader) -> Result<(), AssemblyError> {
    let mut done = BTreeSet::new();
    for (stack, asset) in assembly.stacks.iter().flat_map(|s| s.assets.iter().map(move |a| (s, a))) {
        if !done.insert((&asset.bucket, &asset.key)) {
            continue;
        }
        let failed = |source| AssemblyError::File { path: asset.path.clone(), source };
        let body = tokio::fs::read(&asset.path).await.map_err(failed)?;
        uploader.put(&stack.region, &asset.bucket, &asset.key, body).await?;
    }
    Ok(())
}

/// The part of the CDK's bootstrap stack that stacks refer to: the version parameter and the buckets.
fn bootstrap(assembly: &Assembly, region: &str) -> Stack {
    let here = || assembly.stacks.iter().filter(|stack| stack.region == region);
    let mut buckets: BTreeSet<&str> = here().flat_map(|s| &s.assets).map(|a| a.bucket.as_str()).collect();
    let templates = template_bucket(region);
    buckets.insert(&templates);
    let version = json!({"Type": "AWS::SSM::Parameter", "Properties": {
        "Name": "/cdk-bootstrap/hnb659fds/version", "Type": "String", "Value": "30",
    }});
    let mut template = json!({"Resources": {"Version": version}});
    for (index, bucket) in buckets.iter().enumerate() {
        let properties = json!({"BucketName": bucket});
        template["Resources"][format!("Bucket{index}")] =
            json!({"Type": "AWS::S3::Bucket", "Properties": properties});
    }
    Stack { name: "CDKToolkit".into(), region: region.into(), template, assets: Vec::new() }
}

/// Client of CloudFormation in one region of the emulator, which checks no signature.
fn client(endpoint: &str, region: &str) -> aws_sdk_cloudformation::Client {
    use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
    let credentials = Credentials::new("drill", "drill", None, None, "drill");
    let http =
        aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .endpoint_url(endpoint)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http)
        .build();
    aws_sdk_cloudformation::Client::new(&config)
}

enum TemplateSource {
    Body(String),
    Url(String),
}

fn call<E>(action: &'static str, stack: &Stack) -> impl FnOnce(E) -> AssemblyError
where
    E: std::error::Error,
{
    let (name, region) = (stack.name.clone(), stack.region.clone());
    move |error| AssemblyError::Call {
        action,
        stack: name,
        region,
        reason: DisplayErrorContext(error).to_string(),
    }
}

async fn create(
    client: &aws_sdk_cloudformation::Client,
    stack: &Stack,
    source: TemplateSource,
) -> Result<BTreeMap<String, String>, AssemblyError> {
    let request = client.create_stack().stack_name(&stack.name);
    let request = match source {
        TemplateSource::Body(text) => request.template_body(text),
        TemplateSource::Url(url) => request.template_url(url),
    };
    let request =
        request.capabilities(Capability::CapabilityNamedIam).capabilities(Capability::CapabilityAutoExpand);
    request.send().await.map_err(call("create", stack))?;
    let deadline = Instant::now() + CREATE_LIMIT;
    loop {
        let answer = client.describe_stacks().stack_name(&stack.name).send().await;
        let answer = answer.map_err(call("describe", stack))?;
        let seen = answer.stacks().first();
        match seen.and_then(|s| s.stack_status()) {
            Some(StackStatus::CreateComplete) => {
                let outputs = seen.map(|s| s.outputs()).unwrap_or_default().iter();
                let pair = |o: &aws_sdk_cloudformation::types::Output| {
                    Some((o.output_key()?.to_owned(), o.output_value()?.to_owned()))
                };
                return Ok(outputs.filter_map(pair).collect());
            }
            Some(StackStatus::CreateInProgress) if Instant::now() < deadline => {
                tokio::time::sleep(POLL).await
            }
            other => {
                let status = other.map_or_else(|| "UNKNOWN".to_owned(), |status| status.as_str().to_owned());
                return Err(failure(client, stack, status).await);
            }
        }
    }
}

async fn failure(client: &aws_sdk_cloudformation::Client, stack: &Stack, status: String) -> AssemblyError {
    let answer = client.describe_stack_events().stack_name(&stack.name).send().await;
    let mut events = Vec::new();
    for event in answer.iter().flat_map(|answer| answer.stack_events()) {
        if matches!(event.resource_status(), Some(ResourceStatus::CreateFailed)) {
            let what = event.logical_resource_id().unwrap_or("?");
            let kind = event.resource_type().unwrap_or("?");
            events.push(format!(
                "{what} ({kind}): {}",
                event.resource_status_reason().unwrap_or("no reason given")
            ));
        }
    }
    AssemblyError::Failed { stack: stack.name.clone(), region: stack.region.clone(), status, events }
}

#[cfg(test)]
mod tests {
    // Goal: every bucket that assets go to exists before they are uploaded. Method: the bootstrap template.
    use super::*;
    use crate::assembly::FileAsset;
    use serde_json::Value;

    #[test]
    fn the_bootstrap_has_the_buckets_of_its_region() {
        let stack = |region: &str| Stack {
            name: format!("s-{region}"),
            region: region.into(),
            template: Value::Null,
            assets: vec![FileAsset { path: "a".into(), bucket: format!("assets-{region}"), key: "k".into() }],
        };
        let assembly = Assembly { stacks: vec![stack("us-east-1"), stack("us-east-2")] };
        let text = bootstrap(&assembly, "us-east-2").template.to_string();
        assert!(text.contains("assets-us-east-2") && !text.contains("assets-us-east-1"));
        assert!(
            text.contains(&template_bucket("us-east-2")) && !text.contains(&template_bucket("us-east-1"))
        );
        assert!(text.contains("/cdk-bootstrap/hnb659fds/version"));
    }
}
