//! Goal: the stock `cdk` command chooses deployment and environment by `-c`, and nothing that it says is
//! silently left out. Method: its two variables, set as it sets them; packages that hold nothing.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::standfast::{Said, checkout, run, standfast};

/// Packages of the functions, and room for an assembly.
fn room() -> tempfile::TempDir {
    let room = tempfile::tempdir().expect("a temporary directory");
    for function in infra::packages::FUNCTIONS {
        fs::write(room.path().join(format!("{function}.zip")), function).expect("a file");
    }
    room
}

/// `standfast synth` below the cdk command, which hands over this context.
fn synth(room: &Path, arguments: &[&str], context: &Value) -> Said {
    let mut command = standfast(&checkout());
    command.args(arguments).arg("synth").arg("--packages").arg(room).env("CDK_OUTDIR", room.join("out"));
    command.env("CDK_CONTEXT_JSON", context.to_string());
    Said::of(command.output().expect("the command starts"))
}

/// Names of the stacks in the assembly.
fn stacks(room: &Path) -> Vec<String> {
    let manifest = fs::read_to_string(room.join("out/manifest.json")).expect("it was written");
    let manifest: Value = serde_json::from_str(&manifest).expect("JSON");
    let artifacts = manifest["artifacts"].as_object().expect("artifacts");
    let stack = |(_, one): &(&String, &Value)| one["type"] == "aws:cloudformation:stack";
    artifacts.iter().filter(stack).map(|(name, _)| name.clone()).collect()
}

#[test]
fn an_environment_is_chosen_by_argument_or_context() {
    let own = json!({ "aws:cdk:bundling-stacks": ["**"], "@aws-cdk/core:newStyle": true });
    let asked = json!({ "environment": "staging", "aws:cdk:enable-path-metadata": true });
    let cases: [(&[&str], &Value, &str); 4] = [
        (&[], &own, "-production"),
        (&[], &asked, "-staging"),
        (&["--environment", "staging"], &own, "-staging"),
        (&["--environment", "staging"], &asked, "-staging"),
    ];
    for (arguments, context, suffix) in cases {
        let room = room();
        let said = synth(room.path(), arguments, context);
        assert_eq!(said.code, Some(0), "{said:?}");
        let stacks = stacks(room.path());
        assert!(stacks.len() > 10 && stacks.iter().all(|name| name.ends_with(suffix)), "{stacks:?}");
    }
}

#[test]
fn a_deployment_file_is_chosen_by_context_also_when_it_is_long() {
    let room = room();
    let shipped = fs::read_to_string(checkout().join("deployments/trading.toml")).expect("it is shipped");
    let mine = room.path().join("mine.toml");
    fs::write(&mine, shipped.replace("\"production\"", "\"acceptance\"")).expect("a file");
    let overflow = room.path().join("context-overflow.json");
    fs::write(&overflow, json!({ "deployment": mine }).to_string()).expect("a file");
    let mut command = standfast(&checkout());
    command.args(["synth", "--packages"]).arg(room.path()).env("CDK_OUTDIR", room.path().join("out"));
    command.env("CDK_CONTEXT_JSON", "{}").env("CONTEXT_OVERFLOW_LOCATION_ENV", &overflow);
    let said = Said::of(command.output().expect("the command starts"));
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(stacks(room.path()).iter().all(|name| name.ends_with("-acceptance")));
}

#[test]
fn what_cannot_be_meant_is_refused_before_anything_is_written() {
    let cases: [(&[&str], Value, &[&str]); 6] = [
        (&[], json!({ "enviroment": "staging" }), &["unknown context `enviroment`", "-c environment=NAME"]),
        (&[], json!({ "environment": 3 }), &["the context `environment` is 3", "hint: "]),
        (&[], json!(["environment"]), &["the context is not an object in JSON", "CDK_CONTEXT_JSON"]),
        (
            &[],
            json!({ "environment": "qa" }),
            &["trading.toml:1:1: there is no environment \"qa\"", "staging"],
        ),
        (&[], json!({ "deployment": "none.toml" }), &["cannot read the deployment file none.toml"]),
        (
            &["--environment", "production"],
            json!({ "environment": "staging" }),
            &["the environment is `production` by --environment, and `staging` by context", "hint: "],
        ),
    ];
    for (arguments, context, words) in cases {
        let room = room();
        synth(room.path(), arguments, &context).refused(2, words);
        assert!(!room.path().join("out").exists(), "{context}");
    }
}

#[test]
fn every_command_knows_the_environments_of_the_file() {
    let said = run(&checkout(), &["--environment", "staging", "workflow", "--format", "runbook"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("-staging") && !said.out.contains("-production"), "{}", said.out);
    for command in ["workflow", "drill", "synth"] {
        run(&checkout(), &[command, "--environment", "qa"]).refused(2, &["it has production, staging"]);
    }
}

/// Packages of the functions, and what the template of a finance deployment says of its image.
fn image(arguments: &[&str], context: &Value, beside: Option<&str>) -> (Said, String) {
    let room = room();
    if let Some(tag) = beside {
        fs::write(room.path().join(infra::packages::IMAGE_TAG_FILE), tag).expect("a file");
    }
    let all = [&["-f", "deployments/finance-west.toml"], arguments].concat();
    let said = synth(room.path(), &all, context);
    let template = room.path().join("out/TapStack-Services-us-east-1-production-west.template.json");
    (said, fs::read_to_string(template).unwrap_or_default())
}

#[test]
fn the_image_of_containers_is_named_by_context_or_by_what_lies_beside_the_packages() {
    let none = json!({});
    let (said, _) = image(&[], &none, None);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(
        said.err.contains("nobody says which image") && said.err.contains("cargo xtask image"),
        "{said:?}"
    );
    let (said, template) = image(&[], &none, Some("sha256-0a\n"));
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(template.contains("/repository-orders-production-west:sha256-0a\""));
    let (said, template) = image(&[], &json!({ "image": "sha256-0b" }), Some("sha256-0a"));
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(template.contains(":sha256-0b\"") && !template.contains(":sha256-0a\""));
    let (said, _) = image(&[], &json!({ "image": "registry/repository:tag" }), None);
    assert!(said.err.contains("is no tag of an image"), "{said:?}");
}
