//! Goal: only valid orders pass, every problem is named at once, nothing panics, and an accepted
//! order keeps its meaning through its canonical body.
//! Method: one change at a time to a valid body, then any JSON and any fields as properties.

use proptest::prelude::*;
use recovery::order::{ID_AGE_MS_MAX, ID_LEAD_MS_MAX};
use serde_json::json;

use super::*;

pub(in crate::api) const NOW_MS: u64 = 1_795_170_245_120;

fn id_at(ms: u64) -> Uuid {
    uuid::Builder::from_unix_timestamp_millis(ms, &[7; 10]).into_uuid()
}

pub(in crate::api) fn generated() -> OrderId {
    OrderId::new(id_at(NOW_MS)).expect("version 7")
}

pub(in crate::api) fn valid() -> Value {
    json!({
        "account": "ACC-17", "symbol": "BRK.B", "side": "buy", "quantity": 10, "limit_price": "101.50"
    })
}

fn parse(body: &Value) -> Result<Order, Vec<FieldProblem>> {
    parse_order(body, generated, NOW_MS)
}

/// The fields that are refused when `field` of a valid body is `value`.
fn refused(field: &str, value: Value) -> Vec<String> {
    let mut body = valid();
    body[field] = value;
    parse(&body).err().unwrap_or_default().into_iter().map(|problem| problem.field).collect()
}

#[test]
fn a_valid_order_passes_and_gets_an_id() {
    let order = parse(&valid()).expect("valid");
    assert_eq!(order.id, generated());
    assert_eq!(order.limit_price.to_string(), "101.5");
    let mut body = valid();
    body["id"] = json!(id_at(NOW_MS - 1000));
    assert_eq!(parse(&body).expect("valid").id.as_uuid(), id_at(NOW_MS - 1000));
}

#[test]
fn every_problem_is_named_at_once() {
    let body = json!({
        "id": "x", "account": "", "symbol": "a", "side": "hold", "quantity": 0, "limit_price": 1.5, "fee": 1
    });
    let named: Vec<_> = parse(&body).expect_err("invalid").into_iter().map(|problem| problem.field).collect();
    assert_eq!(named, ["fee", "id", "account", "symbol", "side", "quantity", "limit_price"]);
    let missing: Vec<_> = parse(&json!({})).expect_err("invalid").into_iter().map(|p| p.field).collect();
    assert_eq!(missing, ["account", "symbol", "side", "quantity", "limit_price"]);
    assert_eq!(parse(&json!([])).expect_err("invalid")[0].reason, "must be a JSON object");
}

#[test]
fn ids_are_version_7_and_of_now() {
    let reason = |id: Value| {
        let mut body = valid();
        body["id"] = id;
        parse(&body).err().map(|problems| problems[0].reason.clone()).unwrap_or_default()
    };
    assert_eq!(reason(json!("6ba7b810-9dad-11d1-80b4-00c04fd430c8")), "must be a version 7 UUID");
    assert_eq!(reason(json!(id_at(NOW_MS).simple().to_string())), "must be a version 7 UUID");
    assert_eq!(reason(json!(null)), "must be a string");
    assert_eq!(reason(json!(id_at(NOW_MS - ID_AGE_MS_MAX))), "");
    assert_eq!(reason(json!(id_at(NOW_MS - ID_AGE_MS_MAX - 1))), "was made more than 300 s ago");
    assert_eq!(reason(json!(id_at(NOW_MS + ID_LEAD_MS_MAX))), "");
    assert_eq!(reason(json!(id_at(NOW_MS + ID_LEAD_MS_MAX + 1))), "lies more than 60 s in the future");
}

#[test]
fn texts_are_bounded() {
    for account in [json!(""), json!("a b"), json!("ä"), json!("A".repeat(33)), json!(1), json!(null)] {
        assert_eq!(refused("account", account), ["account"]);
    }
    assert!(refused("account", json!("A".repeat(32))).is_empty());
    for symbol in [json!(""), json!("aapl"), json!("USD"), json!("A".repeat(13)), json!(["A"])] {
        assert_eq!(refused("symbol", symbol), ["symbol"]);
    }
    for side in [json!("Buy"), json!(""), json!(true)] {
        assert_eq!(refused("side", side), ["side"]);
    }
}

