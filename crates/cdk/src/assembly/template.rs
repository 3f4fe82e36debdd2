//! The CloudFormation template of one stack.

use cfn::{Json, Template};

use crate::stack::Stack;

/// The template, its resources in the order they were added.
pub(super) fn template(stack: &Stack) -> Template {
    let mut template = Template::new();
    template.description = Some(stack.description.clone()).filter(|text| !text.is_empty());
    for node in &stack.nodes {
        let mut definition = node.definition.clone();
        definition.metadata.insert("aws:cdk:path".to_owned(), Json::from(node.path.clone()));
        template.resources.insert(node.logical_id.clone(), definition);
    }
    template.parameters.extend(stack.parameters.clone());
    template.outputs.extend(stack.outputs.clone());
    template
}
