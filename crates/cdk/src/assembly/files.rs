//! What is uploaded for a stack: its own template and its file assets.

use serde_json::{Map, Value, json};

use super::{LoweredStack, SCHEMA_VERSION};
use crate::asset::asset_bucket;

/// The asset manifest of one stack.
pub(super) fn asset_manifest(lowered: &LoweredStack) -> Value {
    let mut files = Map::new();
    for asset in lowered.stack.assets.values() {
        let name =
            asset.source.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        files.insert(asset.sha256.clone(), entry(lowered, &name, &asset.file_name(), &asset.object_key()));
    }
    let template = entry(
        lowered,
        &format!("{} Template", lowered.stack.name),
        &lowered.template_file(),
        &format!("{}.json", lowered.hash),
    );
    files.insert(lowered.hash.clone(), template);
    json!({ "version": SCHEMA_VERSION, "files": files, "dockerImages": {} })
}

fn entry(lowered: &LoweredStack, name: &str, path: &str, object_key: &str) -> Value {
    let environment = &lowered.stack.environment;
    let destination = json!({
        "bucketName": asset_bucket(environment),
        "objectKey": object_key,
        "region": environment.region,
        "assumeRoleArn": format!(
            "arn:${{AWS::Partition}}:iam::{account}:role/cdk-hnb659fds-file-publishing-role-{account}-{region}",
            account = environment.account,
            region = environment.region,
        ),
    });
    let mut destinations = Map::new();
    destinations.insert(format!("{}-{}", environment.account, environment.region), destination);
    json!({
        "displayName": name,
        "source": { "path": path, "packaging": "file" },
        "destinations": destinations,
    })
}
