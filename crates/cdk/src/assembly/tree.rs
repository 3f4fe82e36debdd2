//! `tree.json`: the construct tree, for tools that draw it or look a resource up.
//!
//! No node says which library's class made it (`constructInfo`): the command line would
//! match that with the security notices of the JavaScript library, which is not here.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::LoweredStack;
use crate::node::Node;

#[derive(Default)]
struct Branch<'n> {
    children: BTreeMap<String, Branch<'n>>,
    node: Option<&'n Node>,
}

/// The tree of the whole app.
pub(super) fn tree(stacks: &[LoweredStack]) -> Value {
    let mut root = Branch::default();
    for lowered in stacks {
        root.children.entry(lowered.stack.name.clone()).or_default();
        for node in &lowered.stack.nodes {
            let mut branch = &mut root;
            for id in node.path.split('/') {
                branch = branch.children.entry(id.to_owned()).or_default();
            }
            branch.node = Some(node);
        }
    }
    let mut children = children(&root, "");
    children.insert("Tree".to_owned(), json!({ "id": "Tree", "path": "Tree" }));
    json!({ "version": "tree-0.1", "tree": { "id": "App", "path": "", "children": children } })
}

fn children(branch: &Branch<'_>, path: &str) -> Map<String, Value> {
    branch.children.iter().map(|(id, child)| (id.clone(), describe(id, child, path))).collect()
}

fn describe(id: &str, branch: &Branch<'_>, parent: &str) -> Value {
    let path = if parent.is_empty() { id.to_owned() } else { format!("{parent}/{id}") };
    let mut described = json!({ "id": id, "path": path });
    if !branch.children.is_empty() {
        described["children"] = Value::Object(children(branch, &path));
    }
    if let Some(node) = branch.node {
        described["attributes"] = json!({
            "aws:cdk:cloudformation:type": node.definition.type_name,
            "aws:cdk:cloudformation:logicalId": node.logical_id,
            "aws:cdk:cloudformation:props": node.definition.properties,
        });
    }
    described
}
