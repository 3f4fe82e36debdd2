//! The deciding crates do no I/O and read no clock, environment or random source.

use super::{Source, Violation};

const PURE: [&str; 5] =
    ["crates/asl/src/", "crates/cdk/src/", "crates/cfn/src/", "crates/recovery/src/", "crates/sim/src/"];

/// Path prefix and the one use that it may have.
const EXCEPTIONS: [(&str, &str); 1] = [("crates/cdk/src/assembly", "std::fs")];

const FORBIDDEN: [&str; 11] = [
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "Instant::now",
    "SystemTime::now",
    "Utc::now",
    "Uuid::new_v4",
    "Uuid::now_v7",
    "rand::",
    "getrandom",
];

/// Modules of `std` that must not be imported in a group either.
const FORBIDDEN_IN_STD: [&str; 4] = ["env", "fs", "net", "process"];

/// Uses of the outside world in a deciding crate, tests excluded.
pub fn check(source: &Source) -> Vec<Violation> {
    let is_pure = PURE.iter().any(|prefix| source.path.starts_with(prefix));
    if !is_pure || !source.path.ends_with(".rs") || is_test_file(&source.path) {
        return Vec::new();
    }
    let mut violations = Vec::new();
    let mut import = String::new();
    for (number, line) in product_lines(source) {
        let code = line.split("//").next().unwrap_or_default();
        for used in direct_uses(code).into_iter().chain(grouped_uses(code, &mut import)) {
            let is_excepted = |(path, what): &(&str, &str)| source.path.starts_with(path) && *what == used;
            if !EXCEPTIONS.iter().any(is_excepted) {
                let what = format!("`{used}` in a crate that only decides");
                violations.push(source.violation(
                    number,
                    what,
                    "take what it yields as an argument; I/O belongs to services, drill or cli",
                ));
            }
        }
    }
    violations
}

fn is_test_file(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/")
}

fn direct_uses(code: &str) -> Vec<String> {
    let stands_alone = |at: usize, word: &str| {
        let before = code[..at].chars().next_back();
        let after = code[at + word.len()..].chars().next();
        !before.is_some_and(is_word) && (word.ends_with(':') || !after.is_some_and(is_word))
    };
    let uses = |word: &&&str| code.match_indices(**word).any(|(at, found)| stands_alone(at, found));
    FORBIDDEN.iter().filter(uses).map(|word| word.to_string()).collect()
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Modules in `use std::{…};`, which may span lines; reported at its last line.
fn grouped_uses(code: &str, import: &mut String) -> Vec<String> {
    if import.is_empty() && !code.trim_start().trim_start_matches("pub ").starts_with("use std::{") {
        return Vec::new();
    }
    import.push_str(code);
    if !code.contains(';') {
        return Vec::new();
    }
    let statement = std::mem::take(import);
    let words: Vec<&str> = statement.split(|letter| !is_word(letter)).collect();
    let used = FORBIDDEN_IN_STD.iter().filter(|module| words.contains(*module));
    used.map(|module| format!("std::{module}")).collect()
}

/// Lines outside items that are compiled for tests only.
fn product_lines(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    let mut waiting = false;
    let mut depth = 0_usize;
    source.lines().filter(move |(_, line)| {
        if depth > 0 {
            depth = (depth + line.matches('{').count()).saturating_sub(line.matches('}').count());
            return false;
        }
        if line.trim() == "#[cfg(test)]" {
            waiting = true;
            return false;
        }
        if waiting {
            depth = line.matches('{').count().saturating_sub(line.matches('}').count());
            waiting = depth == 0 && !line.trim_end().ends_with([';', '}']);
            return false;
        }
        true
    })
}

#[cfg(test)]
mod tests {
    // Goal: every way out of a pure crate is seen, and tests may use them all.
    // Method: one line each, with the line where it must be reported.
    use super::super::example::source;
    use super::*;

    const NONE: [usize; 0] = [];

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(&source(path, text)).iter().map(|violation| violation.line).collect()
    }

    fn recovery(text: &str) -> Vec<usize> {
        lines("crates/recovery/src/lease.rs", text)
    }

    #[test]
    fn every_way_out_is_found() {
        for way in FORBIDDEN {
            assert_eq!(recovery(&format!("fn a() {{}}\nlet x = {way}();")), [2], "{way}");
        }
        assert_eq!(recovery("use std::{fmt, fs};"), [1]);
        assert_eq!(recovery("use std::{\n    fmt,\n    env,\n};"), [4]);
    }

    #[test]
    fn similar_names_and_comments_are_fine() {
        assert_eq!(
            recovery("// std::fs is not used\nlet brand = operand::new();\nuse std::{fmt, io};"),
            NONE
        );
        assert_eq!(recovery("use std::environment;"), NONE);
    }

    #[test]
    fn other_crates_may() {
        assert_eq!(lines("crates/drill/src/lib.rs", "use std::fs;"), NONE);
    }

    #[test]
    fn only_the_assembly_writer_writes_files() {
        let text = "use std::fs;\nuse std::env;";
        assert_eq!(lines("crates/cdk/src/assembly.rs", text), [2]);
        assert_eq!(lines("crates/cdk/src/assembly/write.rs", text), [2]);
        assert_eq!(lines("crates/cdk/src/stack.rs", text), [1, 2]);
    }

    #[test]
    fn test_modules_are_left_out_and_code_after_them_is_not() {
        let text = "#[cfg(test)]\nmod tests {\n    use std::fs;\n    fn a() { b() }\n}\nuse std::env;";
        assert_eq!(recovery(text), [6]);
        assert_eq!(recovery("#[cfg(test)]\nmod tests;\nuse std::env;"), [3]);
        assert_eq!(lines("crates/cfn/src/template/tests.rs", "use std::fs;"), NONE);
    }
}
