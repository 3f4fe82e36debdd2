//! `cargo xtask codegen`: the resource types of `crates/cfn/src/generated`.

mod docs;
mod emit;
mod naming;
mod source;
mod spec;
mod targets;
mod types;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::problem::Problem;
use spec::Database;
use targets::TARGETS;

const OUTPUT: &str = "crates/cfn/src/generated";

/// What the command line asked for.
#[derive(Debug, Default, PartialEq)]
pub struct Options {
    check: bool,
    spec: Option<PathBuf>,
}

impl Options {
    /// Reads `--check` and `--spec FILE`.
    pub fn parse(arguments: &[String]) -> Result<Self, Problem> {
        let mut options = Options::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match (argument.as_str(), rest.as_slice().first()) {
                ("--check", _) => options.check = true,
                ("--spec", Some(file)) => {
                    options.spec = Some(PathBuf::from(file));
                    rest.next();
                }
                _ => {
                    let what = format!("`codegen` does not understand `{argument}`");
                    return Err(Problem::new(what, "usage: cargo xtask codegen [--check] [--spec FILE]"));
                }
            }
        }
        Ok(options)
    }
}

/// Writes the generated files, or with `--check` compares them.
pub fn run(arguments: &[String], root: &Path) -> Result<(), Problem> {
    let options = Options::parse(arguments)?;
    let json = source::read(options.spec.as_deref(), root)?;
    let database = Database::parse(&json).map_err(|error| {
        Problem::new(
            format!("cannot read the specification: {error}"),
            "its format changed; adapt codegen/spec.rs",
        )
    })?;
    let wanted = render(&database, root)?;
    let directory = root.join(OUTPUT);
    if options.check { compare(&directory, &wanted) } else { write(&directory, &wanted) }
}

/// File name to formatted content.
fn render(database: &Database, root: &Path) -> Result<BTreeMap<String, String>, Problem> {
    let definitions = database.definitions();
    let mut files = BTreeMap::new();
    let mut index = format!("{}//! Resource types, one module per AWS service.\n\n", emit::HEADER);
    let mut services: Vec<_> = TARGETS.iter().collect();
    services.sort_by_key(|(namespace, _)| namespace.to_lowercase());
    for (namespace, names) in services {
        let find = |name: &&str| {
            let wanted = format!("AWS::{namespace}::{name}");
            let missing = || Problem::new(format!("no type `{wanted}`"), "correct codegen/targets.rs");
            database.resource(&wanted).ok_or_else(missing)
        };
        let resources: Vec<_> = names.iter().map(find).collect::<Result<_, _>>()?;
        let module = namespace.to_lowercase();
        let code = emit::service(&format!("AWS::{namespace}"), &resources, &definitions);
        files.insert(format!("{module}.rs"), format_code(&code, root)?);
        index.push_str(&format!("pub mod {module};\n"));
    }
    files.insert("mod.rs".into(), format_code(&index, root)?);
    Ok(files)
}

/// Runs rustfmt with the settings of the workspace.
fn format_code(code: &str, root: &Path) -> Result<String, Problem> {
    let failed = |what: String| Problem::new(what, "install it with `rustup component add rustfmt`");
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path"])
        .arg(root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| failed(format!("cannot run rustfmt: {error}")))?;
    let mut input = child.stdin.take().expect("stdin was piped");
    let bytes = code.as_bytes().to_vec();
    let writer = std::thread::spawn(move || input.write_all(&bytes));
    let output = child.wait_with_output().map_err(|error| failed(format!("rustfmt: {error}")))?;
    let written = writer.join().expect("the writer does not panic");
    if !output.status.success() || written.is_err() {
        return Err(failed(format!("rustfmt failed with {}", output.status)));
    }
    String::from_utf8(output.stdout).map_err(|error| failed(format!("rustfmt: {error}")))
}

fn write(directory: &Path, wanted: &BTreeMap<String, String>) -> Result<(), Problem> {
    fs::create_dir_all(directory).map_err(|error| Problem::file(directory, error))?;
    for stale in present(directory)?.into_iter().filter(|name| !wanted.contains_key(name)) {
        let file = directory.join(stale);
        fs::remove_file(&file).map_err(|error| Problem::file(&file, error))?;
    }
    for (name, content) in wanted {
        let file = directory.join(name);
        fs::write(&file, content).map_err(|error| Problem::file(&file, error))?;
    }
    println!("{} files in {OUTPUT}", wanted.len());
    Ok(())
}

fn compare(directory: &Path, wanted: &BTreeMap<String, String>) -> Result<(), Problem> {
    let is_same = |name: &str| {
        let content = fs::read_to_string(directory.join(name)).ok();
        content.as_ref() == wanted.get(name)
    };
    let mut names = present(directory)?;
    names.extend(wanted.keys().cloned());
    names.sort();
    names.dedup();
    let different: Vec<String> = names.into_iter().filter(|name| !is_same(name)).collect();
    if different.is_empty() {
        println!("{OUTPUT} is what the specification says");
        return Ok(());
    }
    let what = format!("{OUTPUT} differs from the specification in {}", different.join(", "));
    Err(Problem::new(what, "run `cargo xtask codegen` and commit the result"))
}

fn present(directory: &Path) -> Result<Vec<String>, Problem> {
    let entries = fs::read_dir(directory).map_err(|error| Problem::file(directory, error))?;
    Ok(entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
}

#[cfg(test)]
mod tests {
    // Goal: a comparison notices a changed, a missing and a surplus file.
    // Method: a directory of two files against lists that differ in one way each.
    use super::*;

    fn files(list: &[(&str, &str)]) -> BTreeMap<String, String> {
        list.iter().map(|(name, content)| (name.to_string(), content.to_string())).collect()
    }

    #[test]
    fn a_difference_of_any_kind_is_found() {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        write(directory.path(), &files(&[("a.rs", "a"), ("b.rs", "b")])).expect("files can be written");
        assert!(compare(directory.path(), &files(&[("a.rs", "a"), ("b.rs", "b")])).is_ok());
        for wrong in [
            files(&[("a.rs", "a"), ("b.rs", "x")]),
            files(&[("a.rs", "a")]),
            files(&[("a.rs", "a"), ("b.rs", "b"), ("c.rs", "c")]),
        ] {
            assert!(compare(directory.path(), &wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn unknown_options_are_refused() {
        let arguments = |list: &[&str]| list.iter().map(|one| one.to_string()).collect::<Vec<_>>();
        assert!(Options::parse(&arguments(&["--chekc"])).is_err());
        assert!(Options::parse(&arguments(&["--spec"])).is_err());
        let parsed = Options::parse(&arguments(&["--spec", "f", "--check"])).expect("both are known");
        assert_eq!(parsed, Options { check: true, spec: Some("f".into()) });
    }
}
