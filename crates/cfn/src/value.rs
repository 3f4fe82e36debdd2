//! What a property can hold: a literal, or an intrinsic that CloudFormation
//! resolves while it deploys.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use crate::{Intrinsic, Json};

/// A property value: a literal `T`, or an [`Intrinsic`] that resolves to one.
///
/// Literals convert with `into()`, so setters take them bare. The intrinsic's
/// own type is not checked: CloudFormation does that at deployment.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<T> {
    /// Known when the template is written.
    Literal(T),
    /// Known when the template is deployed.
    Intrinsic(Intrinsic),
}

/// A list that is itself a literal or an intrinsic, of values that are either.
pub type List<T> = Value<Vec<Value<T>>>;

/// A map with literal keys, in the order of its keys.
pub type Map<T> = BTreeMap<String, T>;

impl<T> Value<T> {
    /// The literal, if this is one.
    pub fn as_literal(&self) -> Option<&T> {
        match self {
            Value::Literal(literal) => Some(literal),
            Value::Intrinsic(_) => None,
        }
    }
}

impl<T: Serialize> Value<T> {
    /// This value as CloudFormation JSON.
    ///
    /// # Panics
    /// Never for the types of this crate: all their map keys are strings.
    pub fn to_json(&self) -> Json {
        serde_json::to_value(self).expect("values of this crate have only string keys")
    }
}

impl Value<String> {
    /// The literal text, if this is one.
    pub fn as_str(&self) -> Option<&str> {
        self.as_literal().map(String::as_str)
    }
}

impl<T: Serialize> Serialize for Value<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Literal(literal) => literal.serialize(serializer),
            Value::Intrinsic(intrinsic) => intrinsic.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    // Goal: a literal serialises as itself and an intrinsic as its object.
    // Method: compare the JSON of each conversion that a setter accepts.
    use serde_json::json;

    use super::*;
    use crate::{get_att, reference};

    fn text(value: impl Into<Value<String>>) -> Json {
        value.into().to_json()
    }

    fn list(value: impl Into<List<String>>) -> Json {
        value.into().to_json()
    }

    #[test]
    fn literals_serialise_as_themselves() {
        assert_eq!(text("a"), json!("a"));
        assert_eq!(text(String::from("a")), json!("a"));
        assert_eq!(Value::<i64>::from(30_u32).to_json(), json!(30));
        assert_eq!(Value::<i64>::from(-1_i32).to_json(), json!(-1));
        assert_eq!(Value::<f64>::from(0.5).to_json(), json!(0.5));
        assert_eq!(Value::<bool>::from(true).to_json(), json!(true));
        assert_eq!(Value::<Json>::from(json!({"a": [1]})).to_json(), json!({"a": [1]}));
        assert_eq!(Value::<Json>::from("text").to_json(), json!("text"));
    }

    #[test]
    fn intrinsics_fit_every_kind_of_value() {
        let expected = json!({"Ref": "Orders"});
        assert_eq!(text(reference("Orders")), expected);
        assert_eq!(Value::<i64>::from(reference("Orders")).to_json(), expected);
        assert_eq!(Value::<Json>::from(reference("Orders")).to_json(), expected);
        assert_eq!(list(get_att("Zone", "NameServers")), json!({"Fn::GetAtt": ["Zone", "NameServers"]}));
    }

    #[test]
    fn lists_mix_literals_and_intrinsics() {
        assert_eq!(list(["a", "b"]), json!(["a", "b"]));
        assert_eq!(list(vec![String::from("a")]), json!(["a"]));
        let mixed: Vec<Value<String>> = vec!["a".into(), reference("B").into()];
        assert_eq!(list(mixed), json!(["a", {"Ref": "B"}]));
    }

    #[test]
    fn text_widens_to_json_and_keeps_its_kind() {
        let literal: Value<String> = "a".into();
        assert_eq!(Value::<Json>::from(literal), Value::Literal(json!("a")));
        let later: Value<String> = reference("B").into();
        assert_eq!(Value::<Json>::from(later), Value::Intrinsic(reference("B")));
    }

    #[test]
    fn values_stand_inside_free_form_json() {
        let arn: Value<String> = get_att("Orders", "Arn").into();
        assert_eq!(json!({"Resource": arn}), json!({"Resource": {"Fn::GetAtt": ["Orders", "Arn"]}}));
    }
}
