//! `manifest.json`: the artifacts, where they go, and their order.

use serde_json::{Map, Value, json};

use super::{LoweredStack, SCHEMA_VERSION};
use crate::asset::asset_bucket;
use crate::stack::Environment;

/// Bootstrap version whose bucket and roles the artifacts use.
const BOOTSTRAP_VERSION: u32 = 6;
/// Bootstrap version that brought the lookup role.
const LOOKUP_BOOTSTRAP_VERSION: u32 = 8;
const BOOTSTRAP_PARAMETER: &str = "/cdk-bootstrap/hnb659fds/version";

/// The manifest of the whole assembly.
pub(super) fn manifest(stacks: &[LoweredStack]) -> Value {
    let mut artifacts = Map::new();
    for lowered in stacks {
        artifacts.insert(
            lowered.asset_artifact(),
            json!({
                "type": "cdk:asset-manifest",
                "properties": {
                    "file": lowered.asset_file(),
                    "requiresBootstrapStackVersion": BOOTSTRAP_VERSION,
                    "bootstrapStackVersionSsmParameter": BOOTSTRAP_PARAMETER,
                },
            }),
        );
        artifacts.insert(lowered.stack.name.clone(), stack_artifact(lowered));
    }
    artifacts.insert("Tree".to_owned(), json!({ "type": "cdk:tree", "properties": { "file": "tree.json" } }));
    json!({ "version": SCHEMA_VERSION, "artifacts": artifacts })
}

fn stack_artifact(lowered: &LoweredStack) -> Value {
    let stack = &lowered.stack;
    let Environment { account, region } = &stack.environment;
    let dependencies: Vec<String> =
        stack.dependencies.iter().cloned().chain([lowered.asset_artifact()]).collect();
    json!({
        "type": "aws:cloudformation:stack",
        "environment": format!("aws://{account}/{region}"),
        "properties": {
            "templateFile": lowered.template_file(),
            "stackName": stack.name,
            "terminationProtection": stack.protect,
            "tags": stack.tags,
            "validateOnSynth": false,
            "assumeRoleArn": role(&stack.environment, "deploy"),
            "cloudFormationExecutionRoleArn": role(&stack.environment, "cfn-exec"),
            "stackTemplateAssetObjectUrl":
                format!("s3://{}/{}.json", asset_bucket(&stack.environment), lowered.hash),
            "requiresBootstrapStackVersion": BOOTSTRAP_VERSION,
            "bootstrapStackVersionSsmParameter": BOOTSTRAP_PARAMETER,
            "additionalDependencies": [lowered.asset_artifact()],
            "lookupRole": {
                "arn": role(&stack.environment, "lookup"),
                "requiresBootstrapStackVersion": LOOKUP_BOOTSTRAP_VERSION,
                "bootstrapStackVersionSsmParameter": BOOTSTRAP_PARAMETER,
            },
        },
        "dependencies": dependencies,
        "metadata": metadata(lowered),
        "displayName": stack.name,
    })
}

/// Which logical id each construct has, so that messages can name the construct.
fn metadata(lowered: &LoweredStack) -> Value {
    lowered
        .stack
        .nodes
        .iter()
        .map(|node| {
            let entry = json!([{ "type": "aws:cdk:logicalId", "data": node.logical_id }]);
            (format!("/{}", node.path), entry)
        })
        .collect::<Map<String, Value>>()
        .into()
}

fn role(environment: &Environment, purpose: &str) -> String {
    let Environment { account, region } = environment;
    format!("arn:${{AWS::Partition}}:iam::{account}:role/cdk-hnb659fds-{purpose}-role-{account}-{region}")
}
