//! Goal: `standfast cost` prints an estimate for people and for programs, of the environment that is asked for.
//! Method: the shipped deployment; what both forms say is compared.

use serde_json::Value;

use crate::standfast::{Said, checkout, run};

fn said(arguments: &[&str]) -> Said {
    let said = run(&checkout(), &[&["cost"], arguments].concat());
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    said
}

fn json(arguments: &[&str]) -> Value {
    let all = [&["--output", "json"], arguments].concat();
    serde_json::from_str(&said(&all).out).expect("one JSON object")
}

fn fields(value: &Value) -> String {
    value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_estimate_is_one_object_of_known_fields() {
    let report = json(&[]);
    let expected = [
        (
            &report,
            "deployment environment prices month_hours items regions purposes services total_usd not_priced free \
             proposals assumptions",
        ),
        (&report["prices"], "label as_of compiled"),
        (
            &report["items"][0],
            "region service what purpose resources quantity unit unit_price_usd price monthly_usd",
        ),
        (&report["regions"][0], "of monthly_usd"),
        (&report["free"][0], "kind resources why"),
        (
            &report["proposals"][0],
            "id title how saves_usd objectives_met budget budget_unchanged rules_broken risk needs",
        ),
        (&report["assumptions"][0], "name value unit why"),
    ];
    for (value, names) in expected {
        assert_eq!(fields(value), names);
    }
    let changed = report["proposals"].as_array().expect("proposals").iter();
    let effect = changed.flat_map(|one| one["budget"].as_array().expect("effects")).next();
    assert_eq!(fields(effect.expect("one changes the budget")), "question before_s after_s objective_s");
    assert!(report["total_usd"].is_string(), "an amount is no float");
}

#[test]
fn people_read_the_same_sum_and_what_it_rests_on() {
    let text = said(&[]).out;
    let report = json(&[]);
    let total: f64 = report["total_usd"].as_str().and_then(|text| text.parse().ok()).expect("a number");
    let shown = text.split_once('$').and_then(|(_, rest)| rest.split_once(' ')).expect("a sum").0;
    let shown: f64 = shown.replace(',', "").parse().expect("a number");
    assert!((total - shown).abs() < 0.006, "{total} is shown as {shown}");
    for part in
        ["published list prices as of", "not fetched: check before use", "where it could cost less", "risk: "]
    {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    assert!(!text.contains("order_bytes = "));
    let all = said(&["--assumptions"]).out;
    for part in ["order_bytes = 900 bytes", "× AWS::IAM::Role"] {
        assert!(all.contains(part), "{part}:\n{all}");
    }
}

#[test]
fn each_environment_has_its_own_estimate() {
    let usd = |arguments: &[&str]| -> f64 {
        let report = json(arguments);
        report["total_usd"].as_str().and_then(|text| text.parse().ok()).expect("a number")
    };
    assert!(usd(&["--environment", "staging"]) < usd(&[]));
    let report = json(&["--environment", "staging"]);
    assert_eq!((&report["deployment"], &report["environment"]), (&"trading".into(), &"staging".into()));
}
