//! Goal: a check says what is in the way of a deployment, by its exit code as well, and needs nothing that is not
//! there. Method: the shipped deployment and assemblies written from it, with one thing changed; tools of our own
//! in the place of other people's validators.

#[cfg(unix)]
mod tools;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::standfast::{Said, checkout, run, standfast};

/// A directory with the shipped deployment file and an assembly that was synthesised from it.
struct Desk {
    directory: TempDir,
}

impl Desk {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let desk = Self { directory };
        let shipped = checkout().join("deployments/trading.toml");
        fs::create_dir(desk.path("deployments")).expect("a directory");
        fs::copy(shipped, desk.path("deployments/trading.toml")).expect("it is shipped");
        fs::create_dir(desk.path("packages")).expect("a directory");
        for function in infra::packages::FUNCTIONS {
            fs::write(desk.path(&format!("packages/{function}.zip")), function).expect("a file");
        }
        let said = run(desk.here(), &["synth", "--packages", "packages", "--outdir", "out"]);
        assert_eq!(said.code, Some(0), "{said:?}");
        desk.alarm_on_lag();
        desk
    }

    fn here(&self) -> &Path {
        self.directory.path()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.here().join(name)
    }

    /// Changes a stack's template.
    fn edit(&self, stack: &str, change: impl Fn(&mut Value)) {
        let file = self.path(&format!("out/TapStack-{stack}-production.template.json"));
        let text = fs::read_to_string(&file).expect("it was written");
        let mut template: Value = serde_json::from_str(&text).expect("JSON");
        change(&mut template);
        fs::write(&file, template.to_string()).expect("it is ours");
    }

    /// An alarm on the replication lag in each region, where the templates have none.
    fn alarm_on_lag(&self) {
        for region in ["us-east-1", "us-east-2"] {
            let alarm = json!({
                "Type": "AWS::CloudWatch::Alarm",
                "Properties": {
                    "AlarmName": "alarm-lag-production", "MetricName": "AuroraGlobalDBReplicationLag",
                    "AlarmActions": [format!("arn:aws:sns:{region}:000000000000:topic-alerts-production")],
                },
            });
            self.edit(&format!("DisasterRecovery-{region}"), |template| {
                template["Resources"]["LagAlarm"] = alarm.clone();
            });
        }
    }

    fn deployment(&self, from: &str, to: &str) {
        let file = self.path("deployments/trading.toml");
        let text = fs::read_to_string(&file).expect("it was copied");
        assert!(text.contains(from), "{from}");
        fs::write(&file, text.replace(from, to)).expect("it is ours");
    }

    fn check(&self, more: &[&str]) -> Said {
        run(self.here(), &[&["check", "--templates", "out"], more].concat())
    }
}

fn json_of(said: &Said) -> Value {
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"))
}

