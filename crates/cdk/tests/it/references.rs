//! What a reference from one stack to another becomes, and where it is refused.

use cdk::assembly::Assembly;
use cdk::{App, Environment, Handle, Stack};
use cfn::{Intrinsic, Value, sns, sqs};
use serde_json::{Value as Json, json};

use crate::{problems, stack, stack_in};

/// A stack with a queue at `Orders/Queue`, in us-east-2.
fn producer() -> (Stack, Handle) {
    let mut two = stack_in("Two", "us-east-2");
    let queue = two.scope("Orders").add("Queue", sqs::Queue::new());
    (two, queue)
}

fn synthesised(stacks: impl IntoIterator<Item = Stack>) -> Assembly {
    let mut app = App::new();
    stacks.into_iter().for_each(|stack| app.add(stack));
    app.synthesise().expect("the tree is sound")
}

/// Properties of the only resource, and the outputs, of a stack.
fn only(assembly: &Assembly, stack: &str) -> (Json, Json) {
    let stack = assembly.stacks.iter().find(|one| one.name == stack).expect("it was added");
    let mut template = stack.template.to_json();
    let resource = template["Resources"].as_object().expect("resources").values().next().cloned();
    (resource.expect("one resource")["Properties"].take(), template["Outputs"].take())
}

fn reads(output: &str) -> Json {
    json!({ "Fn::GetStackOutput": { "StackName": "Two", "OutputName": output, "Region": "us-east-2" } })
}

/// What the topic's name becomes when it is this value, which refers to the queue of the other stack.
fn lowered(value: impl FnOnce(&Handle) -> Value<String>) -> (Json, Assembly) {
    let (mut one, (two, queue)) = (stack("One"), producer());
    one.root().add("Topic", sns::Topic::new().topic_name(value(&queue)));
    let assembly = synthesised([one, two]);
    (only(&assembly, "One").0["TopicName"].take(), assembly)
}

#[test]
fn a_handle_of_another_stack_is_an_output_there_and_a_reading_here() {
    let id = "OrdersQueueDC4A79A2";
    let (name, assembly) = lowered(|queue| queue.reference().into());
    assert_eq!(name, reads(&format!("{id}Ref")));
    let outputs = only(&assembly, "Two").1;
    assert_eq!(outputs[format!("{id}Ref")]["Value"], json!({ "Ref": id }));
    assert_eq!(outputs[format!("{id}Ref")]["Description"], "Two/Orders/Queue, for other stacks");
    let (arn, assembly) = lowered(|queue| queue.attribute("Arn").into());
    assert_eq!(arn, reads(&format!("{id}Arn")));
    let outputs = only(&assembly, "Two").1;
    assert_eq!(outputs, json!({ format!("{id}Arn"): outputs[format!("{id}Arn")] }), "no more than is read");
    assert_eq!(outputs[format!("{id}Arn")]["Value"], json!({ "Fn::GetAtt": [id, "Arn"] }));
    let names: Vec<&str> = assembly.stacks.iter().map(|stack| stack.name.as_str()).collect();
    assert_eq!(names, ["Two", "One"], "who reads comes after what is read");
    assert_eq!(assembly.stacks[1].dependencies, ["Two"]);
    assert!(assembly.files["manifest.json"].contains("\"Two\",\n        \"One.assets\""));
}

#[test]
fn references_inside_texts_and_lists_are_lowered_too() {
    let id = "OrdersQueueDC4A79A2";
    let (name, _) =
        lowered(|queue| cfn::sub(format!("a-${{{}.QueueName}}-${{AWS::Region}}", queue.token())).into());
    let variable = format!("Two{id}QueueName");
    let text = format!("a-${{{variable}}}-${{AWS::Region}}");
    assert_eq!(name, json!({ "Fn::Sub": [text, { variable: reads(&format!("{id}QueueName")) }] }));
    let (name, _) = lowered(|queue| {
        let variables = [("x".to_owned(), queue.reference().into())].into();
        Intrinsic::Sub { text: "${x}".to_owned(), variables }.into()
    });
    assert_eq!(name, json!({ "Fn::Sub": ["${x}", { "x": reads(&format!("{id}Ref")) }] }));
    let (name, _) = lowered(|queue| cfn::join("-", [Value::from("a"), queue.reference().into()]));
    assert_eq!(name, json!({ "Fn::Join": ["-", ["a", reads(&format!("{id}Ref"))]] }));
}

#[test]
fn an_output_can_hand_on_what_it_reads() {
    let (mut one, (two, queue)) = (stack("One"), producer());
    one.root().add("Topic", sns::Topic::new());
    one.root().output("Queue", "the other region's", queue.attribute("Arn"));
    let assembly = synthesised([one, two]);
    assert_eq!(only(&assembly, "One").1["Queue"]["Value"], reads("OrdersQueueDC4A79A2Arn"));
}

