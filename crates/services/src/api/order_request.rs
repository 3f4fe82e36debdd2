//! From any JSON to a valid order, or to everything that is wrong with it.

use recovery::order::{QUANTITY_MAX, Side};
use recovery::request::{ACCOUNT_MAX, ORDER_FIELDS as FIELDS, PRICE_DIGITS, SYMBOL_MAX};
use recovery::{Order, OrderId};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

/// The asset that orders are paid in, which is no symbol to trade.
const CASH: &str = "USD";
/// Unknown fields that are named; more are only counted.
const UNKNOWN_NAMED_MAX: usize = 10;
/// Most characters of an unknown field's name that are repeated.
const NAME_SHOWN_MAX: usize = 40;

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldProblem {
    /// Name of the field; empty for the body as a whole.
    pub field: String,
    /// Why it is refused.
    pub reason: String,
}

impl FieldProblem {
    pub(super) fn new(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { field: field.into(), reason: reason.into() }
    }
}

/// Checks every field and reports every problem at once. An order without an id gets
/// `generated`. The price is brought to its shortest form, so that equal orders have equal bodies.
pub fn parse_order(
    body: &Value,
    generated: impl FnOnce() -> OrderId,
    now_ms: u64,
) -> Result<Order, Vec<FieldProblem>> {
    let Some(fields) = body.as_object() else {
        return Err(vec![FieldProblem::new("", "must be a JSON object")]);
    };
    let mut problems = unknown(fields);
    let id = match fields.get("id") {
        None => Ok(None),
        Some(id) => parse_id(id, now_ms).map(Some),
    };
    let id = keep(&mut problems, "id", id);
    let account = keep(&mut problems, "account", required(fields, "account", parse_account));
    let symbol = keep(&mut problems, "symbol", required(fields, "symbol", parse_symbol));
    let side = keep(&mut problems, "side", required(fields, "side", parse_side));
    let quantity = keep(&mut problems, "quantity", required(fields, "quantity", parse_quantity));
    let limit_price = keep(&mut problems, "limit_price", required(fields, "limit_price", parse_price));
    match (id, account, symbol, side, quantity, limit_price) {
        (Some(id), Some(account), Some(symbol), Some(side), Some(quantity), Some(limit_price))
            if problems.is_empty() =>
        {
            let id = id.unwrap_or_else(generated);
            Ok(Order { id, account, symbol, side, quantity, limit_price })
        }
        _ => Err(problems),
    }
}

fn keep<T>(problems: &mut Vec<FieldProblem>, field: &str, value: Result<T, String>) -> Option<T> {
    value.map_err(|reason| problems.push(FieldProblem::new(field, reason))).ok()
}

fn required<T>(
    fields: &Map<String, Value>,
    name: &str,
    parse: fn(&Value) -> Result<T, String>,
) -> Result<T, String> {
    fields.get(name).map_or_else(|| Err("is required".to_owned()), parse)
}

fn unknown(fields: &Map<String, Value>) -> Vec<FieldProblem> {
    let mut names = fields.keys().filter(|name| !FIELDS.contains(&name.as_str()));
    let mut problems: Vec<_> = names
        .by_ref()
        .take(UNKNOWN_NAMED_MAX)
        .map(|name| {
            FieldProblem::new(
                name.chars().take(NAME_SHOWN_MAX).collect::<String>(),
                "is not a field of an order",
            )
        })
        .collect();
    let rest = names.count();
    if rest > 0 {
        problems.push(FieldProblem::new("", format!("has {rest} more unknown fields")));
    }
    problems
}

fn string(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| "must be a string".to_owned())
}

fn parse_id(value: &Value, now_ms: u64) -> Result<OrderId, String> {
    // Only the hyphenated form: the id is a key, and a key has one spelling.
    let text = string(value)?;
    let uuid = Uuid::try_parse(text).ok().filter(|_| text.len() == 36);
    let id = OrderId::new(uuid.ok_or("must be a version 7 UUID")?).map_err(|error| error.to_string())?;
    id.check_age(now_ms).map_err(|error| error.to_string())?;
    Ok(id)
}

fn parse_account(value: &Value) -> Result<String, String> {
    let text = string(value)?;
    let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if !text.is_empty() && text.len() <= ACCOUNT_MAX && text.bytes().all(known) {
        Ok(text.to_owned())
    } else {
        Err(format!("must be 1 to {ACCOUNT_MAX} letters, digits, `-`, `_` or `.`"))
    }
}

fn parse_symbol(value: &Value) -> Result<String, String> {
    let text = string(value)?;
    let known = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'.';
    if text.is_empty() || text.len() > SYMBOL_MAX || !text.bytes().all(known) {
        Err(format!("must be 1 to {SYMBOL_MAX} capital letters, digits or `.`"))
    } else if text == CASH {
        Err(format!("must not be {CASH}, which orders are paid in"))
    } else {
        Ok(text.to_owned())
    }
}

fn parse_side(value: &Value) -> Result<Side, String> {
    match value.as_str() {
        Some("buy") => Ok(Side::Buy),
        Some("sell") => Ok(Side::Sell),
        _ => Err("must be `buy` or `sell`".to_owned()),
    }
}

fn parse_quantity(value: &Value) -> Result<u64, String> {
    value
        .as_u64()
        .filter(|quantity| (1..=QUANTITY_MAX).contains(quantity))
        .ok_or_else(|| format!("must be a whole number from 1 to {QUANTITY_MAX}"))
}

fn parse_price(value: &Value) -> Result<Decimal, String> {
    let (whole_max, fraction_max) = PRICE_DIGITS;
    let form = || {
        format!("must be a decimal with at most {whole_max} digits before and {fraction_max} after the point")
    };
    let text = value.as_str().ok_or("must be a string, so that no digit is lost")?;
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    let digits = |part: &str, max: usize| {
        !part.is_empty() && part.len() <= max && part.bytes().all(|b| b.is_ascii_digit())
    };
    if !digits(whole, whole_max) || fraction.is_some_and(|fraction| !digits(fraction, fraction_max)) {
        return Err(form());
    }
    let price = text.parse::<Decimal>().map_err(|_| form())?.normalize();
    if price.is_zero() { Err("must be above 0".to_owned()) } else { Ok(price) }
}

#[cfg(test)]
pub(super) mod tests;
