//! Goal: people hear of gaps once, and of their end once. Method: a queue listens on the recovery bus
//! while a pair breaks and is mended.

use aws_sdk_eventbridge::types::Target;
use aws_sdk_sqs::types::QueueAttributeName;

use super::parts;
use super::stage::{ACCOUNT, Stage};

/// Everything that was told since this was asked last.
async fn told(stage: &Stage) -> Vec<serde_json::Value> {
    let sqs = aws_sdk_sqs::Client::new(&stage.aws[0]);
    let url = sqs.get_queue_url().queue_name(stage.name("news")).send().await.expect("it exists");
    let mut told = Vec::new();
    loop {
        let receive = sqs.receive_message().set_queue_url(url.queue_url.clone()).max_number_of_messages(10);
        let messages = receive.send().await.expect("the queue answers").messages.unwrap_or_default();
        if messages.is_empty() {
            return told;
        }
        for message in messages {
            let body = message.body.expect("a message has a body");
            told.push(serde_json::from_str(&body).expect("an event is JSON"));
        }
    }
}

async fn listen(stage: &Stage) {
    let (bus, queue) = (stage.name("bus"), stage.name("news"));
    let sqs = aws_sdk_sqs::Client::new(&stage.aws[0]);
    let made = sqs.create_queue().queue_name(&queue).attributes(QueueAttributeName::VisibilityTimeout, "600");
    made.send().await.expect("the queue is new");
    let events = aws_sdk_eventbridge::Client::new(&stage.aws[0]);
    let rule = events.put_rule().name("news").event_bus_name(&bus);
    rule.event_pattern(r#"{"source":["standfast"]}"#).send().await.expect("the rule is new");
    let arn = format!("arn:aws:sqs:us-east-1:{ACCOUNT}:{queue}");
    let target = Target::builder().id("news").arn(arn).build().expect("both are set");
    events.put_targets().rule("news").event_bus_name(&bus).targets(target).send().await.expect("it exists");
}

#[tokio::test]
async fn people_hear_of_gaps_and_of_their_end_once_each() {
    let stage = Stage::new().await;
    listen(&stage).await;

    assert!(stage.run().await.passed);
    assert_eq!(told(&stage).await, [] as [serde_json::Value; 0], "nothing is wrong, and nothing was");

    parts::schedule(&stage.name("watch"), "PUT", "DISABLED").await;
    stage.run().await;
    stage.run().await;
    let heard = told(&stage).await;
    assert_eq!(heard.len(), 1, "the second run found nothing new: {heard:?}");
    assert_eq!(heard[0]["detail-type"], "preflight failed");
    assert_eq!(heard[0]["detail"]["region"], "us-east-1");
    assert_eq!(heard[0]["detail"]["gaps"][0]["check"], "schedule");
    let found = heard[0]["detail"]["gaps"][0]["found"].as_str().expect("words");
    assert!(found.contains("DISABLED"), "{found}");

    parts::schedule(&stage.name("watch"), "PUT", "ENABLED").await;
    stage.run().await;
    let heard = told(&stage).await;
    let types: Vec<_> = heard.iter().map(|event| &event["detail-type"]).collect();
    assert_eq!(types, ["preflight passed"]);
}
