//! Intrinsic functions and pseudo parameters.

use serde::{Serialize, Serializer};
use serde_json::json;

use crate::{Json, Map, Value};

/// A function that CloudFormation evaluates while it deploys.
///
/// Resources are named by their logical id in the same template. There are no `Fn::If` and no
/// `Fn::FindInMap`, because whoever writes a template with Rust decides before it is written;
/// no `Fn::ImportValue`, because an export can neither cross a region nor change while it is
/// imported ([`Intrinsic::StackOutput`] can).
#[derive(Clone, Debug, PartialEq)]
pub enum Intrinsic {
    /// `Ref`: a parameter's value, a resource's identity, or a pseudo parameter.
    Ref {
        /// Logical id, or the name of a pseudo parameter.
        logical_id: String,
    },
    /// `Fn::GetAtt`: an attribute of a resource.
    GetAtt {
        /// Logical id of the resource.
        logical_id: String,
        /// Attribute name, with dots where the specification has them.
        attribute: String,
    },
    /// `Fn::Sub`: a text with `${…}` placeholders.
    Sub {
        /// The text.
        text: String,
        /// Placeholders that are neither logical ids nor pseudo parameters.
        variables: Map<Value<String>>,
    },
    /// `Fn::Join`: values with a delimiter between them.
    Join {
        /// What stands between two values.
        delimiter: String,
        /// The values, in order.
        values: Vec<Value<String>>,
    },
    /// `Fn::Select`: one item of a list.
    Select {
        /// Index from 0.
        index: usize,
        /// The list, usually another intrinsic.
        list: Box<Value<Vec<Value<String>>>>,
    },
    /// `Fn::GetStackOutput`: an output of a stack of this account that is deployed already, in any
    /// region. It is read through that region's control plane whenever the reading stack is deployed.
    StackOutput {
        /// Name of that stack.
        stack_name: String,
        /// Logical id of its output.
        output_name: String,
        /// Region of that stack.
        region: String,
    },
    /// `Fn::GetAZs`: the availability zones of a region; empty means the stack's own.
    GetAzs {
        /// Region name, or empty.
        region: String,
    },
}

/// `Ref` to a resource or parameter of the same template.
pub fn reference(logical_id: impl Into<String>) -> Intrinsic {
    Intrinsic::Ref { logical_id: logical_id.into() }
}

/// `Fn::GetAtt`; attribute names are listed in each resource's `attribute` module.
pub fn get_att(logical_id: impl Into<String>, attribute: impl Into<String>) -> Intrinsic {
    Intrinsic::GetAtt { logical_id: logical_id.into(), attribute: attribute.into() }
}

/// `Fn::Sub` without variables of its own: `${LogicalId}`, `${LogicalId.Attribute}`, `${AWS::Region}`.
pub fn sub(text: impl Into<String>) -> Intrinsic {
    Intrinsic::Sub { text: text.into(), variables: Map::new() }
}

/// Joins values; neighbouring literals are merged, and nothing but literals makes a literal.
pub fn join<V: Into<Value<String>>>(delimiter: &str, values: impl IntoIterator<Item = V>) -> Value<String> {
    let mut merged: Vec<Value<String>> = Vec::new();
    for value in values.into_iter().map(Into::into) {
        match (merged.last_mut(), value) {
            (Some(Value::Literal(left)), Value::Literal(right)) => {
                left.push_str(delimiter);
                left.push_str(&right);
            }
            (_, value) => merged.push(value),
        }
    }
    match merged.len() {
        0 => Value::Literal(String::new()),
        1 => merged.remove(0),
        _ => Value::Intrinsic(Intrinsic::Join { delimiter: delimiter.to_owned(), values: merged }),
    }
}

/// Pseudo parameters: what CloudFormation knows about the deployment itself.
pub mod pseudo {
    use super::{Intrinsic, reference};

    /// The account that the stack is deployed into.
    pub fn account_id() -> Intrinsic {
        reference("AWS::AccountId")
    }

    /// The partition, such as `aws` or `aws-us-gov`.
    pub fn partition() -> Intrinsic {
        reference("AWS::Partition")
    }

