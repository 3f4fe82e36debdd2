//! Reads a synthesised cloud assembly, fits it to this machine and deploys it
//! through CloudFormation into the emulator, as the CDK would into AWS.
//!
//! It changes environment variables of functions and nothing else in a template.
//! What the emulator takes note of without creating it is
//! [`Emulator::recorded`](crate::emulator::Emulator::recorded).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

mod deploy;
mod order;
mod outputs;
mod upload;

pub use deploy::{Deployed, deploy};

/// Why an assembly cannot be read or deployed.
#[derive(Debug, thiserror::Error)]
pub enum AssemblyError {
    /// A file of the assembly cannot be read or is not JSON.
    #[error("cannot read {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Something that every assembly has is missing.
    #[error("{what} is missing in the assembly's {artifact}")]
    Missing {
        /// What.
        what: &'static str,
        /// The artifact.
        artifact: String,
    },
    /// Stacks wait for each other.
    #[error("the stacks depend on each other in a circle: {0}")]
    Circle(String),
    /// The emulator did not take a file.
    #[error("cannot upload {what} to the emulator: {reason}")]
    Upload {
        /// The file.
        what: String,
        /// Why.
        reason: String,
    },
    /// CloudFormation refused a call.
    #[error("cannot {action} stack {stack} in {region}: {reason}")]
    Call {
        /// What was asked.
        action: &'static str,
        /// The stack.
        stack: String,
        /// Its region.
        region: String,
        /// What CloudFormation said.
        reason: String,
    },
    /// A stack was not created.
    #[error("stack {stack} in {region} ended as {status}: {}", events.join("; "))]
    Failed {
        /// The stack.
        stack: String,
        /// Its region.
        region: String,
        /// Its last status.
        status: String,
        /// The resources that failed, with reasons.
        events: Vec<String>,
    },
}

/// A file that a stack's template refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileAsset {
    /// Where it is.
    pub path: PathBuf,
    /// The bucket it goes to.
    pub bucket: String,
    /// Its key there.
    pub key: String,
}

/// One stack of the assembly.
#[derive(Clone, Debug, PartialEq)]
pub struct Stack {
    /// Its name.
    pub name: String,
    /// The region it is deployed to.
    pub region: String,
    /// Its template.
    pub template: Value,
    /// What has to be uploaded first.
    pub assets: Vec<FileAsset>,
}

/// A cloud assembly, read whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Assembly {
    /// Each stack after those it depends on.
    pub stacks: Vec<Stack>,
}

impl Assembly {
    /// Reads the assembly in `directory`.
    ///
    /// # Errors
    /// At the first file that cannot be read or lacks something.
    pub fn read(directory: &Path) -> Result<Self, AssemblyError> {
        let manifest = read_json(&directory.join("manifest.json"))?;
        let artifacts = member(&manifest, "artifacts", "manifest.json")?;
        let mut stacks = Vec::new();
        for id in order::stacks_in_order(artifacts)? {
            stacks.push(Stack::read(directory, artifacts, id)?);
        }
        Ok(Self { stacks })
    }

    /// Sets environment variables of every function: `overrides` says which, given the stack's region
    /// and the function's physical name (its logical id when it has none).
    pub fn localise(&mut self, overrides: &dyn Fn(&str, &str) -> BTreeMap<String, String>) {
        for stack in &mut self.stacks {
            let region = stack.region.clone();
            localise(&mut stack.template, &|function| overrides(&region, function));
        }
    }

    /// How many resources of each type the assembly has.
    pub fn resource_types(&self) -> BTreeMap<String, usize> {
        let mut types = BTreeMap::new();
        for resource in
            self.stacks.iter().flat_map(|stack| resources(&stack.template)).map(|(_, resource)| resource)
        {
            if let Some(kind) = resource["Type"].as_str() {
                *types.entry(kind.to_owned()).or_insert(0) += 1;
            }
        }
        types
    }
}

/// As [`Assembly::localise`], for one template.
pub fn localise(template: &mut Value, overrides: &dyn Fn(&str) -> BTreeMap<String, String>) {
    let Some(resources) = template.get_mut("Resources").and_then(Value::as_object_mut) else { return };
    for (logical_id, resource) in resources {
        if resource["Type"] != "AWS::Lambda::Function" {
            continue;
        }
        let properties = &mut resource["Properties"];
        let name = properties["FunctionName"].as_str().unwrap_or(logical_id).to_owned();
        let mut variables = match properties["Environment"]["Variables"].take() {
            Value::Object(variables) => variables,
            _ => Map::new(),
        };
        variables.extend(overrides(&name).into_iter().map(|(key, value)| (key, Value::String(value))));
        properties["Environment"]["Variables"] = Value::Object(variables);
    }
}

