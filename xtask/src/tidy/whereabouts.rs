//! No file says where on somebody's machine it was written.

use super::{Source, Violation};

/// Absolute directories, without their leading slash so that this file passes.
const PRIVATE: [&str; 3] = ["work", "tmp/explore", "root"];

/// Absolute paths under a private directory.
pub fn check(source: &Source) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (number, line) in source.lines() {
        for directory in PRIVATE.map(|directory| format!("/{directory}")) {
            if line.match_indices(&directory).any(|(at, found)| is_whole(line, at, found)) {
                let what = format!("absolute path under `{directory}`");
                violations.push(source.violation(
                    number,
                    what,
                    "name it from the repository's root, or take it as an argument",
                ));
            }
        }
    }
    violations
}

/// Whether the match is an absolute path's first part and not a piece of a longer word.
fn is_whole(line: &str, at: usize, found: &str) -> bool {
    let continues = |letter: char| letter.is_alphanumeric() || "_-.".contains(letter);
    let before = line[..at].chars().next_back();
    let after = line[at + found.len()..].chars().next();
    let starts = !before.is_some_and(|letter| continues(letter) || "/~})>*".contains(letter));
    starts && !after.is_some_and(|letter| continues(letter) && letter != '.')
}

#[cfg(test)]
mod tests {
    // Goal: a private path is found wherever it stands, a relative one never.
    // Method: paths built here, so that this file does not break its own rule.
    use super::super::example::source;
    use super::*;

    fn is_refused(before: &str, path: &str) -> bool {
        !check(&source("a.md", &format!("\n{before}/{path}\n"))).is_empty()
    }

    #[test]
    fn private_paths_are_refused() {
        for path in ["work/main", "tmp/explore/venv", "root/.cargo", "work", "root."] {
            assert!(is_refused("see ", path), "{path}");
            assert!(is_refused("\"", path), "{path}");
            assert!(is_refused("=", path), "{path}");
        }
    }

    #[test]
    fn words_and_relative_paths_are_not() {
        for (before, path) in
            [("crates", "work/x"), ("", "workflow"), ("$HOME", "work"), ("~", "work"), (" ", "roots")]
        {
            assert!(!is_refused(before, path), "{before}/{path}");
        }
    }
}
