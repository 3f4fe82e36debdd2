//! Tests that the requirements page names as proofs exist.

use super::{Source, Violation};

const PAGE: &str = "docs/requirements.md";

/// Words in backticks on the page that look like a test's name, and that no test has.
pub fn check(sources: &[Source]) -> Vec<Violation> {
    let Some(page) = sources.iter().find(|source| source.path == PAGE) else { return Vec::new() };
    let code: Vec<&Source> = sources.iter().filter(|source| source.path.ends_with(".rs")).collect();
    let mut violations = Vec::new();
    for (number, line) in page.lines() {
        for name in line.split('`').skip(1).step_by(2).filter(|word| is_test_name(word)) {
            if !code.iter().any(|source| has_test(&source.text, name)) {
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

/// Whether a function of this name is there with an attribute that has it run: `#[test]`, within `proptest!` too, or
/// tokio's.
fn has_test(code: &str, name: &str) -> bool {
    let function = format!("fn {name}(");
    let lines: Vec<&str> = code.lines().map(str::trim).collect();
    let definitions = lines.iter().enumerate().filter(|(_, line)| line.contains(&function));
    definitions.into_iter().any(|(at, _)| {
        let before = lines[..at].iter().rev();
        // Up to the end of whatever stands before the function: attributes and comments end otherwise.
        let own = before.take_while(|line| !line.is_empty() && !line.ends_with(['{', '}', ';']));
        own.into_iter().any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"))
    })
}

/// Words joined by underscores, three at least.
fn is_test_name(word: &str) -> bool {
    word.matches('_').count() >= 2
        && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    // Goal: a proof that is gone is found with its line, and other words are left alone.
    // Method: a page beside tests of each kind, and beside functions that are none.
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
    fn only_what_is_run_is_a_proof() {
        let proven = |code: &str| {
            let page = source(PAGE, "`orders_are_kept`");
            check(&[page, source("crates/a/src/lib.rs", code)]).is_empty()
        };
        for test in [
            "#[test]\nfn orders_are_kept() {}",
            "mod tests {\n    #[test]\n    #[should_panic]\n    fn orders_are_kept() {}\n}",
            "/// Why.\n#[tokio::test(\n    start_paused = true,\n)]\nasync fn orders_are_kept() {}",
            "proptest! {\n    #[test]\n    fn orders_are_kept(order in any_order()) {}\n}",
        ] {
            assert!(proven(test), "{test}");
        }
        for other in [
            "fn orders_are_kept() {}",
            "#[test]\nfn another_one() {}\nfn orders_are_kept() {}",
            "#[test]\nfn another_one() {\n    orders_are_kept();\n}\n\n#[must_use]\nfn orders_are_kept() -> bool { true }",
            "#[test]\nfn not_orders_are_kept() {}",
        ] {
            assert!(!proven(other), "{other}");
        }
    }

    #[test]
    fn other_words_are_not_proofs() {
        assert_eq!(lines("`cost_center` `protect = true` orders_are_lost `Cargo.toml`"), [0; 0]);
    }
}
