//! Commands that the documentation names exist.

use super::{Source, Violation};

const CARGO: [&str; 15] = [
    "add", "bench", "build", "check", "clippy", "deny", "doc", "fmt", "insta", "install", "lambda",
    "metadata", "run", "test", "tree",
];

const XTASK: [&str; 5] = ["codegen", "image", "package", "proof", "tidy"];

/// One file here per command of `standfast`.
const COMMANDS: &str = "crates/cli/src/command/";

/// `cargo …`, `cargo xtask …` and `standfast …` in Markdown code that nothing answers to.
pub fn check(sources: &[Source]) -> Vec<Violation> {
    let names = sources.iter().filter_map(|source| source.path.strip_prefix(COMMANDS));
    let standfast: Vec<&str> = names.filter_map(|name| name.split(['/', '.']).next()).collect();
    let mut violations = Vec::new();
    for source in sources.iter().filter(|source| source.path.ends_with(".md")) {
        for (number, code) in code(source) {
            for (program, command) in commands(code) {
                let is_known = match program {
                    "cargo" => command == "xtask" || CARGO.contains(&command),
                    "xtask" => XTASK.contains(&command),
                    _ => standfast.contains(&command),
                };
                if !is_known {
                    let hint = "correct the page, or the list in tidy/commands.rs";
                    violations.push(source.violation(
                        number,
                        format!("`{program}` has no command `{command}`"),
                        hint,
                    ));
                }
            }
        }
    }
    violations
}

/// Code in fences and in backticks, with its line.
fn code(source: &Source) -> Vec<(usize, &str)> {
    let mut inside = false;
    let mut found = Vec::new();
    for (number, line) in source.lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if inside {
            found.push((number, line.split(" #").next().unwrap_or_default()));
        } else {
            found.extend(line.split('`').skip(1).step_by(2).map(|code| (number, code)));
        }
    }
    found
}

/// Pairs of program and subcommand.
fn commands(code: &str) -> Vec<(&str, &str)> {
    let words: Vec<&str> = code.split_whitespace().collect();
    let pairs = words.windows(2).map(|pair| (pair[0].trim_start_matches("./"), pair[1]));
    let is_program = |program: &str| ["cargo", "standfast", "xtask"].contains(&program);
    let is_command = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    pairs.filter(|(program, command)| is_program(program) && is_command(command)).collect()
}

#[cfg(test)]
mod tests {
    // Goal: a command that is gone is found in fences and in backticks, and nowhere else.
    // Method: a page beside one command file.
    use super::super::example::source;
    use super::*;

    const NONE: [usize; 0] = [];

    fn lines(text: &str) -> Vec<usize> {
        let sources = [source("README.md", text), source("crates/cli/src/command/drill.rs", "")];
        check(&sources).iter().map(|violation| violation.line).collect()
    }

    #[test]
    fn unknown_commands_are_found() {
        assert_eq!(lines("Run\n`standfast dril`"), [2]);
        assert_eq!(lines("```\ncargo xtask tidyy\ncargo tset\n```"), [2, 3]);
    }

    #[test]
    fn known_commands_are_fine() {
        assert_eq!(lines("`standfast drill --list`, `standfast --help`, `standfast [SCENARIO]`"), NONE);
        assert_eq!(lines("```\ncargo xtask tidy # cargo nothing\ncargo run -- drill\n```"), NONE);
    }

    #[test]
    fn prose_is_not_a_command() {
        assert_eq!(lines("The cargo ships; standfast means to hold."), NONE);
    }
}
