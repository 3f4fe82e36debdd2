//! What happens to data when a stack is destroyed.

use cfn::DeletionPolicy;

use super::Aspect;
use crate::node::Node;
use crate::stack::Environment;

/// Gives every resource that holds data a removal policy, unless it has one.
/// Said aloud even when it is `Delete`, because CloudFormation's default is not that for all types.
/// Without `protect`, a resource that would be left behind is refused, whatever its type.
#[derive(Clone, Debug)]
pub struct RemovalPolicy {
    /// Types that hold what cannot be made again although their specification does not say so.
    pub also: Vec<&'static str>,
    /// Keep the data when the resource leaves its stack or is replaced.
    pub protect: bool,
}

impl Aspect for RemovalPolicy {
    fn visit(&self, node: &mut Node, _: &Environment) -> Vec<String> {
        let definition = &node.definition;
        let said = [
            ("DeletionPolicy", definition.deletion_policy),
            ("UpdateReplacePolicy", definition.update_replace_policy),
        ];
        let leaves = |(name, policy): (&str, Option<DeletionPolicy>)| {
            let policy = policy.filter(|policy| !self.protect && *policy != DeletionPolicy::Delete)?;
            Some(format!("{name} {policy:?} leaves something behind, and this deployment is not protected"))
        };
        let reasons = said.into_iter().filter_map(leaves).collect();
        if node.stateful || self.also.contains(&node.definition.type_name.as_str()) {
            let policy = if self.protect { DeletionPolicy::Retain } else { DeletionPolicy::Delete };
            node.definition.deletion_policy.get_or_insert(policy);
            node.definition.update_replace_policy.get_or_insert(policy);
        }
        reasons
    }
}
