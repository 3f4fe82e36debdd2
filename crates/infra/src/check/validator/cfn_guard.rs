//! `cfn-guard validate --structured --output-format json`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Finding, Garbled, stack_of};
use crate::check::inventory::{Inventory, inside};

/// Its findings: one for each rule and resource.
///
/// # Errors
/// When the text is not the list that it prints.
pub fn read(text: &str, inventory: &Inventory) -> Result<Vec<Finding>, Garbled> {
    let list: Vec<Value> = serde_json::from_str(text).map_err(|error| Garbled(error.to_string()))?;
    let mut findings = Vec::new();
    for template in &list {
        let file =
            template["name"].as_str().ok_or_else(|| Garbled("a template without a name".to_owned()))?;
        let rules =
            template["not_compliant"].as_array().ok_or_else(|| Garbled(format!("nothing on {file}")))?;
        for rule in rules {
            findings.extend(of_rule(rule, stack_of(file), inventory));
        }
    }
    Ok(findings)
}

fn of_rule(rule: &Value, stack: &str, inventory: &Inventory) -> Vec<Finding> {
    let values = inside(rule);
    let words =
        values.iter().filter_map(|value| value["custom_message"].as_str()).find(|words| !words.is_empty());
    let (name, what) = control(words.unwrap_or_default()).unwrap_or_else(|| {
        (rule["Rule"]["name"].as_str().unwrap_or("unknown").to_owned(), "not compliant".to_owned())
    });
    let places = values.iter().filter_map(|value| value["path"].as_str());
    let ids: BTreeSet<&str> =
        places.filter_map(|path| path.strip_prefix("/Resources/")?.split('/').next()).collect();
    let finding = |path: String| Finding { rule: name.clone(), path, what: what.clone() };
    if ids.is_empty() {
        return vec![finding(stack.to_owned())];
    }
    ids.into_iter().map(|id| finding(inventory.path(stack, id))).collect()
}

/// `[CT.RDS.PR.3]: Require …` and the line's end.
fn control(words: &str) -> Option<(String, String)> {
    let (name, rest) = words.trim().strip_prefix('[')?.split_once("]:")?;
    Some((name.to_owned(), rest.lines().next().unwrap_or_default().trim().to_owned()))
}
