//! The cloud assembly: templates, what is uploaded for them, and the manifest
//! that the `cdk` command line reads. Everything here is pure but [`writer`].

mod files;
mod manifest;
mod template;
mod tree;
pub mod writer;

use std::collections::BTreeMap;
use std::path::PathBuf;

use cfn::Template;
use serde_json::Value;

use crate::error::Problem;
use crate::identity::content_hash;
use crate::stack::{Environment, Stack};

/// Version of the assembly's schema.
pub(crate) const SCHEMA_VERSION: &str = "48.0.0";

/// A stack whose tokens are logical ids.
#[derive(Clone, Debug)]
pub(crate) struct LoweredStack {
    pub(crate) stack: Stack,
    pub(crate) template: Template,
    pub(crate) text: String,
    pub(crate) hash: String,
}

impl LoweredStack {
    pub(crate) fn new(stack: Stack) -> Self {
        let template = template::template(&stack);
        let text = pretty(&template.to_json());
        let hash = content_hash(text.as_bytes());
        Self { stack, template, text, hash }
    }

    /// Limits that the template is over, and logical ids that it names and does not define.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let over = |excess| Problem::OverLimit { stack: self.stack.name.clone(), excess };
        let dangling = |reference: cfn::DanglingReference| {
            let node = self.stack.nodes.iter().find(|node| node.logical_id == reference.from);
            let output = || format!("{}/{}", self.stack.name, reference.from);
            let from = node.map_or_else(output, |node| node.path.clone());
            Problem::UnknownReference { from, to: format!("the logical id {}", reference.to) }
        };
        let excesses = self.template.excesses(&self.text).into_iter().map(over);
        excesses.chain(self.template.dangling_references().into_iter().map(dangling)).collect()
    }

    pub(crate) fn template_file(&self) -> String {
        format!("{}.template.json", self.stack.name)
    }

    pub(crate) fn asset_artifact(&self) -> String {
        format!("{}.assets", self.stack.name)
    }

    pub(crate) fn asset_file(&self) -> String {
        format!("{}.assets.json", self.stack.name)
    }
}

/// One stack of the assembly, for readers that do not want to parse files.
#[derive(Clone, Debug, PartialEq)]
pub struct SynthesisedStack {
    /// Name of the stack.
    pub name: String,
    /// Where it is deployed to.
    pub environment: Environment,
    /// Names of the stacks that are deployed before it.
    pub dependencies: Vec<String>,
    /// Its template.
    pub template: Template,
}

/// Everything the assembly directory holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Assembly {
    /// The stacks; each comes after those it depends on.
    pub stacks: Vec<SynthesisedStack>,
    /// Text of each file, by its name in the directory.
    pub files: BTreeMap<String, String>,
    /// Files that are copied into the directory: name there, and where from.
    pub assets: BTreeMap<String, PathBuf>,
}

/// The assembly of stacks that have no problems.
pub(crate) fn assemble(stacks: &[LoweredStack]) -> Assembly {
    let mut files = BTreeMap::new();
    let mut assets = BTreeMap::new();
    for lowered in stacks {
        files.insert(lowered.template_file(), lowered.text.clone());
        files.insert(lowered.asset_file(), pretty(&files::asset_manifest(lowered)));
        assets.extend(lowered.stack.assets.values().map(|asset| (asset.file_name(), asset.source.clone())));
    }
    files.insert("manifest.json".to_owned(), pretty(&manifest::manifest(stacks)));
    files.insert("tree.json".to_owned(), pretty(&tree::tree(stacks)));
    files.insert("cdk.out".to_owned(), format!("{{\"version\":\"{SCHEMA_VERSION}\"}}"));
    Assembly { stacks: in_order(stacks), files, assets }
}

/// Each stack after those it depends on; otherwise in the order they were added.
fn in_order(stacks: &[LoweredStack]) -> Vec<SynthesisedStack> {
    let mut ordered: Vec<SynthesisedStack> = Vec::new();
    while ordered.len() < stacks.len() {
        let placed = |name: &String| ordered.iter().any(|stack| stack.name == *name);
        let next = stacks
            .iter()
            .map(|lowered| &lowered.stack)
            .zip(stacks)
            .find(|(stack, _)| !placed(&stack.name) && stack.dependencies.iter().all(placed))
            .expect("the app was checked for cycles and unknown stacks");
        ordered.push(SynthesisedStack {
            name: next.0.name.clone(),
            environment: next.0.environment.clone(),
            dependencies: next.0.dependencies.clone(),
            template: next.1.template.clone(),
        });
    }
    ordered
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).expect("JSON values have string keys") + "\n"
}
