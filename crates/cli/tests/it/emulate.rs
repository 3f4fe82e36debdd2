//! Goal: the stock `cdk` command line deploys and destroys the whole system, and what a command leaves
//! behind is found out.
//! Method: the script that users run, against the emulator; then commands that leave something or fail.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::standfast::{Said, checkout, functions, standfast};
use crate::traces::Private;

const CACHE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/standfast-cache");

/// Runs `standfast emulate` with these arguments, as a user who works in an account; nothing is left on
/// the machine then.
fn emulate(arguments: &[&str]) -> Said {
    drill::environment::Environment::for_tests(env!("CARGO_TARGET_TMPDIR"))
        .expect("the environment installs");
    let private = Private::new();
    let mut command = standfast(&checkout());
    command.arg("emulate").arg("--functions").arg(functions()).args(["--cache", CACHE]);
    command.env("AWS_PROFILE", "somebody").env("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:9/");
    let said = Said::of(command.args(arguments).env("TMPDIR", private.path()).output().expect("it starts"));
    private.assert_empty();
    said
}

/// Runs the users' script on a deployment with stacks of these kinds in both regions, but for `Dns` and
/// `GlobalTables`, which are in the standby alone.
fn deploy_and_destroy(deployment: &str, suffix: &str, [home, standby]: [&str; 2], kinds: &[&str]) {
    drill::environment::Environment::for_tests(env!("CARGO_TARGET_TMPDIR"))
        .expect("the environment installs");
    let output = Command::new(checkout().join("scripts/deploy-and-destroy.sh"))
        .args(["-f", deployment, "--cache", CACHE, "--functions"])
        .arg(functions())
        .stdin(Stdio::null())
        .output()
        .expect("the script starts");
    let said = Said::of(output);
    assert_eq!(said.code, Some(0), "{}\n{}", said.out, said.err);
    // The command line reports on standard output where `CI` is set, on standard error elsewhere.
    let reported = format!("{}\n{}", said.out, said.err);
    let stacks: Vec<&str> = said.out.lines().filter(|line| line.starts_with("TapStack-")).collect();
    let in_both = ["Alerts", "Foundation", "Networking", "Storage", "Database", "Peering", "NetworkPeering"];
    for kind in ["Dns", "GlobalTables"].iter().chain(&in_both).chain(kinds) {
        for region in [home, standby] {
            let name = format!("TapStack-{kind}-{region}-{suffix}");
            let shared = region == home && ["Dns", "GlobalTables"].contains(kind);
            assert_eq!(stacks.iter().any(|line| *line == name), !shared, "cdk ls lists {name}");
            let destroyed = format!("{name}: destroyed");
            assert_eq!(reported.contains(&destroyed), !shared, "{destroyed}\n{reported}");
        }
    }
    assert!(reported.contains("Number of stacks with differences: 0"), "{reported}");
    assert!(said.err.contains("nothing that the command deployed is left in the emulator"), "{}", said.err);
    for lacking in ["AWS::EC2::NatGateway", "AWS::RDS::GlobalCluster", "AWS::Route53::HealthCheck"] {
        assert!(said.err.contains(lacking), "{lacking} is named as only recorded");
    }
}

#[test]
fn the_stock_cdk_deploys_and_destroys_every_stack_and_nothing_is_left() {
    let kinds = ["Compute", "Api", "DisasterRecovery", "Monitoring"];
    deploy_and_destroy("deployments/trading.toml", "production", ["us-east-1", "us-east-2"], &kinds);
}

#[test]
fn the_stock_cdk_deploys_and_destroys_containers_and_nothing_is_left() {
    let kinds = ["Images", "LoadBalancer", "Compute", "Services", "DisasterRecovery", "Monitoring", "Audit"];
    deploy_and_destroy(
        "deployments/finance-west.toml",
        "production-west",
        ["us-east-1", "us-west-2"],
        &kinds,
    );
}

#[test]
fn the_stock_cdk_lists_and_writes_the_other_finance_pair() {
    // The same stacks as of finance-west, which is deployed above; here only that its own regions are where they belong.
    let east = ["-f", "deployments/finance-east.toml", "--", "node_modules/.bin/cdk"];
    let listed = emulate(&[&east[..], &["ls"]].concat());
    assert_eq!(listed.code, Some(0), "{listed:?}");
    let stacks: Vec<&str> = listed.out.lines().filter(|line| line.starts_with("TapStack-")).collect();
    let of = |region: &str| stacks.iter().filter(|name| name.contains(region)).count();
    assert_eq!((of("-us-east-2-"), of("-us-east-1-"), stacks.len()), (14, 16, 30), "{stacks:?}");
    let shared =
        |kind: &str| stacks.iter().any(|name| name.starts_with(&format!("TapStack-{kind}-us-east-1-")));
    assert!(shared("Dns") && shared("GlobalTables"), "in the standby: {stacks:?}");
    let written = emulate(&[&east[..], &["synth", "--quiet"]].concat());
    assert_eq!(written.code, Some(0), "{written:?}");
}

#[test]
fn what_a_command_leaves_behind_is_listed_and_refused_when_a_teardown_was_expected() {
    let leave = "import os, urllib.request as r; \
                 r.urlopen(os.environ['AWS_ENDPOINT_URL'], b'Action=CreateQueue&QueueName=left-behind')";
    let said = emulate(&["--expect-teardown", "--output", "json", "--", "python3", "-c", leave]);
    assert_eq!(said.code, Some(1), "{said:?}");
    let summary: Value = serde_json::from_str(said.out.trim()).expect("one object");
    assert_eq!(summary["orphans"][0]["service"], "sqs", "{summary}");
    assert!(said.err.contains("left-behind") && said.err.contains("error:"), "{said:?}");
    assert_eq!(emulate(&["--", "python3", "-c", leave]).code, Some(0), "nobody asked");
}

#[test]
fn what_may_stay_is_told_with_its_reason() {
    let leave = "import os, urllib.request as r; \
                 r.urlopen(os.environ['AWS_ENDPOINT_URL'], b'Action=CreateQueue&QueueName=cdk-hnb659fds-stays')";
    let said = emulate(&["--expect-teardown", "--output", "json", "--", "python3", "-c", leave]);
    assert_eq!(said.code, Some(0), "it may stay: {said:?}");
    let summary: Value = serde_json::from_str(said.out.trim()).expect("one object");
    let expected = summary["expected"].as_array().expect("a list");
    let reason = "the account's bootstrap stack, which serves every deployment";
    let queue = expected.iter().find(|left| left["holding"]["service"] == "sqs").expect("the queue is named");
    assert!(
        queue["holding"]["key"].as_str().is_some_and(|key| key.contains("cdk-hnb659fds-stays")),
        "{queue}"
    );
    assert_eq!(queue["reason"], reason);
    assert!(said.err.contains("these may be left") && said.err.contains(reason), "{said:?}");
    assert!(said.err.contains("nothing that the command deployed is left"), "{said:?}");
}

#[test]
fn the_command_s_own_failure_is_passed_on_and_no_setting_of_the_user_reaches_it() {
    let said = emulate(&[
        "--",
        "sh",
        "-c",
        "test -z \"$AWS_PROFILE$AWS_ENDPOINT_URL_SQS\" && echo $AWS_ACCESS_KEY_ID && exit 7",
    ]);
    assert_eq!((said.code, said.out.trim()), (Some(7), "emulator"), "{said:?}");
    let said = emulate(&["--", "no-such-command-anywhere"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("cannot run no-such-command-anywhere"), "{said:?}");
}
