//! Tags, removal policies and names, over every resource.

use cdk::aspect::{Aspect, Encrypted, Encryption, NameLength, NameSuffix, RemovalPolicy, Setting, Tags};
use cdk::{App, Problems, Stack};
use cfn::{DeletionPolicy, Tag, dynamodb, ec2, iam, logs, sqs, ssm};
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

/// What an aspect says against a stack.
pub fn refusals(stack: Stack, aspect: impl Aspect + 'static) -> Vec<String> {
    let mut app = App::new();
    app.add(stack);
    app.aspect(aspect);
    match app.synthesise() {
        Ok(_) => Vec::new(),
        Err(Problems(problems)) => problems.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn what_would_be_left_behind_is_refused_unless_the_deployment_is_protected() {
    let kept = |policy| {
        let mut one = stack("One");
        let queue = one.scope("Orders").add("Queue", sqs::Queue::new());
        let policy_of = iam::Policy::new(json!({}), "policy");
        let other = one.root().add("Policy", policy_of);
        one.root().node(&queue).definition.deletion_policy = Some(policy);
        one.root().node(&other).definition.update_replace_policy = Some(policy);
        one
    };
    let aspect = |protect| RemovalPolicy { protect, also: Vec::new() };
    let left = "leaves something behind, and this deployment is not protected";
    assert_eq!(
        refusals(kept(DeletionPolicy::Retain), aspect(false)),
        [
            format!("One/Orders/Queue: DeletionPolicy Retain {left}"),
            format!("One/Policy: UpdateReplacePolicy Retain {left}"),
        ]
    );
    for policy in [DeletionPolicy::RetainExceptOnCreate, DeletionPolicy::Snapshot] {
        assert_eq!(refusals(kept(policy), aspect(false)).len(), 2, "{policy:?}");
    }
    assert_eq!(refusals(kept(DeletionPolicy::Delete), aspect(false)), [] as [String; 0]);
    assert_eq!(refusals(kept(DeletionPolicy::Retain), aspect(true)), [] as [String; 0]);
}

#[test]
fn a_name_that_is_too_long_is_refused() {
    let mut one = stack("One");
    let (most, over) = ("q".repeat(80), "q".repeat(81));
    one.root().add("Fits", sqs::Queue::new().queue_name(most));
    one.scope("Orders").add("Queue", sqs::Queue::new().queue_name(&over));
    one.scope("Orders").add("Role", iam::Role::new(json!({})).role_name("é".repeat(65)));
    assert_eq!(
        refusals(one, NameLength::of_aws()),
        [
            format!("One/Orders/Queue: QueueName `{over}` has 81 characters, more than 80"),
            format!("One/Orders/Role: RoleName `{}` has 65 characters, more than 64", "é".repeat(65)),
        ]
    );
}

#[test]
fn what_is_not_encrypted_is_refused() {
    use dynamodb::global_table::{ReplicaSSESpecification, ReplicaSpecification};
    const RULES: [Encryption; 4] = [
        Encryption::new(
            "AWS::SQS::Queue",
            &[Setting::given("KmsMasterKeyId"), Setting::on("SqsManagedSseEnabled")],
        ),
        Encryption::new("AWS::Logs::LogGroup", &[Setting::given("KmsKeyId")]),
        Encryption::new("AWS::DynamoDB::GlobalTable", &[Setting::on("SSESpecification.SSEEnabled")]),
        Encryption::new(
            "AWS::DynamoDB::GlobalTable",
            &[Setting::given("Replicas.SSESpecification.KMSMasterKeyId")],
        ),
    ];
    let encrypted =
        || ReplicaSpecification::new("us-east-1").sse_specification(ReplicaSSESpecification::new("key"));
    let table = |replicas: Vec<ReplicaSpecification>, on| {
        dynamodb::GlobalTable::new(replicas)
            .sse_specification(dynamodb::global_table::SSESpecification::new(on))
    };
    let mut one = stack("One");
    one.root().add("ByKey", sqs::Queue::new().kms_master_key_id("alias/own"));
    one.root().add("Managed", sqs::Queue::new().sqs_managed_sse_enabled(true));
    one.root().add("Off", sqs::Queue::new().sqs_managed_sse_enabled(false));
    one.root().add("Logs", logs::LogGroup::new());
    one.root().add("Table", table(vec![encrypted()], true));
    one.root().add("Half", table(vec![encrypted(), ReplicaSpecification::new("us-east-2")], false));
    let not = "is not encrypted as it must be:";
    assert_eq!(
        refusals(one, Encrypted { rules: RULES.to_vec() }),
        [
            format!("One/Off: {not} KmsMasterKeyId is not given, and SqsManagedSseEnabled is not true"),
            format!("One/Logs: {not} KmsKeyId is not given"),
            format!("One/Half: {not} SSESpecification.SSEEnabled is not true"),
            format!("One/Half: {not} Replicas.SSESpecification.KMSMasterKeyId is not given"),
        ]
    );
}