    /// The region that the stack is deployed into.
    pub fn region() -> Intrinsic {
        reference("AWS::Region")
    }

    /// The ARN of the stack.
    pub fn stack_id() -> Intrinsic {
        reference("AWS::StackId")
    }

    /// The name of the stack.
    pub fn stack_name() -> Intrinsic {
        reference("AWS::StackName")
    }

    /// The domain of service endpoints, such as `amazonaws.com`.
    pub fn url_suffix() -> Intrinsic {
        reference("AWS::URLSuffix")
    }

    /// Removes the property it stands for.
    pub fn no_value() -> Intrinsic {
        reference("AWS::NoValue")
    }
}

impl Intrinsic {
    /// This function as CloudFormation JSON.
    pub fn to_json(&self) -> Json {
        match self {
            Intrinsic::Ref { logical_id } => json!({ "Ref": logical_id }),
            Intrinsic::GetAtt { logical_id, attribute } => json!({ "Fn::GetAtt": [logical_id, attribute] }),
            Intrinsic::Sub { text, variables } if variables.is_empty() => json!({ "Fn::Sub": text }),
            Intrinsic::Sub { text, variables } => json!({ "Fn::Sub": [text, variables] }),
            Intrinsic::Join { delimiter, values } => json!({ "Fn::Join": [delimiter, values] }),
            Intrinsic::Select { index, list } => json!({ "Fn::Select": [index, list] }),
            Intrinsic::StackOutput { stack_name, output_name, region } => json!({
                "Fn::GetStackOutput": { "StackName": stack_name, "OutputName": output_name, "Region": region }
            }),
            Intrinsic::GetAzs { region } => json!({ "Fn::GetAZs": region }),
        }
    }
}

impl Serialize for Intrinsic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    // Goal: each function has exactly the shape that CloudFormation reads.
    // Method: compare with JSON written by hand from its reference.
    use super::*;

    #[test]
    fn functions_have_the_documented_shape() {
        assert_eq!(reference("Orders").to_json(), json!({"Ref": "Orders"}));
        assert_eq!(
            get_att("Db", "Endpoint.Address").to_json(),
            json!({"Fn::GetAtt": ["Db", "Endpoint.Address"]})
        );
        assert_eq!(sub("${AWS::Region}-x").to_json(), json!({"Fn::Sub": "${AWS::Region}-x"}));
        let variables = Map::from([("name".to_owned(), Value::from("x"))]);
        let with_variables = Intrinsic::Sub { text: "${name}".into(), variables };
        assert_eq!(with_variables.to_json(), json!({"Fn::Sub": ["${name}", {"name": "x"}]}));
        let zones = Intrinsic::GetAzs { region: String::new() };
        let zone = Intrinsic::Select { index: 1, list: Box::new(zones.into()) };
        assert_eq!(zone.to_json(), json!({"Fn::Select": [1, {"Fn::GetAZs": ""}]}));
        let output = Intrinsic::StackOutput {
            stack_name: "Network".into(),
            output_name: "Vpc".into(),
            region: "us-east-2".into(),
        };
        let of = json!({"StackName": "Network", "OutputName": "Vpc", "Region": "us-east-2"});
        assert_eq!(output.to_json(), json!({"Fn::GetStackOutput": of}));
        assert_eq!(pseudo::account_id().to_json(), json!({"Ref": "AWS::AccountId"}));
    }

    #[test]
    fn joining_merges_neighbouring_literals() {
        let values: [Value<String>; 4] = ["arn".into(), "aws".into(), pseudo::region().into(), "x".into()];
        let expected = json!({"Fn::Join": [":", ["arn:aws", {"Ref": "AWS::Region"}, "x"]]});
        assert_eq!(join(":", values).to_json(), expected);
    }

    #[test]
    fn joining_only_literals_is_a_literal() {
        assert_eq!(join("-", ["a", "b"]), Value::from("a-b"));
        assert_eq!(join("-", [] as [&str; 0]), Value::from(""));
    }

    #[test]
    fn joining_one_value_keeps_it() {
        assert_eq!(join("-", [pseudo::region()]), Value::Intrinsic(pseudo::region()));
    }
}
