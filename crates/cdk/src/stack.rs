//! A stack: where it lives, what it waits for, and its resources by path.

use std::collections::BTreeMap;

use cfn::{Output, Parameter, Resource, Value};

use crate::asset::{FileAsset, asset_bucket};
use crate::error::Problem;
use crate::identity::{LOGICAL_ID_LENGTH_MAX, logical_id, valid_id, valid_stack_name};
use crate::node::{Handle, Node};

/// Account and region a stack is deployed to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Environment {
    /// Twelve digits.
    pub account: String,
    /// Region name, such as `us-east-1`.
    pub region: String,
}

/// One CloudFormation stack.
#[derive(Clone, Debug)]
pub struct Stack {
    pub(crate) name: String,
    pub(crate) environment: Environment,
    pub(crate) description: String,
    pub(crate) protect: bool,
    pub(crate) self_reliant: bool,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) dependencies: Vec<String>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) parameters: BTreeMap<String, Parameter>,
    pub(crate) outputs: BTreeMap<String, Output>,
    pub(crate) assets: BTreeMap<String, FileAsset>,
    pub(crate) problems: Vec<Problem>,
}

impl Stack {
    /// An empty stack. A bad name is reported when the app is synthesised.
    pub fn new(name: impl Into<String>, environment: Environment, description: impl Into<String>) -> Self {
        let name = name.into();
        let problems = if valid_stack_name(&name) {
            Vec::new()
        } else {
            vec![Problem::InvalidStackName { name: name.clone() }]
        };
        Self {
            name,
            environment,
            description: description.into(),
            protect: false,
            self_reliant: false,
            tags: BTreeMap::new(),
            dependencies: Vec::new(),
            nodes: Vec::new(),
            parameters: BTreeMap::new(),
            outputs: BTreeMap::new(),
            assets: BTreeMap::new(),
            problems,
        }
    }

    /// Turns on termination protection.
    #[must_use]
    pub fn protected(mut self, protect: bool) -> Self {
        self.protect = protect;
        self
    }

    /// Refuses whatever would make a deployment of this stack read from another region: for what
    /// must still be deployable while that region is gone.
    #[must_use]
    pub fn self_reliant(mut self) -> Self {
        self.self_reliant = true;
        self
    }

    /// Tags the stack itself; CloudFormation passes them on to its resources.
    #[must_use]
    pub fn tagged(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(key.into(), value.into());
        self
    }

    /// Name of the stack, and of its artifact in the assembly.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is deployed to.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Its resources in the order they were added.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Deploys this stack after the one with that name.
    pub fn depend_on(&mut self, stack: impl Into<String>) {
        self.dependencies.push(stack.into());
    }

    /// The top of the tree in this stack.
    pub fn root(&mut self) -> Scope<'_> {
        Scope { stack: self, path: Vec::new() }
    }

    /// The scope named `id` at the top of this stack.
    pub fn scope(&mut self, id: &str) -> Scope<'_> {
        let mut path = Vec::new();
        self.extend(&mut path, id);
        Scope { stack: self, path }
    }

    fn full_path(&self, path: &[String]) -> String {
        [self.name.as_str()].into_iter().chain(path.iter().map(String::as_str)).collect::<Vec<_>>().join("/")
    }

    fn extend(&mut self, path: &mut Vec<String>, id: &str) {
        if !valid_id(id) {
            self.problems.push(Problem::InvalidId { path: self.full_path(path), id: id.to_owned() });
        }
        path.push(id.to_owned());
    }

    fn add<R: Resource>(&mut self, path: &[String], resource: &R) -> Handle {
        let (full, logical) = (self.full_path(path), logical_id(path));
        if logical.len() > LOGICAL_ID_LENGTH_MAX {
            self.problems.push(Problem::LogicalIdTooLong { path: full.clone(), length: logical.len() });
        }
        if self.nodes.iter().any(|node| node.path == full) {
            self.problems.push(Problem::DuplicatePath { path: full.clone() });
        } else if let Some(first) = self.nodes.iter().find(|node| node.logical_id == logical) {
            self.problems.push(Problem::DuplicateLogicalId {
                logical_id: logical.clone(),
                first: first.path.clone(),
                second: full.clone(),
            });
        } else if let Some(first) = self.part_with(&logical) {
            let (path, first) = (full.clone(), first.to_owned());
            self.problems.push(Problem::LogicalIdTaken { path, logical_id: logical.clone(), first });
        }
        self.nodes.push(Node::new(full.clone(), logical, resource));
        Handle::new(full)
    }

    /// Which part of the template, apart from its resources, has this logical id.
    fn part_with(&self, id: &str) -> Option<&'static str> {
        let parameter = self.parameters.contains_key(id).then_some("a parameter of this stack");
        parameter.or_else(|| self.outputs.contains_key(id).then_some("an output of this stack"))
    }

    /// Refuses a logical id that a resource, a parameter or an output of this stack has.
    fn claim(&mut self, scope: &[String], id: &str) {
        let resource = self.nodes.iter().find(|node| node.logical_id == id).map(|node| node.path.clone());
        if let Some(first) = resource.or_else(|| self.part_with(id).map(str::to_owned)) {
            let path = format!("{}/{id}", self.full_path(scope));
            self.problems.push(Problem::LogicalIdTaken { path, logical_id: id.to_owned(), first });
        }
    }
}

