//! `cargo xtask tidy`: the rules of the design that neither rustc nor clippy knows.
//!
//! Each check is a pure function from sources to violations; only this file
//! reads the work tree.

mod commands;
mod dependencies;
mod links;
mod names;
mod proofs;
mod purity;
mod size;
mod whereabouts;

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::problem::Problem;

/// A text file of the work tree.
#[derive(Debug)]
pub struct Source {
    /// Path from the root, with forward slashes.
    pub path: String,
    /// Content.
    pub text: String,
}

impl Source {
    /// Whether a tool wrote it.
    pub fn is_generated(&self) -> bool {
        self.text.starts_with("// @generated")
    }

    /// Lines with their numbers from 1.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    fn violation(&self, line: usize, what: impl Into<String>, hint: impl Into<String>) -> Violation {
        Violation { path: self.path.clone(), line, what: what.into(), hint: hint.into() }
    }
}

/// A broken rule.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    path: String,
    line: usize,
    what: String,
    hint: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}\n  hint: {}", self.path, self.line, self.what, self.hint)
    }
}

/// Checks the work tree and prints every violation.
pub fn run(arguments: &[String], root: &Path) -> Result<(), Problem> {
    if let Some(argument) = arguments.first() {
        return Err(Problem::new(format!("`tidy` takes no `{argument}`"), "usage: cargo xtask tidy"));
    }
    let sources = read(root)?;
    let metadata = output(Command::new("cargo").args(["metadata", "--no-deps", "--format-version=1"]), root)?;
    let packages = dependencies::parse(&metadata).map_err(|error| {
        Problem::new(
            format!("cannot read cargo's metadata: {error}"),
            "its format changed; adapt tidy/dependencies.rs",
        )
    })?;
    let mut violations = dependencies::check(&packages, &sources);
    for source in &sources {
        violations.extend(purity::check(source));
        violations.extend(size::check(source));
        violations.extend(names::check(source));
        violations.extend(whereabouts::check(source));
    }
    violations.extend(links::check(&sources));
    violations.extend(commands::check(&sources));
    violations.extend(proofs::check(&sources));
    report(violations, sources.len())
}

fn report(mut violations: Vec<Violation>, files: usize) -> Result<(), Problem> {
    violations.sort();
    violations.iter().for_each(|violation| println!("{violation}"));
    if violations.is_empty() {
        println!("{files} files are tidy");
        return Ok(());
    }
    Err(Problem::new(
        format!("{} rules broken in {files} files", violations.len()),
        "each line above says how to mend it",
    ))
}

/// All text files that are tracked, or new and not ignored.
fn read(root: &Path) -> Result<Vec<Source>, Problem> {
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let names = output(Command::new("git").args(list), root)?;
    let mut sources = Vec::new();
    for path in names.split('\0').filter(|path| !path.is_empty()) {
        let file = root.join(path);
        match fs::read(&file).map(String::from_utf8) {
            Ok(Ok(text)) => sources.push(Source { path: path.to_owned(), text }),
            Ok(Err(_)) => {}               // not text
            Err(_) if !file.exists() => {} // deleted, not yet committed
            Err(error) => return Err(Problem::file(&file, error)),
        }
    }
    Ok(sources)
}

fn output(command: &mut Command, root: &Path) -> Result<String, Problem> {
    let name = command.get_program().to_string_lossy().into_owned();
    let hint = "`tidy` needs git and cargo, and runs inside the repository";
    let output = command
        .current_dir(root)
        .output()
        .map_err(|error| Problem::new(format!("cannot run `{name}`: {error}"), hint))?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(Problem::new(format!("`{name}` failed: {reason}"), hint));
    }
    String::from_utf8(output.stdout).map_err(|error| Problem::new(format!("`{name}`: {error}"), hint))
}

#[cfg(test)]
mod example {
    use super::Source;

    /// A source for tests.
    pub fn source(path: &str, text: &str) -> Source {
        Source { path: path.to_owned(), text: text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    // Goal: this repository keeps its own rules.
    // Method: the task itself, on the work tree that the tests were built from.
    #[test]
    fn this_repository_is_tidy() {
        if let Err(problem) = super::run(&[], &crate::root()) {
            panic!("{problem}");
        }
    }
}
