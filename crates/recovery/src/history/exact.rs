//! Amounts in a history: decimal text, taken as it is written or not at all.
//!
//! A number of JSON passes through floating point, and a text with more places than an amount can have
//! would be rounded: either could hide that something does not add up.

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serializer, de};

pub(super) fn serialize<S: Serializer>(amount: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(amount)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    let text = String::deserialize(deserializer)?;
    Decimal::from_str_exact(&text)
        .map_err(|_| de::Error::custom(format_args!("`{text}` is not an exact amount")))
}
