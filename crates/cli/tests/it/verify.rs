//! Goal: a history is judged from its file alone, and whatever is wrong with the file is told with its line.
//! Method: the page's example, stored as a file, as it is and spoilt.

use std::fs;

use serde_json::Value;

use crate::standfast::{Said, checkout, run};

/// A history in miniature, as `docs/history.md` shows it.
fn example() -> String {
    let page = fs::read_to_string(checkout().join("docs/history.md")).expect("the page");
    let (_, rest) = page.split_once("```jsonl\n").expect("it has an example");
    rest.split_once("```").expect("it ends").0.to_owned()
}

fn verify(text: &str, arguments: &[&str]) -> Said {
    let here = tempfile::tempdir().expect("a temporary directory");
    fs::write(here.path().join("history.jsonl"), text).expect("a file");
    run(here.path(), &[&["verify"], arguments].concat())
}

/// Without the settlement of one order, and with an end that says so.
fn spoilt() -> String {
    let mut lines: Vec<String> = example().lines().map(str::to_owned).collect();
    let settled = lines.iter().rposition(|line| line.starts_with("{\"record\":\"settled\"")).expect("one is");
    lines.remove(settled);
    *lines.last_mut().expect("the end") = format!("{{\"record\":\"end\",\"records\":{}}}", lines.len() - 1);
    lines.join("\n")
}

#[test]
fn a_history_that_holds_is_said_to_and_ends_with_0() {
    let said = verify(&example(), &["history.jsonl"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    assert!(said.out.starts_with("history.jsonl: holds\n"), "{}", said.out);
    let directory = verify(&example(), &["."]);
    assert_eq!(directory.code, Some(0), "a drill's directory will do: {directory:?}");
}

#[test]
fn a_history_that_does_not_hold_ends_with_3_and_names_order_and_line() {
    let said = verify(&spoilt(), &["history.jsonl"]);
    assert_eq!(said.code, Some(3), "{said:?}");
    assert!(said.out.contains("was acknowledged and is not settled (line "), "{}", said.out);
}

#[test]
fn json_is_one_object_with_every_violation() {
    let said = verify(&spoilt(), &["history.jsonl", "--output", "json"]);
    let value: Value = serde_json::from_str(&said.out).expect("one object");
    let keys: Vec<&String> = value.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["file", "history", "counts", "violations", "unjudged", "verdict", "holds"]);
    assert_eq!((&value["holds"], &value["verdict"]["orders_lost"]), (&Value::from(false), &Value::from(1)));
    let lost = &value["violations"][0];
    assert_eq!((&lost["broken"], &lost["invariant"]), (&"lost".into(), &"acknowledged_is_settled".into()));
    let line = lost["lines"][0].as_u64().and_then(|line| usize::try_from(line).ok()).expect("a line");
    let order = lost["order"].as_str().expect("an id");
    assert!(spoilt().lines().nth(line - 1).is_some_and(|told| told.contains(order)), "{lost}");
    assert!(lost["says"].as_str().is_some_and(|says| says.contains(order)));
    let sound: Value =
        serde_json::from_str(&verify(&example(), &[".", "--output", "json"]).out).expect("one object");
    assert_eq!((&sound["holds"], &sound["violations"]), (&Value::from(true), &Value::Array(Vec::new())));
    assert_eq!(sound["counts"]["settled"], 4);
}

#[test]
fn what_is_no_history_is_refused_with_its_line() {
    verify("", &["elsewhere.jsonl"])
        .refused(1, &["cannot read the history elsewhere.jsonl", "hint: `standfast drill"]);
    let refused = |text: &str, words: &[&str]| verify(text, &["history.jsonl"]).refused(1, words);
    refused(
        "",
        &["error: history.jsonl is no history", "line 1 should be the header", "hint: the first line is"],
    );
    refused(
        &example().replacen("\"version\":1", "\"version\":9", 1),
        &["version 9", "hint: read it with the version"],
    );
    refused(
        &example().replacen("\"planned\":false", "\"planned\":false,\"why\":1", 1),
        &["line 7 is no record of a history", "because: unknown field `why`", "hint: docs/history.md"],
    );
    let cut: String = example().lines().take(9).map(|line| line.to_owned() + "\n").collect();
    refused(&cut, &["line 10 should be the end: the file was cut off", "hint: copy the whole file"]);
    let mut noise = example().into_bytes();
    noise[40] = 0xff;
    let here = tempfile::tempdir().expect("a temporary directory");
    fs::write(here.path().join("noise"), noise).expect("a file");
    run(here.path(), &["verify", "noise"]).refused(1, &["line 1 is no record of a history"]);
}
