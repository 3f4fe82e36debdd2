//! Goal: a history survives its file, and nothing that is no history is taken for one, whatever is read.
//! Method: round trips and broken files by hand; then any bytes, any JSON and spoilt files as properties.

mod fuzz;

use proptest::prelude::*;

use super::*;
use crate::checker::Place;
use crate::checker::tests::histories;

const PAGE: &str = include_str!("../../../../docs/history.md");

fn text(recorded: &Recorded) -> String {
    recorded.lines().map(|line| line + "\n").collect()
}

/// The example of the page.
fn example() -> &'static str {
    let (_, rest) = PAGE.split_once("```jsonl\n").expect("the page has an example");
    rest.split_once("```").expect("it ends").0
}

#[test]
fn the_page_s_example_is_read_and_judged() {
    let (recorded, lines) = read(example().as_bytes()).expect("it is a history");
    assert_eq!(text(&recorded), example(), "it is as we would write it");
    assert_eq!(recorded.violations(), []);
    let verdict = recorded.verdict().expect("it says what was expected");
    assert_eq!((verdict.verdict, &verdict.why[..]), (crate::verdict::Judgement::Passed, &[][..]));
    assert_eq!(verdict.accepted_again_s, Some(31.2));
    assert_eq!(lines.of(Place::Lease(0)), Some(4));
    assert_eq!(lines.of(Place::Settled(99)), None);
    // Each record is there, so that the page shows all of them.
    for record in [
        "history",
        "expectation",
        "fault",
        "lease",
        "move",
        "fence",
        "operation",
        "settled",
        "dead",
        "ledger",
        "balance",
        "outbox",
        "end",
    ] {
        assert!(example().contains(&format!("{{\"record\":\"{record}\"")), "{record}");
        assert!(PAGE.contains(&format!("\n| `{record}` |")), "{record}");
    }
}

#[test]
fn the_example_without_its_last_settlement_is_objected_to_with_its_lines() {
    let (mut recorded, lines) = read(example().as_bytes()).expect("it is a history");
    let lost = recorded.facts.settled.pop().expect("it settles orders");
    recorded.facts.outbox.as_mut().expect("it has one").retain(|row| row.order != lost.id);
    let found = recorded.violations();
    let first = found.first().expect("an order is lost");
    let line = first.shown_by.first().and_then(|place| lines.of(*place)).expect("it is in the file");
    let told = example().lines().nth(line - 1).expect("the line is there");
    assert!(told.contains(&lost.id.to_string()) && told.contains("\"operation\""), "{told}");
}

fn problem(text: &str) -> String {
    let error = read(text.as_bytes()).expect_err("it is no history");
    assert!(!error.problem.hint().is_empty());
    format!("line {} {}", error.line, error.problem)
}

#[test]
fn what_is_wrong_with_a_file_is_told_with_its_line() {
    let (header, rest) = example().split_once('\n').expect("it has lines");
    assert_eq!(problem(""), "line 1 should be the header of a history");
    assert_eq!(problem(rest), "line 1 should be the header of a history");
    assert_eq!(problem("{}"), "line 1 should be the header of a history");
    assert_eq!(problem("what"), "line 1 is no record of a history");
    let newer = header.replace("\"version\":1", "\"version\":2,\"new\":[]");
    assert_eq!(problem(&newer), "line 1 says version 2 of the format, and this program reads version 1");
    assert_eq!(
        problem(&(header.to_owned() + "\n" + header)),
        "line 2 says again what an earlier line said: the header"
    );
    assert_eq!(problem(header), "line 2 should be the end: the file was cut off");
    let far = header.replace("\"clock_error_ms\":1", "\"clock_error_ms\":60001");
    assert_eq!(problem(&far), "line 1 has a `clock_error_ms` of 60001, which is more than 60000");
    let without_outbox = example().replace("\"outbox\":true", "\"outbox\":false");
    assert!(
        problem(&without_outbox)
            .ends_with("is a record of `outbox`, which the header says was not looked at")
    );
    let after = example().to_owned() + "\n" + header;
    assert!(problem(&after).ends_with("comes after the end"));
    let long = format!("{header}\n{}", "x".repeat(LINE_BYTES_MAX + 1));
    assert_eq!(problem(&long), "line 2 is longer than 65536 bytes");
    let lines: Vec<&str> = example().lines().collect();
    let short = [&lines[..5], &lines[6..]].concat().join("\n");
    assert!(problem(&short).contains("some are missing, or from elsewhere"));
}

#[test]
fn unknown_records_fields_and_inexact_amounts_are_refused() {
    for (from, to) in [
        ("\"record\":\"fence\"", "\"record\":\"wall\""),
        ("\"record\":\"fence\"", "\"record\":\"fence\",\"colour\":\"red\""),
        ("\"record\":\"fence\"", "\"record\":\"fence\",\"record\":\"fence\""),
        ("\"legs_sum\":\"0\"", "\"legs_sum\":0"),
        ("\"legs_sum\":\"0\"", "\"legs_sum\":\"0.00000000000000000000000000000000001\""),
        ("\"legs\":2", "\"legs\":2,\"legs\":2"),
        ("\"lease\":\"moves\"", "\"lease\":\"moves\",\"colour\":\"red\""),
        ("\"outcome\":\"ok\"", "\"outcome\":\"fine\""),
    ] {
        let spoilt = example().replacen(from, to, 1);
        assert_ne!(spoilt, example(), "{from}");
        assert!(problem(&spoilt).ends_with("is no record of a history"), "{to}");
    }
}

proptest! {
    #[test]
    fn a_history_survives_its_file_however_it_is_cut(recorded in histories(), piece in 1..4_000_usize) {
        let text = text(&recorded);
        let mut reader = Reader::default();
        for piece in text.as_bytes().chunks(piece) {
            reader.feed(piece).expect("our own lines");
        }
        let (again, _) = reader.finish().expect("our own lines");
        prop_assert_eq!(again, recorded);
    }

    #[test]
    fn a_file_judges_as_what_it_was_written_from(recorded in histories()) {
        let (again, _) = read(text(&recorded).as_bytes()).expect("our own lines");
        prop_assert_eq!(again.verdict(), recorded.verdict());
        prop_assert_eq!(again.violations(), recorded.violations());
    }
}
