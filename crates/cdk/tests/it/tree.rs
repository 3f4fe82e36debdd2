//! What the tree refuses, and what references become.

use cdk::{App, Stack};
use cfn::{Value, scheduler, sns, sqs};
use serde_json::json;

use crate::{environment, problems, stack};

#[test]
fn references_become_logical_ids() {
    let mut one = stack("One");
    let queue = one.scope("Orders").add("Queue", sqs::Queue::new());
    let arn = Value::<String>::from(queue.attribute("Arn"));
    let topic = sns::Topic::new().topic_name(cfn::sub(format!("t-${{{}.QueueName}}", queue.token())));
    let topic = one.root().add("Topic", topic);
    one.root().add("Subscription", sns::Subscription::new("sqs", topic.reference()).endpoint(arn));
    one.root().output("Queue", "the queue", queue.attribute("Arn"));
    let mut app = App::new();
    app.add(one);
    let template = app.synthesise().expect("the tree is sound").stacks.remove(0).template.to_json();
    let resources = &template["Resources"];
    let id = "OrdersQueueDC4A79A2";
    assert_eq!(resources[id]["Metadata"]["aws:cdk:path"], "One/Orders/Queue");
    let (topic_id, topic) =
        resources.as_object().expect("resources").iter().nth(1).expect("the topic is second");
    assert_eq!(topic["Properties"]["TopicName"], json!({ "Fn::Sub": format!("t-${{{id}.QueueName}}") }));
    let subscription = resources.as_object().expect("resources").values().nth(2).expect("it is third");
    assert_eq!(subscription["Properties"]["TopicArn"], json!({ "Ref": topic_id }));
    assert_eq!(subscription["Properties"]["Endpoint"], json!({ "Fn::GetAtt": [id, "Arn"] }));
    assert_eq!(template["Outputs"]["Queue"]["Value"], json!({ "Fn::GetAtt": [id, "Arn"] }));
}

