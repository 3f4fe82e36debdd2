//! `asl-validator`, which prints for people.

use super::{Finding, Garbled};

/// Its findings on one state machine, whose construct path is `path`.
///
/// # Errors
/// When it says neither that the definition is valid nor what is wrong with it.
pub fn read(text: &str, path: &str) -> Result<Vec<Finding>, Garbled> {
    let known = |line: &str| line.split_once(": ").filter(|(rule, _)| is_rule(rule)).is_some();
    let findings: Vec<Finding> = text
        .lines()
        .map(str::trim)
        .filter(|line| known(line))
        .filter_map(|line| line.split_once(": "))
        .map(|(rule, what)| Finding { rule: rule.to_owned(), path: path.to_owned(), what: what.to_owned() })
        .collect();
    let valid = text.contains("is valid") && !text.contains("is invalid");
    if findings.is_empty() != valid {
        return Err(Garbled(text.trim().to_owned()));
    }
    Ok(findings)
}

/// Such as `SCHEMA_VALIDATION_FAILED`.
fn is_rule(word: &str) -> bool {
    word.contains('_') && word.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_')
}