#[test]
fn a_construct_that_waits_for_another_stack_s_makes_its_stack_wait() {
    let (mut one, (two, queue)) = (stack("One").self_reliant(), producer());
    let topic = one.root().add("Topic", sns::Topic::new());
    one.root().node(&topic).depend_on(&queue);
    let assembly = synthesised([one, two]);
    assert_eq!(assembly.stacks[1].dependencies, ["Two"]);
    assert!(!assembly.files["One.template.json"].contains("DependsOn"));
}

#[test]
fn a_self_reliant_stack_reads_nothing_from_another_region() {
    let by_name = |region: &str| Intrinsic::StackOutput {
        stack_name: "Elsewhere".to_owned(),
        output_name: "Host".to_owned(),
        region: region.to_owned(),
    };
    let (mut one, (two, queue)) = (stack("One").self_reliant(), producer());
    one.scope("Alerts").add("Topic", sns::Topic::new().topic_name(queue.reference()));
    one.root().add("Named", sns::Topic::new().topic_name(by_name("us-east-2")));
    one.root().add("Near", sns::Topic::new().topic_name(by_name("us-east-1")));
    one.root().output("Arn", "not ours", queue.attribute("Arn"));
    let refused = |from: &str, to: &str| {
        format!(
            "{from}: refers to {to} in another region, without which its stack must deploy; \
             compute its name instead"
        )
    };
    assert_eq!(
        problems([one, two]),
        [
            refused("One/Alerts/Topic", "Two/Orders/Queue"),
            refused("One/Named", "Elsewhere/Host"),
            refused("One/Arn", "Two/Orders/Queue"),
        ]
    );
    let (mut one, mut near) = (stack("One").self_reliant(), stack("Near"));
    let queue = near.root().add("Queue", sqs::Queue::new());
    one.root().add("Topic", sns::Topic::new().topic_name(queue.reference()));
    assert_eq!(problems([one, near]), [] as [String; 0], "its own region is there when it is");
}

#[test]
fn an_output_read_by_name_exists_where_it_is_read() {
    let reader = |output: &str, region: &str| {
        let mut one = stack("One");
        let output = Intrinsic::StackOutput {
            stack_name: "Two".to_owned(),
            output_name: output.to_owned(),
            region: region.to_owned(),
        };
        one.root().add("Topic", sns::Topic::new().topic_name(output));
        let (mut two, queue) = producer();
        two.root().output("Queue", "the queue", queue.reference());
        [one, two]
    };
    let assembly = synthesised(reader("Queue", "us-east-2"));
    assert_eq!(assembly.stacks[1].dependencies, ["Two"]);
    let missing = ["One/Topic: refers to Two/Topic, which does not exist"];
    assert_eq!(problems(reader("Topic", "us-east-2")), missing);
    let elsewhere = ["One/Topic: refers to Two/Queue, which does not exist"];
    assert_eq!(problems(reader("Queue", "us-west-2")), elsewhere);
}

#[test]
fn an_account_cannot_read_another_s_outputs_and_a_text_cannot_hold_a_function() {
    let other = Environment { account: "444455556666".to_owned(), region: "us-east-1".to_owned() };
    let mut two = Stack::new("Two", other, "");
    let queue = two.root().add("Queue", sqs::Queue::new());
    let mut one = stack("One");
    one.root().add("Topic", sns::Topic::new().topic_name(queue.reference()));
    one.root().add("Named", sns::Topic::new().topic_name(format!("topic-{}", queue.token())));
    assert_eq!(
        problems([one, two]),
        [
            "One/Topic: refers to Two/Queue in another account; compute its name instead",
            "One/Named: names Two/Queue of another stack inside a plain text; use Fn::Sub, or compute its name",
        ]
    );
}

#[test]
fn a_circle_of_references_is_told_with_the_references() {
    let (mut one, mut two) = (stack("One"), stack("Two"));
    let first = one.root().add("Queue", sqs::Queue::new());
    let second = two.root().add("Queue", sqs::Queue::new().queue_name(first.reference()));
    one.root().add("Topic", sns::Topic::new().topic_name(second.reference()));
    assert_eq!(
        problems([one, two]),
        ["these stacks wait for each other: One → Two → One \
          (One/Topic refers to Two/Queue; Two/Queue refers to One/Queue)"]
    );
}

#[test]
fn the_name_of_an_output_for_others_is_taken_by_nobody_else() {
    let (mut one, (mut two, queue)) = (stack("One"), producer());
    one.root().add("Topic", sns::Topic::new().topic_name(queue.reference()));
    two.root().output("OrdersQueueDC4A79A2Ref", "something else", "x");
    assert_eq!(
        problems([one, two]),
        ["Two/OrdersQueueDC4A79A2Ref: this name is needed for an output of Two/Orders/Queue, \
          which other stacks refer to"]
    );
}
