//! Goal: a file of the profile `containers` is valid as a whole, and whatever Fargate, ECS or common
//! sense would refuse is told with its place. Method: the shipped files, and one of them with one line
//! edited at a time.

use crate::deployment::{Deployment, Profile, TimeOfDay};

const WEST: &str = include_str!("../../../../../deployments/finance-west.toml");
const EAST: &str = include_str!("../../../../../deployments/finance-east.toml");
const TRADING: &str = include_str!("../../../../../deployments/trading.toml");

/// The shipped file with one field replaced where it comes first.
fn with(field: &str, value: &str) -> String {
    let start = WEST.find(&format!("\n{field} = ")).expect("the file has the field") + 1;
    let end = start + WEST[start..].find('\n').expect("the line ends");
    format!("{}{field} = {value}{}", &WEST[..start], &WEST[end..])
}

#[test]
fn the_shipped_files_are_valid_in_each_environment() {
    for (text, staging) in [(WEST, "staging-west"), (EAST, "staging-east")] {
        let production = Deployment::parse(text, "f").unwrap_or_else(|found| panic!("{found}"));
        let staging = Deployment::parse_for(text, "f", Some(staging)).expect("it is in the file");
        assert_eq!(production.compute.profile, Profile::Containers);
        assert_eq!(production.objectives.recovery_point_s, Some(900));
        assert_eq!(production.load.burst_orders_per_second, Some(28));
        let containers = production.containers.expect("the profile has them");
        let hours = containers.busy_hours.as_ref().expect("the file has them");
        assert_eq!((hours.from.to_string(), hours.to.to_string()), ("12:00".to_owned(), "21:30".to_owned()));
        assert_eq!((containers.api_tasks_min, hours.api_tasks_min), (3, 4));
        let other = staging.containers.expect("the profile has them");
        let hours = other.busy_hours.expect("the file has them");
        assert_eq!((other.api_tasks_min, hours.api_tasks_min, hours.from.hour), (2, 2, 12));
    }
}

#[test]
fn the_section_is_there_exactly_with_its_profile() {
    let start = WEST.find("[containers]").expect("the file has it");
    let end = WEST.find("[database]").expect("the file has it");
    let staging = WEST.find("[environments.staging-west.containers]").expect("the file has it");
    let load = WEST.find("[environments.staging-west.load]").expect("the file has it");
    let without = format!("{}{}{}", &WEST[..start], &WEST[end..staging], &WEST[load..]);
    let found = Deployment::parse(&without, "f").expect_err("no section").to_string();
    assert!(found.contains("section `containers` is missing"), "{found}");
    let with = format!("{TRADING}\n{}", &WEST[start..end]);
    let found = Deployment::parse(&with, "f").expect_err("a section too many").to_string();
    assert!(found.contains("section `containers` is of no use to the profile `functions`"), "{found}");
    assert!(Deployment::parse(TRADING, "f").expect("valid").containers.is_none());
}

#[test]
fn each_rule_refuses_what_breaks_it() {
    let hours = |from: &str, to: &str, tasks: u32| {
        format!("{{ from = {from:?}, to = {to:?}, api_tasks_min = {tasks} }}")
    };
    let cases = [
        ("api_tasks_min", "1".to_owned(), "`containers.api_tasks_min` is 1"),
        ("api_tasks_max", "2".to_owned(), "at most 2 tasks are fewer than the floor of 3"),
        ("worker_tasks_min", "0".to_owned(), "`containers.worker_tasks_min` is 0"),
        ("worker_tasks_max", "1".to_owned(), "at most 1 tasks are fewer than the floor of 2"),
        ("api_cpu_units", "768".to_owned(), "Fargate has no tasks of 768 processor units"),
        ("api_memory_mib", "512".to_owned(), "Fargate gives no 512 MiB to a task of 512 processor units"),
        ("worker_memory_mib", "1536".to_owned(), "Fargate gives no 1536 MiB"),
        ("worker_cpu_units", "16384".to_owned(), "Fargate gives no 1024 MiB"),
        ("worker_spot_percent", "101".to_owned(), "`containers.worker_spot_percent` is 101"),
        ("cpu_target_percent", "91".to_owned(), "`containers.cpu_target_percent` is 91"),
        ("requests_per_target", "0".to_owned(), "`containers.requests_per_target` is 0"),
        ("drain_s", "111".to_owned(), "`containers.drain_s` is 111"),
        ("busy_hours", hours("12:00", "12:00", 4), "busy hours from 12:00 end at 12:00"),
        ("busy_hours", hours("24:00", "24:01", 4), "`containers.busy_hours.from` is \"24:00\""),
        ("busy_hours", hours("12:00", "21:30", 11), "11 tasks in busy hours are not from 3 to 10"),
        (
            "busy_hours",
            "{ from = \"12:00\", till = 3 }".to_owned(),
            "unknown field `containers.busy_hours.till`",
        ),
        ("busy_hours", "5".to_owned(), "`busy_hours` must be a section"),
        ("burst_orders_per_second", "2".to_owned(), "a rush of 2 orders per second is less than"),
        ("recovery_point_s", "0".to_owned(), "`objectives.recovery_point_s` is 0"),
    ];
    for (field, value, expected) in cases {
        let found = Deployment::parse(&with(field, &value), "f").expect_err(expected).to_string();
        assert!(found.contains(expected), "{field} = {value}: expected {expected:?}, found\n{found}");
    }
}

#[test]
fn busy_hours_and_the_new_objectives_may_be_left_out() {
    let kept = |line: &&str| {
        !["busy_hours", "recovery_point_s", "burst_orders_per_second"].iter().any(|key| line.starts_with(key))
    };
    let text: Vec<&str> = WEST.lines().filter(kept).collect();
    let deployment = Deployment::parse(&text.join("\n"), "f").unwrap_or_else(|found| panic!("{found}"));
    assert_eq!(deployment.objectives.recovery_point_s, None);
    assert_eq!(deployment.load.burst_orders_per_second, None);
    assert_eq!(deployment.containers.and_then(|containers| containers.busy_hours), None);
}

#[test]
fn a_time_of_day_has_two_digits_of_each() {
    assert_eq!(TimeOfDay::parse("09:05"), Some(TimeOfDay { hour: 9, minute: 5 }));
    for text in ["9:05", "09:5", "24:00", "12:60", "+1:00", "12", "", "12:00:00", "１2:00"] {
        assert_eq!(TimeOfDay::parse(text), None, "{text}");
    }
}
