//! Goal: people hear of differences that nothing explains once, and again when there are others. Method: a queue
//! listens on the recovery bus while the database is changed and mended.

use aws_sdk_eventbridge::types::Target;
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::Value;

use super::stage::{OLD_MS, Stage, aged};

async fn listen(stage: &Stage) {
    let sqs = aws_sdk_sqs::Client::new(&stage.scene.aws);
    let made = sqs.create_queue().queue_name(&stage.bus);
    let made = made.attributes(QueueAttributeName::VisibilityTimeout, "600");
    made.send().await.expect("the queue is new");
    let events = aws_sdk_eventbridge::Client::new(&stage.scene.aws);
    let rule = events.put_rule().name("news").event_bus_name(&stage.bus);
    rule.event_pattern(r#"{"source":["standfast"]}"#).send().await.expect("the rule is new");
    let arn = format!("arn:aws:sqs:us-east-1:000000000000:{}", stage.bus);
    let target = Target::builder().id("news").arn(arn).build().expect("both are set");
    let put = events.put_targets().rule("news").event_bus_name(&stage.bus).targets(target);
    put.send().await.expect("it exists");
}

async fn heard(stage: &Stage) -> Vec<Value> {
    let sqs = aws_sdk_sqs::Client::new(&stage.scene.aws);
    let url = sqs.get_queue_url().queue_name(&stage.bus).send().await.expect("it exists");
    let receive = sqs.receive_message().set_queue_url(url.queue_url).max_number_of_messages(10);
    let messages = receive.send().await.expect("the queue answers").messages.unwrap_or_default();
    let bodies = messages.into_iter().filter_map(|message| message.body);
    bodies.map(|body| serde_json::from_str(&body).expect("an event is JSON")).collect()
}

#[tokio::test]
async fn people_hear_once_of_what_nothing_explains() {
    let stage = Stage::in_step().await;
    listen(&stage).await;
    stage.run().await;
    assert_eq!(heard(&stage).await, [] as [Value; 0]);

    // Compared minutes without differences are not looked at again: this region begins anew.
    let orders = [aged(OLD_MS), aged(OLD_MS)];
    let stage = Stage { bus: stage.bus.clone(), ..Stage::in_step().await };
    stage.acknowledge(&orders).await;
    stage.settle(&orders).await;
    stage.change_both("DELETE FROM outbox").await;
    stage.run().await;
    stage.run().await;
    let told = heard(&stage).await;
    assert_eq!(told.len(), 1, "the second run found nothing new: {told:?}");
    assert_eq!(told[0]["detail-type"], "differences unexplained");
    let detail = &told[0]["detail"];
    assert_eq!(detail["region"], "us-east-1");
    assert_eq!(
        (&detail["differences"][0]["kind"], &detail["differences"][0]["count"]),
        (&"unannounced".into(), &5.into())
    );

    stage.change_both("DELETE FROM ledger").await;
    stage.run().await;
    let told = heard(&stage).await;
    assert_eq!(told.len(), 1, "there are others now: {told:?}");
    assert_eq!(told[0]["detail"]["differences"][0]["kind"], "unbalanced");
}
