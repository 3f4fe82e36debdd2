//! `Fn::GetStackOutput` across regions, which CloudFormation has and the emulator has not.

use serde_json::Value;

use super::Deployed;

/// The template with every output of a deployed stack in the place that reads it.
pub(super) fn filled(template: &Value, deployed: &[Deployed]) -> Value {
    match template {
        Value::Array(items) => items.iter().map(|item| filled(item, deployed)).collect(),
        Value::Object(fields) => read(template, deployed).unwrap_or_else(|| {
            fields.iter().map(|(name, field)| (name.clone(), filled(field, deployed))).collect()
        }),
        other => other.clone(),
    }
}

fn read(value: &Value, deployed: &[Deployed]) -> Option<Value> {
    let argument = value.get("Fn::GetStackOutput")?;
    let text = |field: &str| argument.get(field).and_then(Value::as_str);
    let (name, region) = (text("StackName")?, text("Region")?);
    let stack = deployed.iter().find(|stack| stack.name == name && stack.region == region)?;
    stack.outputs.get(text("OutputName")?).map(|output| Value::from(output.clone()))
}

#[cfg(test)]
mod tests {
    // Goal: an output is read from the stack of the region that is named, or left for CloudFormation
    // to refuse. Method: one deployed stack, and reads that hit and miss it.
    use super::*;
    use serde_json::json;

    #[test]
    fn outputs_are_read_from_the_named_region() {
        let deployed = [Deployed {
            name: "S".into(),
            region: "us-east-2".into(),
            outputs: [("Host".to_owned(), "h".to_owned())].into(),
        }];
        let read = |region: &str, output: &str| json!({ "Fn::GetStackOutput": { "StackName": "S", "OutputName": output, "Region": region } });
        let template = json!({ "a": [read("us-east-2", "Host")], "b": read("us-east-1", "Host"), "c": 1 });
        assert_eq!(
            filled(&template, &deployed),
            json!({ "a": ["h"], "b": read("us-east-1", "Host"), "c": 1 })
        );
    }
}
