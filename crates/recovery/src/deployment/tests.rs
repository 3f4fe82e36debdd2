//! Goal: a deployment file is either valid as a whole or every problem of it is
//! named with its place, and no input panics. Method: the shipped file is edited
//! one line at a time; proptest mutates it and feeds arbitrary text.

use proptest::prelude::*;

use super::*;

const TRADING: &str = include_str!("../../../../deployments/trading.toml");

/// The shipped file with one field replaced; panics when there is no such line.
fn with(field: &str, value: &str) -> String {
    let replaced: Vec<String> = TRADING
        .lines()
        .map(|line| match line.split_once(" = ") {
            Some((key, _)) if key == field => format!("{field} = {value}"),
            _ => line.to_owned(),
        })
        .collect();
    let text = replaced.join("\n");
    assert_ne!(text, TRADING.trim_end(), "no line sets {field}");
    text
}

fn problems(text: &str) -> String {
    Deployment::parse(text, "trading.toml").expect_err("the file is invalid").to_string()
}

#[test]
fn the_shipped_file_is_valid() {
    let deployment = Deployment::parse(TRADING, "trading.toml").expect("the shipped file is valid");
    assert_eq!(deployment.pair().map(Region::as_str), ["us-east-1", "us-east-2"]);
    assert_eq!(deployment.peer_of(&deployment.regions.standby), &deployment.regions.home);
    assert_eq!(deployment.names().journal_table(), "table-journal-production");
    assert_eq!(deployment.objectives.availability_percent, 99.99);
    assert_eq!(deployment.compute.architecture.as_str(), "x86_64");
}

