//! Goal: of other people's validators, the pinned ones are run and heard, and no other. Method: programs in their
//! place that answer as they are told.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

impl Desk {
    /// A program that answers as it is told, where the validators of this directory are looked for.
    fn tool(&self, file: &str, says: &str) {
        let file = self.path(file);
        fs::create_dir_all(file.parent().expect("a directory")).expect("a directory");
        fs::write(&file, format!("#!/bin/sh\n{says}\n")).expect("a file");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("it is ours");
    }

    fn validate(&self) -> (Option<i32>, Value) {
        let mut command = standfast(self.here());
        command
            .args(["check", "--templates", "out", "--output", "json"])
            .env("PATH", format!("{}:/usr/bin:/bin", self.path("machine").display()));
        let said = Said::of(command.output().expect("it starts"));
        (said.code, json_of(&said)["validators"].clone())
    }
}

const LINT: &str = ".venv/bin/cfn-lint";

#[test]
fn a_validator_that_objects_fails_the_check_with_the_construct() {
    let desk = Desk::new();
    let finding = json!([{
        "Filename": "TapStack-Dns-us-east-2-production.template.json", "Message": "no such thing",
        "Location": { "Path": ["Resources", "Zone5FD6A0D3"] }, "Rule": { "Id": "E3012" },
    }]);
    desk.tool(LINT, &format!("[ \"$1\" = --version ] && echo cfn-lint 1.58.0 || echo '{finding}'"));
    let (code, validators) = desk.validate();
    assert_eq!(code, Some(1));
    assert_eq!(validators[0]["version"], "1.58.0");
    assert_eq!(validators[0]["findings"][0]["rule"], "E3012");
    desk.tool(LINT, "[ \"$1\" = --version ] && echo cfn-lint 1.58.0 || echo '[]'");
    let (code, validators) = desk.validate();
    assert_eq!((code, &validators[0]["outcome"]), (Some(0), &json!("ran")));
}

#[test]
fn a_validator_that_breaks_is_not_taken_for_one_that_is_content() {
    let desk = Desk::new();
    desk.tool(LINT, "[ \"$1\" = --version ] && echo cfn-lint 1.58.0 || { echo no module >&2; exit 1; }");
    let (code, validators) = desk.validate();
    assert_eq!((code, &validators[0]["outcome"]), (Some(1), &json!("broken")));
    let reason = validators[0]["reason"].as_str().expect("a reason");
    assert!(reason.ends_with("(no module)"), "{reason}");
}

#[test]
fn a_validator_of_another_version_is_not_run_and_named() {
    let desk = Desk::new();
    let objecting = |version: &str| {
        format!("[ \"$1\" = --version ] && echo cfn-lint {version} || {{ touch ran; echo nonsense; }}")
    };
    let content = "[ \"$1\" = --version ] && echo cfn-lint 1.58.0 || echo '[]'";
    desk.tool("machine/cfn-lint", &objecting("1.51.0"));
    let (code, validators) = desk.validate();
    assert_eq!((code, &validators[0]["outcome"]), (Some(0), &json!("other_version")));
    assert_eq!(validators[0]["version"], "1.51.0");
    let program = validators[0]["program"].as_str().expect("a path");
    assert!(program.ends_with("machine/cfn-lint"), "{program}");
    desk.tool(LINT, &objecting("1.58.01"));
    let (code, validators) = desk.validate();
    assert_eq!((code, &validators[0]["version"]), (Some(0), &json!("1.58.01")), "the project's own is named");
    desk.tool("machine/cfn-lint", content);
    assert_eq!(desk.validate().1[0]["outcome"], "ran", "the pinned one is found behind another");
    desk.tool("machine/cfn-lint", &objecting("1.51.0"));
    desk.tool(LINT, content);
    assert_eq!(desk.validate().1[0]["outcome"], "ran", "the project's own goes first");
    assert!(!desk.path("ran").exists(), "another version was run");
}

#[test]
fn a_validator_of_the_machine_without_a_version_is_no_reason_to_fail() {
    let desk = Desk::new();
    desk.tool("machine/cfn-lint", "echo no version is set >&2; exit 127");
    let (code, validators) = desk.validate();
    assert_eq!((code, &validators[0]["version"]), (Some(0), &json!("of no known version")));
}

#[test]
fn the_projects_own_validators_are_found_from_within_the_project() {
    let desk = Desk::new();
    desk.tool(LINT, "[ \"$1\" = --version ] && echo cfn-lint 1.58.0 || echo '[]'");
    let mut command = standfast(&desk.path("deployments"));
    let arguments = ["check", "--templates", "../out", "-f", "trading.toml", "--output", "json"];
    command.args(arguments).env("PATH", "");
    let said = Said::of(command.output().expect("it starts"));
    assert_eq!(json_of(&said)["validators"][0]["outcome"], "ran", "{said:?}");
}

#[test]
fn every_state_machine_is_handed_over() {
    let desk = Desk::new();
    let valid = "State machine definition is valid";
    let says = format!("[ \"$1\" = --version ] && echo 4.0.0 && exit; echo $2 >> seen; echo '{valid}'");
    desk.tool("node_modules/.bin/asl-validator", &says);
    let (code, validators) = desk.validate();
    assert_eq!((code, &validators[1]["outcome"]), (Some(0), &json!("ran")));
    let seen = fs::read_to_string(desk.path("seen")).expect("it was called");
    assert!(seen.lines().count() >= 2, "{seen}");
}