fn resources(template: &Value) -> impl Iterator<Item = (&String, &Value)> {
    template.get("Resources").and_then(Value::as_object).into_iter().flatten()
}

impl Stack {
    fn read(directory: &Path, artifacts: &Map<String, Value>, id: &str) -> Result<Self, AssemblyError> {
        let missing = |what| AssemblyError::Missing { what, artifact: id.to_owned() };
        let artifact = &artifacts[id];
        let place = artifact["environment"].as_str().and_then(|text| text.strip_prefix("aws://"));
        let (account, region) =
            place.and_then(|p| p.split_once('/')).ok_or_else(|| missing("environment"))?;
        let file = artifact["properties"]["templateFile"].as_str().ok_or_else(|| missing("templateFile"))?;
        let template = read_json(&directory.join(file))?;
        let mut assets = Vec::new();
        for dependency in order::dependencies(artifact) {
            let manifest = &artifacts[dependency];
            if manifest["type"] == "cdk:asset-manifest" {
                let file = manifest["properties"]["file"]
                    .as_str()
                    .ok_or_else(|| missing("asset manifest's file"))?;
                let placed = |text: &str| placed(text, account, region);
                assets.extend(file_assets(directory, &read_json(&directory.join(file))?, &placed));
            }
        }
        // The template itself is an asset of the CDK's; here it is uploaded as it is after localising.
        assets.retain(|asset| asset.path != directory.join(file));
        let name = artifact["properties"]["stackName"].as_str().unwrap_or(id).to_owned();
        Ok(Self { name, region: region.to_owned(), template, assets })
    }
}

/// Fills in what the CDK leaves open in names of buckets.
fn placed(text: &str, account: &str, region: &str) -> String {
    text.replace("${AWS::AccountId}", account)
        .replace("${AWS::Region}", region)
        .replace("${AWS::Partition}", "aws")
}

fn file_assets(directory: &Path, manifest: &Value, placed: &dyn Fn(&str) -> String) -> Vec<FileAsset> {
    let files = manifest["files"].as_object().into_iter().flat_map(|files| files.values());
    let mut assets = Vec::new();
    for file in files {
        let Some(path) = file["source"]["path"].as_str() else { continue };
        for destination in file["destinations"].as_object().into_iter().flat_map(|d| d.values()) {
            if let (Some(bucket), Some(key)) =
                (destination["bucketName"].as_str(), destination["objectKey"].as_str())
            {
                assets.push(FileAsset {
                    path: directory.join(path),
                    bucket: placed(bucket),
                    key: placed(key),
                });
            }
        }
    }
    assets
}

fn read_json(path: &Path) -> Result<Value, AssemblyError> {
    let failed = |source| AssemblyError::File { path: path.to_owned(), source };
    let text = std::fs::read_to_string(path).map_err(failed)?;
    serde_json::from_str(&text).map_err(|error| failed(std::io::Error::other(error)))
}

fn member<'v>(
    value: &'v Value,
    name: &'static str,
    artifact: &str,
) -> Result<&'v Map<String, Value>, AssemblyError> {
    let missing = || AssemblyError::Missing { what: name, artifact: artifact.to_owned() };
    value[name].as_object().ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    // Goal: localising touches environment variables only. Method: a template before and after.
    use super::*;
    use serde_json::json;

    #[test]
    fn only_environment_variables_of_functions_change() {
        let function = |environment: Value| {
            json!({"Resources": {
                "Api": {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "api", "Environment": environment}},
                "Queue": {"Type": "AWS::SQS::Queue", "Properties": {}},
            }})
        };
        let mut template = function(json!({"Variables": {"KEPT": {"Ref": "Queue"}, "REPLACED": "a"}}));
        localise(&mut template, &|name| {
            BTreeMap::from([("REPLACED".into(), name.into()), ("NEW".into(), "b".into())])
        });
        let expected = json!({"Variables": {"KEPT": {"Ref": "Queue"}, "REPLACED": "api", "NEW": "b"}});
        assert_eq!(template, function(expected));
    }
}