#[test]
fn numbers_are_exact_and_bounded() {
    for quantity in [json!(0), json!(-1), json!(1.0), json!("10"), json!(QUANTITY_MAX + 1), json!(1e30)] {
        assert_eq!(refused("quantity", quantity), ["quantity"]);
    }
    assert!(refused("quantity", json!(QUANTITY_MAX)).is_empty());
    let prices =
        ["", "0", "0.0000", "-1", "+1", "1e3", ".5", "5.", "1.23456", "1234567890", " 1", "1_0", "NaN", "٣"];
    for price in prices {
        assert_eq!(refused("limit_price", json!(price)), ["limit_price"], "{price}");
    }
    assert_eq!(refused("limit_price", json!(12.5)), ["limit_price"]);
    for price in ["0.0001", "999999999.9999", "007", "100"] {
        assert!(refused("limit_price", json!(price)).is_empty(), "{price}");
    }
}

#[test]
fn many_unknown_fields_make_a_short_answer() {
    let mut body = valid();
    for number in 0..500 {
        body[format!("{number:0>90}")] = json!(number);
    }
    let problems = parse(&body).expect_err("invalid");
    assert_eq!(problems.len(), UNKNOWN_NAMED_MAX + 1);
    assert!(problems.iter().all(|problem| problem.field.len() <= NAME_SHOWN_MAX));
    assert_eq!(problems[UNKNOWN_NAMED_MAX].reason, "has 490 more unknown fields");
}

pub(in crate::api) fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
        "[0-9]{1,11}(\\.[0-9]{0,6})?".prop_map(Value::from),
        any::<u128>().prop_map(|bits| Value::from(Uuid::from_u128(bits).to_string())),
    ];
    leaf.prop_recursive(2, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((field_name(), inner), 0..8)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn field_name() -> impl Strategy<Value = String> {
    prop_oneof![prop::sample::select(FIELDS.to_vec()).prop_map(str::to_owned), ".{0,60}"]
}

/// A body in which each field is mostly valid and sometimes anything.
pub(in crate::api) fn nearly_valid() -> impl Strategy<Value = Value> {
    let or_any = |usual: BoxedStrategy<Value>| prop_oneof![9 => usual, 1 => any_json()];
    let age = 0..ID_AGE_MS_MAX + ID_LEAD_MS_MAX;
    (
        or_any(age.prop_map(|ms| json!(id_at(NOW_MS - ID_AGE_MS_MAX + ms))).boxed()),
        or_any("[A-Za-z0-9._-]{1,32}".prop_map(Value::from).boxed()),
        or_any("[A-Z0-9.]{1,12}".prop_map(Value::from).boxed()),
        or_any(prop::sample::select(vec!["buy", "sell"]).prop_map(Value::from).boxed()),
        or_any((1..=QUANTITY_MAX).prop_map(Value::from).boxed()),
        or_any("[0-9]{1,9}(\\.[0-9]{1,4})?".prop_map(Value::from).boxed()),
    )
        .prop_map(|(id, account, symbol, side, quantity, limit_price)| {
            json!({
                "id": id, "account": account, "symbol": symbol, "side": side, "quantity": quantity,
                "limit_price": limit_price
            })
        })
}

proptest! {
    #[test]
    fn nothing_panics_and_refusals_have_reasons(body in any_json(), now_ms in any::<u64>()) {
        if let Err(problems) = parse_order(&body, generated, now_ms) {
            prop_assert!(!problems.is_empty());
        }
    }

    #[test]
    fn an_accepted_order_survives_its_canonical_body(body in nearly_valid()) {
        match parse(&body) {
            Ok(order) => {
                let canonical = serde_json::to_value(&order).expect("text keys");
                prop_assert_eq!(parse(&canonical), Ok(order.clone()));
                prop_assert_eq!(serde_json::from_value::<Order>(canonical).expect("an order"), order.clone());
                prop_assert!(order.limit_price > Decimal::ZERO && order.limit_price.scale() <= 4);
                let price: Decimal = body["limit_price"].as_str().expect("accepted").parse().expect("accepted");
                prop_assert_eq!(order.limit_price, price);
                prop_assert_eq!(Some(order.account.as_str()), body["account"].as_str());
                prop_assert_eq!(Some(order.quantity), body["quantity"].as_u64());
            }
            Err(problems) => prop_assert!(!problems.is_empty()),
        }
    }
}
