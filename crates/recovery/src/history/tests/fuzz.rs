//! Anything at all is read without a panic, and a spoilt history is not taken for one that is right.
//!
//! `STANDFAST_FUZZ_CASES` sets how many cases of each are tried; tests read the environment, the crate does not.

use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::{Map, Value};

use super::*;
use crate::checker::tests::BREAKS;

fn config() -> Config {
    let cases = std::env::var("STANDFAST_FUZZ_CASES").ok().and_then(|cases| cases.parse().ok());
    Config { cases: cases.unwrap_or(256), ..Config::default() }
}

/// Reads and judges; a panic fails the test.
fn judged(bytes: &[u8]) -> Option<usize> {
    let (recorded, lines) = read(bytes).ok()?;
    let _ = recorded.verdict();
    let violations = recorded.violations();
    for place in violations.iter().flat_map(|violation| &violation.shown_by) {
        assert!(lines.of(*place).is_some(), "{place:?} is on no line");
    }
    let _ = violations.iter().map(|violation| violation.broken.to_string().len()).sum::<usize>();
    Some(violations.len())
}

fn json() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "record",
        "history",
        "operation",
        "settled",
        "lease",
        "fence",
        "end",
        "version",
        "epoch",
        "id",
        "kind",
        "outcome",
        "ok",
        "moves",
        "owner",
        "us-east-1",
        "0",
        "-1",
        "records",
        "token",
        "seen",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..8).prop_map(|fields| {
                Value::from(
                    fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>(),
                )
            }),
        ]
    })
}

/// Any value in place of any one of a line's fields, at any depth.
fn replace(value: &mut Value, at: &mut usize, by: &Value) -> bool {
    let inner: Vec<&mut Value> = match value {
        Value::Object(fields) => fields.values_mut().collect(),
        Value::Array(values) => values.iter_mut().collect(),
        _ => Vec::new(),
    };
    for one in inner {
        if *at == 0 {
            *one = by.clone();
            return true;
        }
        *at -= 1;
        if replace(one, at, by) {
            return true;
        }
    }
    false
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_bytes_are_no_history(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        prop_assert_eq!(judged(&bytes), None);
    }

    #[test]
    fn any_json_is_no_history(lines in prop::collection::vec(json(), 0..8)) {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        prop_assert_eq!(judged(text.as_bytes()), None);
    }

    #[test]
    fn any_json_after_a_header_is_read_without_panic(lines in prop::collection::vec(json(), 0..8)) {
        let header = example().lines().next().expect("a header").to_owned();
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        prop_assert_eq!(judged((header + "\n" + &text).as_bytes()), None, "there was no end that counts it");
    }

    #[test]
    fn a_history_with_any_byte_changed_is_read_without_panic(
        recorded in histories(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut bytes = text(&recorded).into_bytes();
        *at.get_mut(&mut bytes) = byte;
        judged(&bytes);
    }

    #[test]
    fn a_history_with_any_value_replaced_is_read_without_panic(
        recorded in histories(), line in any::<prop::sample::Index>(), mut at in 0..12_usize, by in json(),
    ) {
        let mut lines: Vec<Value> =
            recorded.lines().map(|line| serde_json::from_str(&line).expect("our own line")).collect();
        replace(line.get_mut(&mut lines), &mut at, &by);
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        judged(text.as_bytes());
    }

    #[test]
    fn a_history_that_lacks_a_line_or_has_one_twice_is_refused(
        recorded in histories(), at in any::<prop::sample::Index>(), twice in any::<bool>(),
    ) {
        let mut lines: Vec<String> = recorded.lines().collect();
        let at = at.index(lines.len());
        if twice {
            lines.insert(at, lines[at].clone());
        } else {
            lines.remove(at);
        }
        prop_assert_eq!(judged(lines.join("\n").as_bytes()), None);
    }

    #[test]
    fn a_history_cut_anywhere_is_refused(recorded in histories(), at in any::<prop::sample::Index>()) {
        let text = text(&recorded);
        // The end of the last line may be missing.
        let bytes = &text.as_bytes()[..at.index(text.len() - 1)];
        prop_assert_eq!(judged(bytes), None);
    }

    #[test]
    fn a_broken_history_is_objected_to_when_it_is_read(
        recorded in histories(), at in any::<prop::sample::Index>(), way in any::<prop::sample::Index>(),
    ) {
        let mut broken = recorded;
        if (way.get(BREAKS).apply)(&mut broken, at).is_some() {
            let found = judged(text(&broken).as_bytes()).expect("it is well formed");
            prop_assert!(found > 0, "{}", way.get(BREAKS).what);
        }
    }
}