#[test]
fn a_deployment_that_nothing_is_wrong_with_passes() {
    let desk = Desk::new();
    let said = desk.check(&["--quick"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    for words in ["trading: passed", "at worst 49 s, objective 60 s, met", "left out"] {
        assert!(said.out.contains(words), "no `{words}` in:\n{}", said.out);
    }
}

#[test]
fn a_broken_rule_is_told_by_its_construct_and_fails() {
    let desk = Desk::new();
    desk.edit("Database-us-east-2", |template| {
        let resources = template["Resources"].as_object_mut().expect("resources");
        let cluster = resources.values_mut().find(|resource| resource["Type"] == "AWS::RDS::DBCluster");
        cluster.expect("a cluster")["Properties"]["StorageEncrypted"] = false.into();
    });
    let said = desk.check(&["--quick"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    for words in [
        "trading: failed",
        "  encrypted-at-rest: ",
        "    TapStack-Database-us-east-2-production/Cluster: is not encrypted at rest",
        "    why: ",
    ] {
        assert!(said.out.contains(words), "no `{words}` in:\n{}", said.out);
    }
}

#[test]
fn an_objective_that_cannot_be_met_comes_with_what_would_meet_it() {
    let desk = Desk::new();
    desk.edit("Dns-us-east-2", |template| {
        for resource in template["Resources"].as_object_mut().expect("resources").values_mut() {
            if resource["Type"] == "AWS::Route53::HealthCheck" {
                resource["Properties"]["HealthCheckConfig"]["FailureThreshold"] = 5.into();
            }
        }
    });
    let said = desk.check(&["--quick"]);
    assert_eq!(said.code, Some(3), "{said:?}");
    for words in [
        "trading: an objective cannot be met",
        "at worst 79 s, objective 60 s, CANNOT BE MET",
        "- health_check.failure_threshold 5 → 3 saves 20 s, which is enough",
    ] {
        assert!(said.out.contains(words), "no `{words}` in:\n{}", said.out);
    }
    let json = json_of(&desk.check(&["--quick", "--output", "json"]));
    assert_eq!(json["verdict"], "objectives_missed");
    assert_eq!(json["budgets"][0]["changes"][0]["setting"], "health_check.failure_threshold");
}

#[test]
fn what_the_deployment_file_promises_is_what_is_judged() {
    let desk = Desk::new();
    desk.deployment("settlement_time_s = 1800", "settlement_time_s = 600");
    desk.deployment("two_endpoints_recovery_time_s = 5", "two_endpoints_recovery_time_s = 4");
    let said = desk.check(&["--quick"]);
    assert_eq!(said.code, Some(3), "{said:?}");
    assert!(said.out.contains("nothing of it is configured: change the objective"), "{}", said.out);
    assert!(said.out.contains("- attempts at PromoteDatabase 9 → 1 saves"), "{}", said.out);
}

#[test]
fn without_packages_a_check_says_that_it_uses_stand_ins() {
    let desk = Desk::new();
    let with = |arguments: &[&str]| {
        let all = [&["check", "--quick", "--output", "json"], arguments].concat();
        json_of(&run(desk.here(), &all))["templates"].as_str().expect("a text").to_owned()
    };
    assert_eq!(with(&[]), "synthesised with stand-in packages, for target/lambda does not hold every one");
    assert_eq!(with(&["--packages", "packages"]), "synthesised with the packages in packages");
    fs::remove_file(desk.path("packages/sentinel.zip")).expect("it was written");
    let said = run(desk.here(), &["check", "--quick", "--packages", "packages"]);
    said.refused(1, &["cannot use the packages in packages", "sentinel.zip", "hint: "]);
}

#[test]
fn a_directory_without_an_assembly_is_refused() {
    let desk = Desk::new();
    let check = |directory: &str| run(desk.here(), &["check", "--quick", "--templates", directory]);
    check("packages")
        .refused(2, &["packages holds no cloud assembly", "cannot read manifest.json", "hint: "]);
    fs::write(desk.path("packages/manifest.json"), "{}").expect("a file");
    check("packages").refused(2, &["manifest.json is no JSON of a cloud assembly"]);
    run(desk.here(), &["check", "--templates", "out", "--packages", "packages"])
        .refused(2, &["cannot be used with"]);
}

#[test]
fn validators_that_are_not_installed_change_nothing() {
    let desk = Desk::new();
    let mut command = standfast(desk.here());
    command.args(["check", "--templates", "out"]).env("PATH", "");
    let said = Said::of(command.output().expect("it starts"));
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(said.out.matches("not installed").count(), 3, "{}", said.out);
    for hint in ["pip install -r validation/requirements.txt", "npm install --no-package-lock"] {
        assert!(said.out.contains(hint), "{}", said.out);
    }
}

#[test]
fn the_report_is_one_object_of_known_fields() {
    let desk = Desk::new();
    let report = json_of(&desk.check(&["--quick", "--output", "json"]));
    let fields =
        |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>().join(" ");
    let expected = [
        (&report, "deployment templates verdict budgets budget_problem rules validators unused_acceptances"),
        (&report["budgets"][0], "question objective_s worst_s met parts beside changes"),
        (&report["budgets"][0]["parts"][0], "name seconds kind source"),
        (&report["rules"][0], "id title rationale findings"),
        (&report["validators"][0], "tool outcome findings accepted"),
    ];
    for (value, names) in expected {
        assert_eq!(fields(value), names);
    }
    assert_eq!(report["verdict"], "passed");
}
