//! The order in which stacks are deployed.

use serde_json::{Map, Value};

use super::AssemblyError;

/// Ids of the artifacts that one depends on.
pub(super) fn dependencies(artifact: &Value) -> impl Iterator<Item = &str> {
    artifact["dependencies"].as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// Ids of the stack artifacts, each after those it depends on, otherwise as in the manifest.
pub(super) fn stacks_in_order(artifacts: &Map<String, Value>) -> Result<Vec<&str>, AssemblyError> {
    let is_stack = |id: &str| artifacts.get(id).is_some_and(|a| a["type"] == "aws:cloudformation:stack");
    let mut waiting: Vec<&str> = artifacts.keys().map(String::as_str).filter(|id| is_stack(id)).collect();
    let mut ordered = Vec::new();
    while !waiting.is_empty() {
        let ready = |id: &&str| dependencies(&artifacts[*id]).all(|d| !is_stack(d) || ordered.contains(&d));
        let Some(next) = waiting.iter().position(ready) else {
            return Err(AssemblyError::Circle(waiting.join(", ")));
        };
        ordered.push(waiting.remove(next));
    }
    Ok(ordered)
}

#[cfg(test)]
mod tests {
    // Goal: order follows dependencies and a circle is named. Method: small manifests.
    use super::*;
    use serde_json::json;

    fn manifest(dependencies: &[(&str, &[&str])]) -> Map<String, Value> {
        let stack = |on: &[&str]| json!({"type": "aws:cloudformation:stack", "dependencies": on});
        dependencies.iter().map(|(id, on)| ((*id).to_owned(), stack(on))).collect()
    }

    #[test]
    fn a_stack_comes_after_what_it_depends_on() {
        let artifacts = manifest(&[("a", &["c", "a.assets"]), ("b", &[]), ("c", &["b"])]);
        assert_eq!(stacks_in_order(&artifacts).expect("no circle"), ["b", "c", "a"]);
    }

    #[test]
    fn a_circle_is_refused() {
        let artifacts = manifest(&[("a", &["b"]), ("b", &["a"]), ("c", &[])]);
        let error = stacks_in_order(&artifacts).expect_err("a circle");
        assert!(error.to_string().ends_with("a, b"));
    }
}
