//! Tests that the requirements page names as proofs exist.

use super::{Source, Violation};

const PAGE: &str = "docs/requirements.md";

/// Words in backticks on the page that look like a test's name, and that no function has.
pub fn check(sources: &[Source]) -> Vec<Violation> {
    let Some(page) = sources.iter().find(|source| source.path == PAGE) else { return Vec::new() };
    let code: Vec<&Source> = sources.iter().filter(|source| source.path.ends_with(".rs")).collect();
    let mut violations = Vec::new();
    for (number, line) in page.lines() {
        for name in line.split('`').skip(1).step_by(2).filter(|word| is_test_name(word)) {
            let function = format!("fn {name}(");
            if !code.iter().any(|source| source.text.contains(&function)) {
                violations.push(page.violation(
                    number,
                    format!("no test is called `{name}`"),
                    "name the test that proves it now, or say that it is not demonstrated",
                ));
            }
        }
    }
    violations
}

/// Words joined by underscores, three at least.
fn is_test_name(word: &str) -> bool {
    word.matches('_').count() >= 2
        && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    // Goal: a proof that is gone is found with its line, and other words are left alone.
    // Method: a page beside one test.
    use super::super::example::source;
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        let test = source("crates/a/src/lib.rs", "#[test]\nfn orders_are_kept() {}");
        check(&[source(PAGE, text), test]).iter().map(|violation| violation.line).collect()
    }

    #[test]
    fn a_proof_that_is_gone_is_found() {
        assert_eq!(lines("`orders_are_kept`\n`orders_are_lost`, `orders_are_kept`"), [2]);
    }

    #[test]
    fn other_words_are_not_proofs() {
        assert_eq!(lines("`cost_center` `protect = true` orders_are_lost `Cargo.toml`"), [0; 0]);
    }
}
