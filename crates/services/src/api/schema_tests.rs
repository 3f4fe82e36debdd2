//! Goal: API Gateway refuses no body that the service would take, and lets through only what a schema
//! cannot express. Method: the same bodies for the schemas and for the service, most of them nearly
//! valid; the schemas are read by what draft 4 says of the few words they use.

use proptest::prelude::*;
use recovery::request::{order_schema, session_schema};
use regex_lite::Regex;
use serde_json::{Value, json};

use super::order_request::tests::{NOW_MS, any_json, generated, nearly_valid, valid};
use super::order_request::{FieldProblem, parse_order};
use super::sessions::parse_data;

/// Whether a value fits a schema.
///
/// # Panics
/// At a word that this does not know, so that no schema passes unread.
fn fits(schema: &Value, value: &Value) -> bool {
    let words = schema.as_object().expect("a schema is an object");
    words.iter().all(|(word, meant)| match word.as_str() {
        "$schema" | "title" => true,
        "type" => is_a(meant.as_str().expect("one type"), value),
        "enum" => meant.as_array().expect("values").contains(value),
        "required" => {
            let names = meant.as_array().expect("names").iter().filter_map(Value::as_str);
            value.as_object().is_none_or(|fields| names.into_iter().all(|name| fields.contains_key(name)))
        }
        "additionalProperties" => {
            assert_eq!(meant, &json!(false));
            let known = words.get("properties").and_then(Value::as_object).expect("what else there may be");
            value.as_object().is_none_or(|fields| fields.keys().all(|name| known.contains_key(name)))
        }
        "properties" => value.as_object().is_none_or(|fields| {
            let known = meant.as_object().expect("schemas");
            known.iter().all(|(name, schema)| fields.get(name).is_none_or(|value| fits(schema, value)))
        }),
        "pattern" => {
            let pattern = Regex::new(meant.as_str().expect("a pattern")).expect("a pattern");
            value.as_str().is_none_or(|text| pattern.is_match(text))
        }
        "minimum" => value.as_f64().is_none_or(|number| number >= meant.as_f64().expect("a number")),
        "maximum" => value.as_f64().is_none_or(|number| number <= meant.as_f64().expect("a number")),
        other => panic!("`{other}` is not read here"),
    })
}

fn is_a(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("`{other}` is not read here"),
    }
}

fn problems(body: &Value) -> Vec<FieldProblem> {
    parse_order(body, generated, NOW_MS).err().unwrap_or_default()
}

/// What a pattern cannot say: when an id was made, what is cash, that a price is not 0.
fn beyond_a_schema(problem: &FieldProblem) -> bool {
    let FieldProblem { field, reason } = problem;
    match field.as_str() {
        "id" => reason.contains("ago") || reason.contains("future"),
        "symbol" => reason.contains("USD"),
        "limit_price" => reason == "must be above 0",
        _ => false,
    }
}

fn agree(body: &Value) {
    let problems = problems(body);
    if problems.is_empty() {
        assert!(fits(&order_schema(), body), "the gateway would refuse a good order: {body}");
    }
    if fits(&order_schema(), body) {
        assert!(problems.iter().all(beyond_a_schema), "the gateway would let {problems:?} through: {body}");
    }
}

#[test]
fn the_gateway_and_the_service_agree_on_one_change_at_a_time() {
    let changes = [
        ("account", json!("")),
        ("account", json!("A".repeat(32))),
        ("account", json!("A".repeat(33))),
        ("account", json!("a b")),
        ("account", json!(null)),
        ("symbol", json!("USD")),
        ("symbol", json!("aapl")),
        ("symbol", json!("A".repeat(12))),
        ("symbol", json!("A".repeat(13))),
        ("side", json!("hold")),
        ("quantity", json!(0)),
        ("quantity", json!(1_000_000_000)),
        ("quantity", json!(1_000_000_001_u64)),
        ("quantity", json!("1")),
        ("quantity", json!(1.5)),
        ("limit_price", json!(1)),
        ("limit_price", json!("0")),
        ("limit_price", json!("1.23456")),
        ("limit_price", json!("999999999.9999")),
        ("limit_price", json!("5.")),
        ("limit_price", json!("1\n")),
        ("id", json!("x")),
        ("id", json!(null)),
        ("fee", json!(1)),
        ("id", json!("6ba7b810-9dad-11d1-80b4-00c04fd430c8")),
        ("id", json!("01900000-0000-7000-8000-000000000000")),
    ];
    for (field, value) in changes {
        let mut body = valid();
        body[field] = value;
        agree(&body);
        let mut without = valid();
        without.as_object_mut().expect("an object").shift_remove(field);
        agree(&without);
    }
    agree(&valid());
    for body in [json!([]), json!(null), json!("{}"), json!({})] {
        assert!(!fits(&order_schema(), &body), "{body}");
        agree(&body);
    }
}

#[test]
fn the_gateway_and_the_service_agree_on_sessions() {
    for body in [
        json!({"data": {}}),
        json!({"data": {"cart": [1, null, {"a": "b"}]}}),
        json!({"data": []}),
        json!({"data": null}),
        json!({}),
        json!({"data": {}, "more": 1}),
        json!([]),
        json!("data"),
    ] {
        assert_eq!(fits(&session_schema(), &body), parse_data(body.clone()).is_ok(), "{body}");
    }
}

proptest! {
    #[test]
    fn the_gateway_and_the_service_agree_on_any_body(body in prop_oneof![3 => nearly_valid(), 1 => any_json()]) {
        agree(&body);
    }
}
