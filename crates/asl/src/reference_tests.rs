//! Goal: a path names the place it says, and nothing else is touched. Method: small documents.

use serde_json::json;

use super::*;

fn path(text: &str) -> Reference {
    Reference::parse(text).expect("a path")
}

#[test]
fn what_is_there_is_found() {
    let document = json!({"a": {"b c": [1, {"d": null}]}});
    for (text, expected) in [
        ("$", Some(document.clone())),
        ("$.a['b c'][0]", Some(json!(1))),
        ("$['a'][\"b c\"][1].d", Some(json!(null))),
        ("$.a.x", None),
        ("$.a['b c'][2]", None),
        ("$.a[0]", None),
        ("$.a['b c'].d", None),
    ] {
        assert_eq!(path(text).get(&document), expected.as_ref(), "{text}");
    }
}

#[test]
fn what_is_no_path_to_one_place_is_refused() {
    for text in [
        "",
        "a",
        "$$.Execution.Id",
        "$a",
        "$..a",
        "$.a.*",
        "$.a[*]",
        "$.a[0:2]",
        "$.a[?(@.b)]",
        "$.a[0",
        "$.a['b'",
        "$.a[99999999999999999999]",
        "$.",
    ] {
        assert!(Reference::parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_value_is_put_where_it_belongs_or_nowhere() {
    let before = json!({"a": {"list": [1, 2]}, "text": "t"});
    for (text, expected) in [
        ("$", Some(json!(7))),
        ("$.b", Some(json!({"a": {"list": [1, 2]}, "text": "t", "b": 7}))),
        ("$.b.c", Some(json!({"a": {"list": [1, 2]}, "text": "t", "b": {"c": 7}}))),
        ("$.a.list", Some(json!({"a": {"list": 7}, "text": "t"}))),
        ("$.a.list[1]", Some(json!({"a": {"list": [1, 7]}, "text": "t"}))),
        ("$.a.list[2]", None),
        ("$.text.b", None),
        ("$.new[0]", None),
        ("$.a.new.list[0]", None),
    ] {
        let mut document = Arc::new(before.clone());
        let shared = Arc::clone(&document);
        assert_eq!(path(text).put(&mut document, json!(7)), expected.is_some(), "{text}");
        assert_eq!(*document, expected.unwrap_or_else(|| before.clone()), "{text}");
        assert_eq!(*shared, before, "whoever else holds the document keeps it: {text}");
    }
}
