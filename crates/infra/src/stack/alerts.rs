//! Where people are told: the region's topic, its key and its subscribers.
//!
//! A stack of its own, deployed before all that reports to it, so that the topic is there when a
//! database's events are subscribed to and when the first alarm can ring. Each region has its own,
//! and nothing of one region reports to the other's: who is told of a lost region is told by the one
//! that is left.

use cdk::{Handle, Scope, Stack};
use cfn::{Json, Value, sns};
use serde_json::json;

use super::key;
use crate::place::Place;

/// Who publishes. EventBridge and CloudWatch cannot use the key AWS manages for SNS.
const PUBLISHERS: [&str; 2] = ["cloudwatch.amazonaws.com", "events.amazonaws.com"];

/// What a region's alerts stack holds.
#[derive(Debug)]
pub struct Handles {
    /// The topic.
    pub topic: Handle,
}

/// Adds the topic, what may publish to it, and who reads it.
pub fn new(stack: &mut Stack, place: &Place<'_>) -> Handles {
    let mut root = stack.root();
    let encryption = key(&mut root, place, "alerts", &PUBLISHERS);
    let topic = root.add(
        "Alerts",
        sns::Topic::new()
            .topic_name(place.names().alert_topic())
            .kms_master_key_id(encryption.attribute("Arn")),
    );
    root.add("AlertsPolicy", sns::TopicPolicy::new(policy(place, &topic), [topic.reference()]));
    subscribers(&mut root, place, &topic);
    Handles { topic }
}

/// The services that publish for resources of this account and region, over TLS only. EventBridge says
/// nothing of its rule when it publishes: under a condition it would be refused, and what a recovery
/// announces would reach nobody.
///
/// "You can't use Condition blocks in Amazon SNS topic policies for EventBridge":
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-troubleshooting.html>
fn policy(place: &Place<'_>, topic: &Handle) -> Json {
    let arn = Value::<String>::from(topic.reference());
    let publish = |id: &str, service: &str| {
        json!({
            "Sid": id,
            "Effect": "Allow",
            "Principal": { "Service": service },
            "Action": "sns:Publish",
            "Resource": arn,
        })
    };
    let alarms = place.arn("cloudwatch", &format!("alarm:{}", place.names().resource("alarm", "*")));
    let mut alarms_publish = publish("AlarmsPublish", "cloudwatch.amazonaws.com");
    alarms_publish["Condition"] = json!({
        "ArnLike": { "aws:SourceArn": alarms },
        "StringEquals": { "aws:SourceAccount": place.account },
    });
    let encrypted_only = json!({
        "Sid": "EncryptedOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sns:Publish",
        "Resource": arn,
        "Condition": { "Bool": { "aws:SecureTransport": "false" } },
    });
    json!({
        "Version": "2012-10-17",
        "Statement": [
            publish("RulesPublish", "events.amazonaws.com"),
            alarms_publish,
            encrypted_only,
        ],
    })
}

/// Each address of the deployment file; its owner confirms once per region.
fn subscribers(root: &mut Scope<'_>, place: &Place<'_>, topic: &Handle) {
    for address in &place.deployment.alarms.email {
        // By the address itself, so that another order of the list changes nothing.
        let id = format!("Email-{}", &cdk::content_hash(address.as_bytes())[..8]);
        root.add(&id, sns::Subscription::new("email", topic.reference()).endpoint(address.clone()));
    }
}