#[test]
fn whole_numbers_have_no_fraction() {
    let mut one = stack("One");
    let retries = scheduler::schedule::RetryPolicy::new().maximum_retry_attempts(0.0);
    let target = scheduler::schedule::Target::new("arn:target", "arn:role").retry_policy(retries);
    let window = scheduler::schedule::FlexibleTimeWindow::new("OFF");
    one.root().add("Schedule", scheduler::Schedule::new(window, "rate(1 minute)", target));
    let mut app = App::new();
    app.add(one);
    let assembly = app.synthesise().expect("the tree is sound");
    assert!(assembly.files["One.template.json"].contains(r#""MaximumRetryAttempts": 0"#));
    assert!(!assembly.files["One.template.json"].contains("0.0"));
}

#[test]
fn a_path_is_taken_once() {
    let mut one = stack("One");
    one.root().add("Queue", sqs::Queue::new());
    one.root().add("Queue", sqs::Queue::new());
    assert_eq!(problems([one]), ["One/Queue: there is already a construct with this path"]);
}

#[test]
fn a_logical_id_has_one_meaning_in_a_stack() {
    let mut one = stack("One");
    let mut root = one.root();
    root.add("Queue", sqs::Queue::new());
    let [queue, topic] = ["Queue3B2FE03E", "Topic7E61847D"];
    root.stored("Subnet", "/subnet");
    root.stored("Subnet", "/subnet"); // the same again
    root.stored("Subnet", "/other");
    root.stored(queue, "/queue");
    root.output("Name", "the name", "x");
    root.scope("Deep").output("Name", "another one", "y");
    root.output("Subnet", "the subnet", "z");
    root.stored(topic, "/topic");
    root.add("Topic", sns::Topic::new());
    assert_eq!(
        problems([one]),
        [
            "One/Subnet: the logical id `Subnet` is already that of a parameter of this stack".to_owned(),
            format!("One/{queue}: the logical id `{queue}` is already that of One/Queue"),
            "One/Deep/Name: the logical id `Name` is already that of an output of this stack".to_owned(),
            "One/Subnet: the logical id `Subnet` is already that of a parameter of this stack".to_owned(),
            format!("One/Topic: the logical id `{topic}` is already that of a parameter of this stack"),
        ]
    );
}

#[test]
fn ids_and_names_have_limits() {
    let mut one = stack("One");
    one.root().add(&"a".repeat(248), sqs::Queue::new());
    one.scope("a/b").add("", sqs::Queue::new());
    let long = format!("One/{}: its logical id has 256 characters, more than 255", "a".repeat(248));
    assert_eq!(
        problems([one, stack("Two_")]),
        [
            &long,
            "One: the construct id `a/b` is empty or contains `/`, `[` or `]`",
            "One/a/b: the construct id `` is empty or contains `/`, `[` or `]`",
            "Two_: is not a stack name: 1 to 128 letters, digits and hyphens, a letter first",
        ]
    );
}

#[test]
fn a_handle_outlives_its_stack() {
    let mut forgotten = stack("Forgotten");
    let queue = forgotten.root().add("Queue", sqs::Queue::new());
    let mut one = stack("One");
    one.root().add("Topic", sns::Topic::new().topic_name(queue.reference()));
    assert_eq!(problems([one]), ["One/Topic: refers to Forgotten/Queue, which does not exist"]);
}

#[test]
fn nothing_waits_for_itself() {
    let mut one = stack("One");
    let first = one.root().add("First", sqs::Queue::new());
    let second = one.root().add("Second", sqs::Queue::new().queue_name(first.reference()));
    one.root().node(&first).depend_on(&second);
    assert_eq!(problems([one]), ["these resources wait for each other: One/First → One/Second → One/First"]);
    let (mut one, mut two, mut three) = (stack("One"), stack("Two"), stack("Three"));
    one.depend_on("Two");
    two.depend_on("One");
    three.depend_on("Four");
    assert_eq!(
        problems([one, two, three]),
        [
            "Three: waits for the stack Four, which does not exist",
            "these stacks wait for each other: One → Two → One",
        ]
    );
}

#[test]
fn a_logical_id_by_hand_must_exist() {
    let mut one = stack("One");
    one.scope("Alerts").add("Topic", sns::Topic::new().topic_name(cfn::reference("Gone")));
    one.root().output("Lost", "nothing", cfn::get_att("Gone", "Arn"));
    assert_eq!(
        problems([one]),
        [
            "One/Alerts/Topic: refers to the logical id Gone, which does not exist",
            "One/Lost: refers to the logical id Gone, which does not exist",
        ]
    );
}

#[test]
fn templates_have_limits() {
    let mut one = Stack::new("One", environment("us-east-1"), "d".repeat(1025));
    for number in 0..501 {
        one.root().add(&format!("Queue{number}"), sqs::Queue::new());
    }
    for number in 0..201 {
        one.root().output(&format!("Output{number}"), "a number", format!("{number}"));
    }
    assert_eq!(
        problems([one, stack("One")]),
        [
            "One: there is already a stack with this name",
            "One: has 501 resources, more than 500",
            "One: has 201 outputs, more than 200",
            "One: its description has 1025 bytes, more than 1024",
        ]
    );
    let mut large = stack("Large");
    large.root().add("Queue", sqs::Queue::new().queue_name("x".repeat(1_000_000)));
    assert!(problems([large])[0].starts_with("Large: its template has 1000"));
}

#[test]
fn outputs_made_for_others_count_too() {
    let (mut one, mut two) = (stack("One"), stack("Two"));
    for number in 0..201 {
        let queue = one.root().add(&format!("Queue{number}"), sqs::Queue::new());
        two.root().add(&format!("Topic{number}"), sns::Topic::new().topic_name(queue.reference()));
    }
    assert_eq!(problems([one, two]), ["One: has 201 outputs, more than 200"]);
}
