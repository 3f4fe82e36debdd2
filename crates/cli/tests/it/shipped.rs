//! Goal: what we ship passes the check that we ship. Method: the command in the checkout, with the validators that
//! are installed there; and what the documents say of both.

use std::fs;

use infra::check::validator::Tool;
use serde_json::{Value, json};

use crate::standfast::{checkout, run};

/// Where validators have to be installed in their pinned versions.
const REQUIRED: &str = "STANDFAST_VALIDATORS";

/// Says which of them are not installed, on standard error; what they would find is then not known. Where
/// `STANDFAST_VALIDATORS=required` is set, as in our CI, that fails.
#[test]
fn the_installed_validators_find_nothing_that_is_not_accepted() {
    for name in ["trading", "finance-west", "finance-east"] {
        let file = format!("deployments/{name}.toml");
        let said = run(&checkout(), &["check", "-f", &file, "--output", "json"]);
        let report: Value =
            serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"));
        let validators = report["validators"].as_array().expect("a list");
        for validator in validators {
            let tool = validator["tool"].as_str().expect("a name");
            match validator["outcome"].as_str() {
                Some("ran") => assert_eq!(validator["findings"], json!([]), "{name}: {tool}"),
                Some("not_installed" | "other_version") => {
                    let required = std::env::var(REQUIRED).is_ok_and(|value| value == "required");
                    assert!(!required, "{name}: {tool} is not installed in its pinned version");
                    eprintln!("{name}: {tool} is not installed in its pinned version, and was not run");
                }
                _ => panic!("{name}: {validator}"),
            }
        }
        if validators.iter().all(|validator| validator["outcome"] == "ran") {
            assert_eq!(report["unused_acceptances"], json!([]), "{name}");
            assert_eq!(report["verdict"], "passed", "{name}");
        }
    }
}

#[test]
fn the_readme_counts_the_rules() {
    let readme = fs::read_to_string(checkout().join("README.md")).expect("it is checked in");
    let words = format!("against {} rules of our own", infra::check::rule::RULES.len());
    assert!(readme.contains(&words), "README.md does not say `{words}`");
}

#[test]
fn the_readme_counts_the_stacks() {
    let readme = fs::read_to_string(checkout().join("README.md")).expect("it is checked in");
    let said = run(&checkout(), &["synth", "--diagram"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let drawn: Vec<&str> = said.out.lines().filter(|line| line.contains("[\"<b>")).collect();
    let at_home = drawn.iter().filter(|line| line.contains("_us_east_1_")).count();
    assert_eq!((drawn.len(), at_home), (24, 11), "and the words below");
    for words in ["Twenty-four stacks for the trading system", "in each region eleven"] {
        assert!(readme.contains(words), "README.md does not say `{words}`");
    }
}

#[test]
fn the_pinned_validators_are_those_that_are_installed() {
    let file = |name: &str| fs::read_to_string(checkout().join(name)).expect("it is checked in");
    assert!(file("validation/requirements.txt").contains(&format!("cfn-lint=={}", Tool::CfnLint.pinned())));
    let npm: Value = serde_json::from_str(&file("package.json")).expect("JSON");
    let npm = |name: &str| npm["devDependencies"][name].as_str().expect("a version").to_owned();
    assert_eq!(npm("asl-validator"), Tool::AslValidator.pinned());
    assert!(Tool::CfnGuard.pinned().ends_with(&npm("@cdklabs/cdk-validator-cfnguard")));
}
