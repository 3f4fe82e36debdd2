//! Goal: whoever is called finds in `docs/alarms.md` the alarm that rang. Method: render the tables from
//! the templates and find them in the page.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{COMPOSITE_ALARM, METRIC_ALARM, REGIONS, alarms, metrics, text};
use crate::{at_finance, trading};

const FUNCTION: &str = "*function*";

/// The part of a description between two marks.
fn part(description: &str, from: &str, to: &str) -> String {
    let rest = description.split_once(from).map_or(description, |(_, rest)| rest);
    rest.split_once(to).map_or(rest, |(part, _)| part).to_owned()
}

/// One line per alarm; those of functions differ by the function alone.
fn table(alarms: &[(String, &Value)]) -> String {
    let mut lines = Vec::new();
    for (purpose, alarm) in alarms {
        let function = infra::packages::FUNCTIONS.into_iter().find(|name| {
            purpose
                .strip_prefix(name)
                .is_some_and(|rest| ["-errors", "-throttles", "-duration", "-lost"].contains(&rest))
        });
        let generic = |text: &str| match function {
            Some(function) => text.replace(function, FUNCTION),
            None => text.to_owned(),
        };
        let description = generic(&text(&alarm["AlarmDescription"]));
        let meaning = part(&description, "", " First: ");
        let first = part(&description, " First: ", " No data: ");
        let line = format!("| {} | {meaning} | {first} |", generic(purpose));
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.sort();
    lines.into_iter().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "{line}");
        text
    })
}

/// What a month of them costs in dollars: 0.10 for each metric that an alarm looks at, 0.50 for an alarm made
/// of others, 0.30 for each figure of our own, 3 for a dashboard (AWS's list price, us-east-1, November 2026).
fn cost(single: &[(String, &Value)], composite: usize) -> f64 {
    let looked_at: usize = single.iter().map(|(_, alarm)| metrics(alarm).len()).sum();
    let own = recovery::metric::Metric::ALL.len();
    0.10 * looked_at as f64 + 0.50 * composite as f64 + 0.30 * own as f64 + 3.0
}

/// The page, compared with what it has to contain.
fn compare(expected: &[String]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/alarms.md");
    let page = fs::read_to_string(&path).expect("the page is in docs");
    let lacking: Vec<&String> = expected.iter().filter(|part| !page.contains(*part)).collect();
    let lacking = lacking.into_iter().fold(String::new(), |text, part| text + part + "\n");
    assert!(lacking.is_empty(), "docs/alarms.md lacks:\n{lacking}");
}

fn price(single: &[(String, &Value)], composite: &[(String, &Value)]) -> String {
    format!(
        "{} alarms on metrics, {} made of others, {} figures of our own and one dashboard: about ${:.0} a month and region",
        single.len(),
        composite.len(),
        recovery::metric::Metric::ALL.len(),
        cost(single, composite.len()),
    )
}

#[test]
fn the_page_on_alarms_lists_every_alarm_as_it_is_deployed() {
    let templates = trading();
    let of = |kind| -> Vec<(String, &Value)> { alarms(&templates, REGIONS[0], kind).into_iter().collect() };
    let (single, composite) = (of(METRIC_ALARM), of(COMPOSITE_ALARM));
    compare(&[table(&composite), table(&single), price(&single, &composite)]);
}

#[test]
fn the_page_on_alarms_lists_what_containers_have_of_their_own() {
    let elsewhere = trading();
    let elsewhere = alarms(&elsewhere, REGIONS[0], METRIC_ALARM);
    let (templates, region) = at_finance().next().expect("there are two regions");
    let of = |kind| -> Vec<(String, &Value)> { alarms(templates, region, kind).into_iter().collect() };
    let (single, composite) = (of(METRIC_ALARM), of(COMPOSITE_ALARM));
    let own: Vec<(String, &Value)> = single
        .iter()
        .filter(|(purpose, _)| purpose.starts_with("api-") || !elsewhere.contains_key(purpose))
        // Of the audit, and in its own table.
        .filter(|(purpose, _)| {
            !["audit-events-undelivered", "backups-missing", "copies-missing"].contains(&purpose.as_str())
        })
        .cloned()
        .collect();
    compare(&[table(&own), price(&single, &composite)]);
}