/// A place in the tree: what is added here has this path before its own id.
#[derive(Debug)]
pub struct Scope<'s> {
    stack: &'s mut Stack,
    path: Vec<String>,
}

impl Scope<'_> {
    /// The scope named `id` below this one.
    pub fn scope(&mut self, id: &str) -> Scope<'_> {
        let mut path = self.path.clone();
        self.stack.extend(&mut path, id);
        Scope { stack: self.stack, path }
    }

    /// Adds a resource. What is wrong with its id is reported when the app is synthesised.
    pub fn add<R: Resource>(&mut self, id: &str, resource: R) -> Handle {
        let mut path = self.path.clone();
        self.stack.extend(&mut path, id);
        self.stack.add(&path, &resource)
    }

    /// The resource behind a handle of this stack, to set what its type does not hold.
    ///
    /// # Panics
    /// When the handle belongs to another stack, which is a mistake in the program.
    pub fn node(&mut self, handle: &Handle) -> &mut Node {
        self.stack
            .nodes
            .iter_mut()
            .find(|node| node.path == handle.path())
            .expect("a handle is only used with the stack that gave it")
    }

    /// Uploads a file before this stack is deployed; gives bucket and object key.
    pub fn asset(&mut self, asset: &FileAsset) -> (String, String) {
        self.stack.assets.insert(asset.sha256.clone(), asset.clone());
        (asset_bucket(&self.stack.environment), asset.object_key())
    }

    /// Makes a value known to people and to stacks that wait for this one.
    /// `name` is the whole logical id of the output, and of nothing else in the stack: one that is taken is reported
    /// when the app is synthesised.
    pub fn output(&mut self, name: &str, description: &str, value: impl Into<Value<String>>) {
        self.stack.claim(&self.path, name);
        let mut output = Output::new(value);
        output.description = Some(description.to_owned());
        self.stack.outputs.insert(name.to_owned(), output);
    }

    /// The value of a parameter in the Parameter Store of the stack's region, read whenever the stack is deployed.
    /// `name` is the whole logical id of the template's parameter, which holds `key`; who asks for the same again gets
    /// the same, and an id that is taken by anything else is reported when the app is synthesised.
    ///
    /// A template has 60 dynamic references at most, each place counted, and 200 parameters, each of which may be
    /// referred to everywhere: this is for values that many resources need.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html>
    pub fn stored(&mut self, name: &str, key: impl Into<String>) -> Value<String> {
        let mut parameter = Parameter::new("AWS::SSM::Parameter::Value<String>");
        parameter.default = Some(key.into());
        if self.stack.parameters.get(name) != Some(&parameter) {
            self.stack.claim(&self.path, name);
        }
        self.stack.parameters.insert(name.to_owned(), parameter);
        cfn::reference(name).into()
    }

    /// Where this stack is deployed to.
    pub fn environment(&self) -> &Environment {
        &self.stack.environment
    }
}
