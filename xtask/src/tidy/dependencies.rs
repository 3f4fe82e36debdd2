//! Dependencies point down only, and only two crates link the AWS SDK.

use serde::Deserialize;

use super::{Source, Violation};

/// Our crates and what each may depend on, of ours.
const ALLOWED: &[(&str, &[&str])] = &[
    ("asl", &[]),
    ("cdk", &["cfn"]),
    ("cfn", &[]),
    ("drill", &["recovery"]),
    ("infra", &["asl", "cdk", "cfn", "recovery"]),
    ("recovery", &["asl"]),
    ("services", &["recovery"]),
    ("standfast", &["drill", "infra", "recovery"]),
    ("xtask", &["recovery"]),
];

const MAY_LINK_SDK: [&str; 2] = ["drill", "services"];

/// A package of the workspace.
#[derive(Deserialize)]
pub struct Package {
    name: String,
    manifest_path: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

/// Reads the output of `cargo metadata --no-deps`.
pub fn parse(metadata: &str) -> Result<Vec<Package>, serde_json::Error> {
    serde_json::from_str::<Metadata>(metadata).map(|metadata| metadata.packages)
}

/// Normal and build dependencies between our crates, and on the AWS SDK.
pub fn check(packages: &[Package], sources: &[Source]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for package in packages {
        let manifest = Manifest::find(package, sources);
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == package.name) else {
            let hint = "add it with its dependencies to the design and to tidy/dependencies.rs";
            violations.push(manifest.violation(
                "name",
                format!("crate `{}` has no place in the design", package.name),
                hint.into(),
            ));
            continue;
        };
        for dependency in package.dependencies.iter().filter(|one| one.kind.as_deref() != Some("dev")) {
            let what = format!("`{}` depends on `{}`", package.name, dependency.name);
            let is_ours = ALLOWED.iter().any(|(name, _)| *name == dependency.name);
            if is_ours && !allowed.contains(&dependency.name.as_str()) {
                let hint = format!("`{}` may depend on {} of our crates", package.name, list(allowed));
                violations.push(manifest.violation(&dependency.name, what, hint));
            } else if dependency.name.starts_with("aws-sdk-")
                && !MAY_LINK_SDK.contains(&package.name.as_str())
            {
                let hint = format!("only {} link the AWS SDK", list(&MAY_LINK_SDK));
                violations.push(manifest.violation(&dependency.name, what, hint));
            }
        }
    }
    violations
}

fn list(names: &[&str]) -> String {
    if names.is_empty() { "none".into() } else { format!("`{}`", names.join("`, `")) }
}

/// A manifest, to point into; the path alone when it is not among the sources.
struct Manifest<'a> {
    path: &'a str,
    text: &'a str,
}

impl<'a> Manifest<'a> {
    fn find(package: &'a Package, sources: &'a [Source]) -> Self {
        let ends = |source: &&Source| package.manifest_path.ends_with(&format!("/{}", source.path));
        let longest = sources.iter().filter(ends).max_by_key(|source| source.path.len());
        match longest {
            Some(source) => Manifest { path: &source.path, text: &source.text },
            None => Manifest { path: &package.manifest_path, text: "" },
        }
    }

    fn violation(&self, key: &str, what: String, hint: String) -> Violation {
        let is_key =
            |line: &str| line.strip_prefix(key).is_some_and(|rest| rest.starts_with([' ', '.', '=']));
        let line = self.text.lines().position(is_key).map_or(1, |index| index + 1);
        Violation { path: self.path.to_owned(), line, what, hint }
    }
}

#[cfg(test)]
mod tests {
    // Goal: an upward or unlisted dependency and a stray SDK are found where they stand.
    // Method: metadata of one package with one dependency.
    use super::super::example::source;
    use super::*;

    fn found(package: &str, dependency: &str, kind: &str) -> Vec<Violation> {
        let metadata = format!(
            r#"{{"packages": [{{"name": "{package}", "manifest_path": "/x/crates/{package}/Cargo.toml",
                "dependencies": [{{"name": "{dependency}", "kind": {kind}}}]}}]}}"#
        );
        let path = format!("crates/{package}/Cargo.toml");
        let manifest = source(
            &path,
            &format!("[dependencies]\nserde.workspace = true\n{dependency}.workspace = true\n"),
        );
        check(&parse(&metadata).expect("the metadata is well formed"), &[source("Cargo.toml", ""), manifest])
    }

    #[test]
    fn upward_dependencies_are_refused_with_their_line() {
        let found = found("cfn", "cdk", "null");
        assert_eq!((found[0].path.as_str(), found[0].line), ("crates/cfn/Cargo.toml", 3));
    }

    #[test]
    fn build_dependencies_count_and_dev_dependencies_do_not() {
        assert_eq!(found("cdk", "recovery", "\"build\"").len(), 1);
        assert_eq!(found("cdk", "recovery", "\"dev\""), []);
    }

    #[test]
    fn downward_and_foreign_dependencies_are_fine() {
        assert_eq!(found("cdk", "cfn", "null"), []);
        assert_eq!(found("cfn", "serde", "null"), []);
    }

    #[test]
    fn the_sdk_is_for_two_crates() {
        assert_eq!(found("services", "aws-sdk-sqs", "null"), []);
        assert_eq!(found("recovery", "aws-sdk-sqs", "null").len(), 1);
    }

    #[test]
    fn an_unknown_crate_is_refused() {
        assert_eq!(found("extra", "serde", "null").len(), 1);
    }
}
