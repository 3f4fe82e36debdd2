//! Goal: a value is evidence exactly when it is what it must be, wherever it lies. Method: small definitions.

use serde_json::json;

use super::*;

fn deployment() -> Deployment {
    Deployment::parse(include_str!("../../../../../deployments/trading.toml"), "trading.toml")
        .expect("the deployment we ship is valid")
}

fn follow(condition: &Condition, value: &Value, way: &str) -> Result<Vec<Found>, Found> {
    let deployment = deployment();
    condition.follow(value, way, Surroundings { deployment: &deployment, region: "us-east-1" })
}

fn holds(condition: &Condition, value: Value) -> bool {
    follow(condition, &value, "").is_ok()
}

#[test]
fn each_condition_takes_what_it_says_and_nothing_else() {
    assert!(
        holds(&Condition::Equals(json!(1)), json!("1")) && !holds(&Condition::Equals(json!(1)), json!(2))
    );
    assert!(!holds(&Condition::Equals(json!("null")), Value::Null));
    let other = Condition::OtherThan(json!("0.0.0.0/0"));
    assert!(holds(&other, json!("10.0.0.0/8")) && !holds(&other, json!("0.0.0.0/0")));
    assert!(holds(&Condition::AtLeast(7), json!("7")) && !holds(&Condition::AtLeast(7), json!(6)));
    assert!(!holds(&Condition::AtLeast(0), Value::Null) && !holds(&Condition::AtLeast(0), json!("much")));
    assert!(holds(&Condition::AtMost(0), json!(0)) && !holds(&Condition::AtMost(0), json!(1)));
    assert!(!holds(&Condition::AtMost(0), Value::Null));
    assert!(
        holds(&Condition::Begins("a-".into()), json!("a-b"))
            && !holds(&Condition::Begins("b".into()), json!("a-b"))
    );
    assert!(
        holds(&Condition::Contains("b".into()), json!("abc"))
            && !holds(&Condition::Contains("b".into()), json!(["b"]))
    );
    for nothing in [json!(null), json!(""), json!([]), json!({})] {
        assert!(!holds(&Condition::Present, nothing));
    }
    assert!(holds(&Condition::Present, json!(false)));
    assert!(holds(&Condition::Peer, json!("arn:aws:events:us-east-2:1:event-bus/b")));
    assert!(!holds(&Condition::Peer, json!("us-east-1")) && !holds(&Condition::Peer, Value::Null));
}

#[test]
fn every_part_must_hold_or_any_one_as_the_way_says() {
    let replicas = json!({ "Replicas": [{ "On": true }, { "On": false }] });
    let on = Condition::Equals(json!(true));
    assert_eq!(follow(&on, &replicas, "Replicas/*/On"), Err(("Replicas/1/On".to_owned(), json!(false))));
    assert_eq!(follow(&on, &replicas, "Replicas/?/On"), Ok(vec![("Replicas/0/On".to_owned(), json!(true))]));
    assert_eq!(follow(&on, &replicas, "Replicas/1/On"), Err(("Replicas/1/On".to_owned(), json!(false))));
    for way in ["Replicas/*/On", "Replicas/?/On"] {
        assert!(follow(&on, &json!({ "Replicas": [] }), way).is_err(), "nothing is no evidence: {way}");
        assert!(follow(&on, &json!({}), way).is_err(), "{way}");
    }
}

#[test]
fn parts_of_a_list_are_found_by_a_field() {
    let attributes = json!({ "List": [{ "Key": "a", "Value": "1" }, { "Key": "b", "Value": "0" }] });
    let one = Condition::Equals(json!("1"));
    assert_eq!(
        follow(&one, &attributes, "List/Key=a/Value"),
        Ok(vec![("List/0/Value".to_owned(), json!("1"))])
    );
    assert_eq!(follow(&one, &attributes, "List/Key=b/Value"), Err(("List/1/Value".to_owned(), json!("0"))));
    assert_eq!(follow(&one, &attributes, "List/Key=c/Value"), Err(("List/Key=c".to_owned(), Value::Null)));
}

#[test]
fn a_text_that_holds_json_is_gone_through_and_another_is_not() {
    let machine = json!({ "DefinitionString": "{\"States\":{\"Escalate\":{\"Type\":\"Task\"}}}" });
    let task = Condition::Equals(json!("Task"));
    assert!(follow(&task, &machine, "DefinitionString/States/Escalate/Type").is_ok());
    assert!(follow(&task, &machine, "DefinitionString/States/Gone/Type").is_err());
    assert!(follow(&task, &json!({ "Name": "text" }), "Name/States").is_err());
    assert!(follow(&Condition::Present, &json!({ "Name": "\"text\"" }), "Name/States").is_err());
}
