//! Goal: whoever rings reaches the topic and whoever reads it is told. A key or a topic that refuses a
//! service drops its messages without a word.

use serde_json::{Value, json};

use super::REGIONS;
use crate::{Template, deployment, everywhere, synthesise};

fn alerts<'t>(templates: &'t [Template], region: &str) -> &'t Template {
    let name = format!("TapStack-Alerts-{region}-production");
    templates.iter().find(|template| template.name == name).expect("each region has its own")
}

#[test]
fn alarms_and_rules_may_publish_and_use_the_key() {
    for (templates, region) in everywhere() {
        let stack = alerts(templates, region);
        let statements = stack.all("AWS::KMS::Key")[0]["KeyPolicy"]["Statement"].clone();
        let uses = |service: &str| -> Vec<Value> {
            let all = statements.as_array().expect("statements").iter();
            let of = |statement: &&Value| {
                let services = statement["Principal"]["Service"].as_array();
                services.is_some_and(|services| services.contains(&json!(service)))
            };
            all.filter(of).cloned().collect()
        };
        for service in ["cloudwatch.amazonaws.com", "events.amazonaws.com"] {
            let uses = uses(service);
            assert_eq!(uses.len(), 1, "{service}");
            assert_eq!(uses[0]["Action"], json!(["kms:Decrypt", "kms:GenerateDataKey"]));
            let condition = uses[0].get("Condition");
            // EventBridge does not say for which account it uses the key: with a condition it could not.
            let expected = json!({ "StringEquals": { "aws:SourceAccount": "111122223333" } });
            assert_eq!(condition, (service != "events.amazonaws.com").then_some(&expected), "{service}");
        }
        let policy = &stack.all("AWS::SNS::TopicPolicy")[0]["PolicyDocument"]["Statement"];
        let condition = |service: &str| -> Value {
            let all = policy.as_array().expect("statements").iter();
            let of: Vec<&Value> = all.filter(|one| one["Principal"]["Service"] == service).collect();
            assert_eq!((of.len(), &of[0]["Action"]), (1, &json!("sns:Publish")), "{service}");
            of[0]["Condition"].clone()
        };
        let alarms = format!("arn:aws:cloudwatch:{region}:111122223333:alarm:alarm-*-production");
        assert_eq!(condition("cloudwatch.amazonaws.com")["ArnLike"]["aws:SourceArn"], alarms);
        // Nor does it say which rule publishes.
        assert_eq!(condition("events.amazonaws.com"), Value::Null);
    }
}

#[test]
fn every_address_is_told_in_each_region() {
    let mut deployment = deployment();
    deployment.alarms.email = vec!["on-call@trading.example".to_owned(), "desk@trading.example".to_owned()];
    let ids = |deployment: &recovery::Deployment| -> Vec<String> {
        let templates = synthesise(deployment);
        let told = |template: &Template| -> Vec<String> {
            let of_type = template.resources().filter(|(_, r)| r["Type"] == "AWS::SNS::Subscription");
            of_type.map(|(id, _)| id.clone()).collect()
        };
        for region in REGIONS {
            let stack = alerts(&templates, region);
            let endpoints: Vec<&Value> =
                stack.all("AWS::SNS::Subscription").iter().map(|one| &one["Endpoint"]).collect();
            assert_eq!(endpoints.len(), 2, "{region}");
            assert!(endpoints.contains(&&json!("desk@trading.example")));
            assert!(stack.all("AWS::SNS::Subscription").iter().all(|one| one["Protocol"] == "email"));
        }
        let mut ids: Vec<String> = templates.iter().flat_map(told).collect();
        ids.sort();
        ids
    };
    let first = ids(&deployment);
    deployment.alarms.email.reverse();
    assert_eq!(first, ids(&deployment), "another order of the list replaces no subscription");
}

#[test]
fn the_topic_is_there_before_anything_that_tells_it() {
    let directory = crate::packages();
    let app = infra::app(&crate::deployment(), &crate::synthesis(directory.path())).expect("good input");
    let assembly = app.synthesise().expect("a sound tree");
    for region in REGIONS {
        let topic = format!("TapStack-Alerts-{region}-production");
        for kind in ["Database", "DisasterRecovery", "Monitoring"] {
            let name = format!("TapStack-{kind}-{region}-production");
            let stack = assembly.stacks.iter().find(|stack| stack.name == name).expect("a stack");
            assert!(stack.dependencies.contains(&topic), "{name}");
        }
        let alerts = assembly.stacks.iter().find(|stack| stack.name == topic).expect("a stack");
        assert_eq!(
            alerts.dependencies,
            [format!("TapStack-Foundation-{region}-production")],
            "the claim alone"
        );
    }
}
