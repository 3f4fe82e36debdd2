//! The bodies of requests: their limits, and their JSON schemas for whoever looks at a request before
//! the service does.
//!
//! A schema never refuses what the service would take. It lets through what it cannot express: an id
//! of another time, a price of 0, cash as a symbol. Draft 4, the one that API Gateway reads:
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/models-mappings-models.html>.

use serde_json::{Value, json};

use crate::order::QUANTITY_MAX;

/// Most characters of an account.
pub const ACCOUNT_MAX: usize = 32;
/// Most characters of a symbol.
pub const SYMBOL_MAX: usize = 12;
/// Most digits of a price before and after its point.
pub const PRICE_DIGITS: (usize, usize) = (9, 4);
/// Every field an order may have.
pub const ORDER_FIELDS: [&str; 6] = ["id", "account", "symbol", "side", "quantity", "limit_price"];

const DRAFT: &str = "http://json-schema.org/draft-04/schema#";

/// Schema of the body of `POST /orders`.
pub fn order_schema() -> Value {
    let (whole, fraction) = PRICE_DIGITS;
    let text = |pattern: String| json!({ "type": "string", "pattern": pattern });
    let hex = "[0-9A-Fa-f]";
    json!({
        "$schema": DRAFT,
        "title": "Order",
        "type": "object",
        "additionalProperties": false,
        "required": ORDER_FIELDS[1..],
        "properties": {
            "id": text(format!("^{hex}{{8}}-{hex}{{4}}-7{hex}{{3}}-[89ABab]{hex}{{3}}-{hex}{{12}}$")),
            "account": text(format!("^[A-Za-z0-9._-]{{1,{ACCOUNT_MAX}}}$")),
            "symbol": text(format!("^[A-Z0-9.]{{1,{SYMBOL_MAX}}}$")),
            "side": { "type": "string", "enum": ["buy", "sell"] },
            "quantity": { "type": "integer", "minimum": 1, "maximum": QUANTITY_MAX },
            "limit_price": text(format!("^[0-9]{{1,{whole}}}([.][0-9]{{1,{fraction}}})?$")),
        },
    })
}

/// Schema of the body of `PUT /sessions/{id}`.
pub fn session_schema() -> Value {
    json!({
        "$schema": DRAFT,
        "title": "Session",
        "type": "object",
        "additionalProperties": false,
        "required": ["data"],
        "properties": { "data": { "type": "object" } },
    })
}
