//! Names that say nothing are refused: they hide a missing noun.

use super::{Source, Violation};

const EMPTY_NAMES: [&str; 4] = ["common", "helpers", "manager", "utils"];

const HINT: &str = "find the missing noun: what are the things in it?";

/// Files, directories and modules with an empty name.
pub fn check(source: &Source) -> Vec<Violation> {
    if !source.path.ends_with(".rs") || source.is_generated() {
        return Vec::new();
    }
    let in_path = source.path.split(['/', '.']).filter_map(empty_part);
    let mut violations: Vec<Violation> =
        in_path.map(|part| source.violation(1, format!("`{part}` in a file name"), HINT)).collect();
    for (number, line) in source.lines() {
        if let Some(part) = inline_module(line).and_then(empty_part) {
            violations.push(source.violation(number, format!("`{part}` in a module name"), HINT));
        }
    }
    violations
}

fn empty_part(name: &str) -> Option<&str> {
    name.split(['_', '-']).find(|part| EMPTY_NAMES.contains(part))
}

/// The name in `mod name {`; `mod name;` is found by its file.
fn inline_module(line: &str) -> Option<&str> {
    let code = line.trim().strip_suffix('{')?;
    let (visibility, name) = code.split_once("mod ")?;
    (visibility.is_empty() || visibility.starts_with("pub")).then_some(name.trim())
}

#[cfg(test)]
mod tests {
    // Goal: an empty name is found in a path and in a module, alone or as a part.
    // Method: one example each, and names that only look alike.
    use super::super::example::source;
    use super::*;

    #[test]
    fn empty_names_are_found() {
        for path in ["src/utils.rs", "src/common/mod.rs", "src/lease_manager.rs", "tests/test-helpers.rs"] {
            assert_eq!(check(&source(path, "")).len(), 1, "{path}");
        }
        assert_eq!(check(&source("src/a.rs", "\npub(crate) mod utils {\n}"))[0].line, 2);
        assert_eq!(check(&source("src/a.rs", "mod helpers {")).len(), 1);
    }

    #[test]
    fn other_names_are_fine() {
        assert_eq!(check(&source("src/secretsmanager.rs", "mod commonwealth {")), []);
        assert_eq!(check(&source("docs/common.md", "")), []);
    }
}
