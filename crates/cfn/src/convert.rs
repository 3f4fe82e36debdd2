//! Conversions that let setters take bare literals, intrinsics and references.

use crate::{Intrinsic, Json, List, Value};

impl<T> From<Intrinsic> for Value<T> {
    fn from(intrinsic: Intrinsic) -> Self {
        Value::Intrinsic(intrinsic)
    }
}

impl<T: Clone> From<&Value<T>> for Value<T> {
    fn from(value: &Value<T>) -> Self {
        value.clone()
    }
}

impl From<&str> for Value<String> {
    fn from(literal: &str) -> Self {
        Value::Literal(literal.to_owned())
    }
}

impl From<&String> for Value<String> {
    fn from(literal: &String) -> Self {
        Value::Literal(literal.clone())
    }
}

/// Literals that convert to a value of the same, or a wider, type.
macro_rules! literals {
    ($($source:ty => $target:ty),+ $(,)?) => {
        $(impl From<$source> for Value<$target> {
            fn from(literal: $source) -> Self {
                Value::Literal(literal.into())
            }
        })+
    };
}

literals! {
    String => String,
    bool => bool,
    i32 => i64, i64 => i64, u8 => i64, u16 => i64, u32 => i64,
    f64 => f64, i32 => f64, u32 => f64,
    Json => Json, &str => Json, String => Json, bool => Json, i64 => Json,
}

impl From<Value<String>> for Value<Json> {
    fn from(value: Value<String>) -> Self {
        match value {
            Value::Literal(literal) => Value::Literal(literal.into()),
            Value::Intrinsic(intrinsic) => Value::Intrinsic(intrinsic),
        }
    }
}

impl<T, I: Into<Value<T>>> From<Vec<I>> for List<T> {
    fn from(items: Vec<I>) -> Self {
        Value::Literal(items.into_iter().map(Into::into).collect())
    }
}

impl<T, I: Into<Value<T>>, const N: usize> From<[I; N]> for List<T> {
    fn from(items: [I; N]) -> Self {
        Value::Literal(items.into_iter().map(Into::into).collect())
    }
}
