//! No policy allows more than it names, unless it says why.

use cfn::Json;

use super::Aspect;
use crate::node::Node;
use crate::policy;
use crate::stack::Environment;

/// Refuses what [`policy::unexplained`] finds, in any property of any type; also where a property holds its
/// policy as text.
#[derive(Clone, Debug)]
pub struct LeastPrivilege {
    /// Key of the metadata in which a resource gives its reasons, each for one list of actions.
    pub reason_key: String,
}

impl Aspect for LeastPrivilege {
    fn visit(&self, node: &mut Node, _: &Environment) -> Vec<String> {
        let definition = &node.definition;
        let reasons = definition.metadata.get(&self.reason_key).and_then(Json::as_str);
        let found = policy::unexplained(&definition.type_name, &definition.properties, reasons);
        let mut refusals: Vec<String> = found
            .into_iter()
            .map(|one| format!("{} allows {} and gives no `{}`", one.property, one.excess, self.reason_key))
            .collect();
        refusals.dedup();
        refusals
    }
}
