//! Tags, removal policies and names, over every resource.

use cdk::aspect::{NameSuffix, RemovalPolicy, Tags};
use cdk::{App, Problems};
use cfn::{Tag, ec2, iam, sqs, ssm};
use serde_json::{Value, json};

use crate::stack;

fn app() -> App {
    let mut one = stack("One");
    one.root()
        .add("Queue", sqs::Queue::new().queue_name("queue-a-test").tags([Tag::new("owner", "by hand")]));
    one.root().add("Parameter", ssm::Parameter::new("String", "x").name("/standfast/test/x"));
    one.root().add("Policy", iam::Policy::new(json!({}), "policy-a-test"));
    let mut app = App::new();
    app.add(one);
    app
}

fn resources(app: &App) -> Vec<Value> {
    let template = app.synthesise().expect("the tree is sound").stacks.remove(0).template.to_json();
    template["Resources"].as_object().expect("resources").values().cloned().collect()
}

#[test]
fn tags_take_each_type_s_own_shape() {
    let mut app = app();
    let tags = vec![("environment".to_owned(), "test".to_owned()), ("owner".to_owned(), "me".to_owned())];
    app.aspect(Tags { tags, region_key: "region".to_owned() });
    let resources = resources(&app);
    assert_eq!(
        resources[0]["Properties"]["Tags"],
        json!([
            { "Key": "owner", "Value": "by hand" },
            { "Key": "environment", "Value": "test" },
            { "Key": "region", "Value": "us-east-1" },
        ])
    );
    assert_eq!(
        resources[1]["Properties"]["Tags"],
        json!({ "environment": "test", "owner": "me", "region": "us-east-1" })
    );
    assert_eq!(resources[2]["Properties"].get("Tags"), None);
}

#[test]
fn what_holds_data_says_what_becomes_of_it() {
    for (protect, word) in [(false, "Delete"), (true, "Retain")] {
        let mut app = app();
        app.aspect(RemovalPolicy { protect, also: vec!["AWS::SSM::Parameter"] });
        let resources = resources(&app);
        assert_eq!(resources[0]["DeletionPolicy"], word);
        assert_eq!(resources[0]["UpdateReplacePolicy"], word);
        assert_eq!(resources[1]["DeletionPolicy"], word, "named to the aspect");
        assert_eq!(resources[2].get("DeletionPolicy"), None);
    }
}

#[test]
fn a_name_without_the_suffix_is_refused() {
    let names = vec![("AWS::SQS::Queue", "QueueName"), ("AWS::SSM::Parameter", "Name")];
    let mut app = app();
    app.aspect(NameSuffix { suffix: "test".to_owned(), names: names.clone(), named_by_tag: Vec::new() });
    assert!(app.synthesise().is_ok());
    app.aspect(NameSuffix { suffix: "prod".to_owned(), names, named_by_tag: Vec::new() });
    let Problems(problems) = app.synthesise().expect_err("no name ends with -prod");
    let messages: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        messages,
        [
            "One/Queue: QueueName `queue-a-test` does not end with `-prod`",
            "One/Parameter: Name `/standfast/test/x` does not end with `-prod`",
        ]
    );
}

#[test]
fn a_name_tag_without_the_suffix_is_refused() {
    let mut one = stack("One");
    one.root().add("Good", ec2::VPC::new().tags([Tag::new("Name", "vpc-main-test")]));
    one.root().add("Other", ec2::VPC::new().tags([Tag::new("Name", "vpc-main-prod")]));
    one.root().add("Nameless", ec2::VPC::new());
    let mut app = App::new();
    app.add(one);
    let named_by_tag = vec!["AWS::EC2::VPC"];
    app.aspect(NameSuffix { suffix: "test".to_owned(), names: Vec::new(), named_by_tag });
    let Problems(problems) = app.synthesise().expect_err("two names are wrong");
    let messages: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        messages,
        [
            "One/Other: tag Name `vpc-main-prod` does not end with `-test`",
            "One/Nameless: has no tag Name, so its name would not end with `-test`",
        ]
    );
}
