//! What the policies of a template allow.

pub(super) use cdk::policy::Statement;
use cdk::policy::statements;

use super::inventory::Resource;

/// What a role or an identity policy allows.
pub(super) fn allowed(resource: &Resource<'_>) -> Vec<Statement> {
    let inline = resource.list("Policies").iter().map(|policy| &policy["PolicyDocument"]);
    inline.chain([resource.get("PolicyDocument")]).flat_map(statements).collect()
}