#[test]
fn every_problem_is_reported_at_once_with_its_place() {
    let text = with("home", "\"us-east-9\"")
        .replace("ttl_s = 15", "ttl_s = 9\nrenew_ms = 3")
        .replace("protect = false", "protect = \"no\"")
        .replace("shards = 4 ", "shards = -4 ");
    insta::assert_snapshot!(problems(&text), @r#"
    trading.toml:6:11: `protect` is "no"
      hint: it must be true or false
    trading.toml:9:8: us-east-9 takes part in no strongly consistent table
      hint: choose three of one set: us-east-1, us-east-2, us-west-2; or eu-west-1, eu-west-2, eu-west-3, eu-central-1; or ap-northeast-1, ap-northeast-2, ap-northeast-3
    trading.toml:30:9: a TTL of 9 s is shorter than two renewals of 5 s
      hint: one lost renewal must not cost the lease: make ttl_s at least 2 × renew_s
    trading.toml:31:1: unknown field `lease.renew_ms`
      hint: known here: renew_s, ttl_s, margin_s, cooldown_s, database_patience_s
    trading.toml:47:10: `journal.shards` is -4
      hint: it must be a whole number from 1 to 1000: partitions per minute
    "#);
}

#[test]
fn a_missing_section_names_its_fields() {
    let start = TRADING.find("[lease]").expect("the file has a lease");
    let end = TRADING.find("[health_check]").expect("the file has health checks");
    let text = format!("{}{}", &TRADING[..start], &TRADING[end..]);
    insta::assert_snapshot!(problems(&text), @r"
    trading.toml:1:1: section `lease` is missing
      hint: add a section [lease] with renew_s, ttl_s, margin_s, cooldown_s, database_patience_s
    ");
}

#[test]
fn each_rule_refuses_what_breaks_it() {
    let cases = [
        ("environment", "\"Production\"", "cannot be part of a resource name"),
        ("environment", "\"a-name-of-more-than-twenty\"", "cannot be part of a resource name"),
        ("owner", "\"a\\u0007b\"", "cannot be the value of a tag"),
        ("standby", "\"us-east-1\"", "and so is `regions.home`"),
        ("standby", "\"eu-west-1\"", "cannot share a strongly consistent table with us-east-1"),
        ("witness", "\"sa-east-1\"", "takes part in no strongly consistent table"),
        ("witness", "\"nowhere\"", "`regions.witness` is \"nowhere\""),
        ("recovery_time_s", "0", "`objectives.recovery_time_s` is 0"),
        ("availability_percent", "100.0", "`objectives.availability_percent` is 100.0"),
        ("availability_percent", "nan", "`objectives.availability_percent` is nan"),
        ("zone", "\"trading\"", "no domain name"),
        ("zone", "\"-x.example\"", "no domain name"),
        ("record_ttl_s", "61", "`domain.record_ttl_s` is 61"),
        ("orders_per_second", "0", "`load.orders_per_second` is 0"),
        ("ttl_s", "9", "shorter than two renewals"),
        ("margin_s", "8", "not less than half the TTL"),
        ("database_patience_s", "601", "`lease.database_patience_s` is 601"),
        ("replay_margin_s", "659", "does not reach as far back as the sweep"),
        ("cooldown_s", "10", "is over before a lease can expire again"),
        ("interval_s", "20", "Route 53 cannot check every 20 s"),
        ("failure_threshold", "11", "`health_check.failure_threshold` is 11"),
        ("schedule_s", "61", "not a whole number of minutes"),
        ("watch_s", "139", "leaves gaps in which no watch has seen a whole TTL"),
        ("watch_s", "841", "`sentinel.watch_s` is 841"),
        ("probe_failures", "29", "longer than a watch"),
        ("architecture", "\"riscv\"", "`compute.architecture` is \"riscv\""),
        ("engine_version", "\"15.4\"", "not one of PostgreSQL 16"),
        ("instance_class", "\"db.t4g.medium\"", "cannot be part of a global database"),
        ("instances_per_region", "0", "`database.instances_per_region` is 0"),
        ("backup_retention_days", "36", "`database.backup_retention_days` is 36"),
        ("settlement_time_s", "0", "`objectives.settlement_time_s` is 0"),
        ("burst", "5001", "`api.burst` is 5001"),
        ("requests_per_address", "9", "`api.requests_per_address` is 9"),
        ("email", "[\"nobody\"]", "\"nobody\" is no address"),
        ("email", "[1]", "`alarms.email` is a list"),
        ("email", "\"a@b.example\"", "`alarms.email` is \"a@b.example\""),
        ("api_latency_ms", "29001", "`alarms.api_latency_ms` is 29001"),
        ("audit_retention_days", "0", "`storage.audit_retention_days` is 0"),
        ("audit_object_lock", "true", "`protect` is false"),
        ("dwell_s", "29", "over before an outage of home is noticed"),
        ("lag_ms_max", "9", "`failback.lag_ms_max` is 9"),
        ("automatic", "1", "`failback.automatic` is 1"),
        ("renew_s", "99999999999999999999999", "`lease.renew_s` is 99999999999999999999999"),
    ];
    for (field, value, expected) in cases {
        let text = with(field, value);
        let line = text.lines().position(|line| line == format!("{field} = {value}")).expect("set above") + 1;
        let found = Deployment::parse(&text, "f").expect_err(&format!("{field} = {value} is refused"));
        let hit = found.problems.iter().find(|problem| problem.reason.contains(expected));
        let hit = hit.unwrap_or_else(|| panic!("{field} = {value}: expected {expected:?}, found\n{found}"));
        assert_eq!(hit.line, line, "{field} = {value}\n{found}");
        assert!(!hit.hint.is_empty(), "{field} = {value}");
    }
}

#[test]
fn an_unreadable_field_causes_no_further_problem() {
    let found =
        Deployment::parse_for(&with("environment", "3"), "f", Some("production")).expect_err("no text");
    assert_eq!(found.problems.len(), 1, "{found}");
    let found = Deployment::parse(&with("ttl_s", "\"soon\""), "f").expect_err("a text is no number");
    assert_eq!(found.problems.len(), 1, "{found}");
}

#[test]
fn every_strong_set_is_accepted() {
    for set in STRONG_SETS {
        let text = TRADING
            .replace("home = \"us-east-1\"", &format!("home = {:?}", set[0]))
            .replace("standby = \"us-east-2\"", &format!("standby = {:?}", set[1]))
            .replace("witness = \"us-west-2\"", &format!("witness = {:?}", set[2]));
        Deployment::parse(&text, "f").expect("one set");
    }
}

fn places_lie_inside(text: &str) {
    for found in [None, Some("staging"), Some("é")]
        .into_iter()
        .filter_map(|environment| Deployment::parse_for(text, "f", environment).err())
    {
        assert!(!found.problems.is_empty());
        for problem in &found.problems {
            assert!(problem.line >= 1 && problem.line <= text.split('\n').count(), "{problem:?}");
            assert!(problem.column >= 1, "{problem:?}");
        }
        let _ = found.to_string();
    }
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in any::<String>()) {
        places_lie_inside(&text);
    }

    #[test]
    fn arbitrary_tables_never_panic(text in "(\\[{1,2}(lease|regions|load|é)\\]{1,2}\r?\n|(renew_s|home|name|lease)( = |\\.)[\\[\\]{}\",'0-9a-fx+_\\-\\\\ .T:é]{0,9}\r?\n){0,9}") {
        places_lie_inside(&text);
    }

    #[test]
    fn a_mutated_file_parses_or_names_a_place(
        at in 0..TRADING.len(), cut in 0..40usize, insert in "[\\[\\]={}\"'#.\n\\-_ 0-9a-zé]{0,6}",
    ) {
        prop_assume!(TRADING.is_char_boundary(at));
        let end = (at + cut).min(TRADING.len());
        prop_assume!(TRADING.is_char_boundary(end));
        places_lie_inside(&format!("{}{insert}{}", &TRADING[..at], &TRADING[end..]));
    }
}

#[test]
fn an_environment_says_only_what_is_other_there() {
    let own = Deployment::parse(TRADING, "f").expect("it is valid");
    let named = Deployment::parse_for(TRADING, "f", Some("production")).expect("its own environment");
    assert_eq!(own, named);
    let staging = Deployment::parse_for(TRADING, "f", Some("staging")).expect("it is in the file");
    assert_eq!((staging.environment.as_str(), staging.cost_center.as_str()), ("staging", "trading-staging"));
    assert_eq!(staging.names().journal_table(), "table-journal-staging");
    assert_eq!(staging.domain.zone, "staging.trading.example");
    assert_eq!(staging.domain.record_ttl_s, own.domain.record_ttl_s, "a section is not replaced as a whole");
    let mut same = staging;
    same.environment.clone_from(&own.environment);
    same.cost_center.clone_from(&own.cost_center);
    same.domain.clone_from(&own.domain);
    same.load.clone_from(&own.load);
    same.database.clone_from(&own.database);
    assert_eq!(own, same);
}

#[test]
fn an_environment_that_is_not_there_is_told_with_those_that_are() {
    let found = Deployment::parse_for(TRADING, "trading.toml", Some("stagging")).expect_err("a slip");
    insta::assert_snapshot!(found, @r#"
    trading.toml:1:1: there is no environment "stagging" in this file
      hint: it has production, staging; add a section [environments.NAME] for another
    "#);
}

/// The shipped file without its environments, and others instead.
fn with_environments(text: &str) -> String {
    let end = TRADING.find("\n# What is other in staging").expect("the file has an environment");
    format!("{}{text}", &TRADING[..end])
}

#[test]
fn whatever_is_wrong_in_any_environment_is_told_with_its_place() {
    let text = with_environments(
        r#"
[environments]
small = 3

[environments.production]

[environments.Test]
environment = "x"
load = 5

[environments.test.lease]
ttl_s = 9
renew_ms = 3

[environments.test.objectives]
orders_lost = -1
"#,
    );
    let first = text.lines().position(|line| line == "[environments]").expect("set above") + 1;
    let found: Vec<String> = Deployment::parse(&text, "f")
        .expect_err("nearly all of it is wrong")
        .problems
        .iter()
        .map(|problem| format!("+{} {}", problem.line - first, problem.reason))
        .collect();
    insta::assert_snapshot!(found.join("\n"), @r#"
    +1 `environments.small` must be a section, not a whole number
    +3 `environments.production` is the file's own environment
    +5 in the environment `Test`: `environment` is "Test", which cannot be part of a resource name
    +6 in the environment `Test`: unknown field `environment`
    +7 in the environment `Test`: `load` must be a section, not a whole number
    +10 in the environment `test`: a TTL of 9 s is shorter than two renewals of 5 s
    +11 in the environment `test`: unknown field `lease.renew_ms`
    +14 in the environment `test`: `objectives.orders_lost` is -1
    "#);
}

#[test]
fn a_problem_of_the_file_is_told_once_for_all_environments() {
    let found = Deployment::parse_for(&with("shards", "0"), "f", Some("staging")).expect_err("no shard");
    assert_eq!(found.problems.len(), 1, "{found}");
    assert!(found.problems[0].reason.starts_with("`journal.shards` is 0"), "{found}");
}

#[test]
fn environments_that_are_no_table_are_refused() {
    let text = format!("environments = 3\n{}", with_environments(""));
    assert_eq!(
        problems(&text).lines().next(),
        Some("trading.toml:1:16: `environments` must hold sections, not be a whole number")
    );
}
