//! `cfn-lint --format json`.

use serde_json::Value;

use super::{Finding, Garbled, stack_of};
use crate::check::inventory::Inventory;

/// Its findings.
///
/// # Errors
/// When the text is not the list that it prints.
pub fn read(text: &str, inventory: &Inventory) -> Result<Vec<Finding>, Garbled> {
    let list: Vec<Value> = serde_json::from_str(text).map_err(|error| Garbled(error.to_string()))?;
    list.iter().map(|entry| finding(entry, inventory).ok_or_else(|| Garbled(entry.to_string()))).collect()
}

fn finding(entry: &Value, inventory: &Inventory) -> Option<Finding> {
    let stack = stack_of(entry["Filename"].as_str()?);
    let at = &entry["Location"]["Path"];
    let id = at[1].as_str().filter(|_| at[0] == "Resources");
    Some(Finding {
        rule: entry["Rule"]["Id"].as_str()?.to_owned(),
        path: id.map_or_else(|| stack.to_owned(), |id| inventory.path(stack, id)),
        what: entry["Message"].as_str()?.to_owned(),
    })
}
