// Goal: a template serialises exactly as CloudFormation reads it, and references
// to nothing are found before CloudFormation sees them.
// Method: one template as a snapshot; templates with one dangling reference each.
use serde_json::json;

use super::*;
use crate::{Tag, TagShape, dynamodb, get_att, iam, lambda, pseudo, reference, sqs, sub, wafv2};

fn orders() -> Template {
    let mut template = Template::new();
    template.description = Some("orders".into());
    template.parameters.insert("Stage".into(), Parameter::new("String"));
    let dead = sqs::Queue::new().message_retention_period(1_209_600);
    template.add("Dead", &dead).deletion_policy = Some(DeletionPolicy::Retain);
    let redrive =
        json!({"deadLetterTargetArn": get_att("Dead", sqs::queue::attribute::ARN), "maxReceiveCount": 100});
    let queue = sqs::Queue::new()
        .queue_name(sub("orders-${Stage}"))
        .visibility_timeout(30)
        .redrive_policy(redrive)
        .tags([Tag::new("owner", "trading")]);
    template.add("Orders", &queue).depends_on.insert("Dead".into());
    let environment = lambda::function::Environment::new().variables([
        ("QUEUE_URL", Value::from(reference("Orders"))),
        ("REGION", pseudo::region().into()),
        ("LOG", "info".into()),
    ]);
    let code = lambda::function::Code::new().s3_bucket("assets").s3_key("orders-api.zip");
    let function = lambda::Function::new(code, get_att("Role", "Arn"))
        .handler("bootstrap")
        .architectures(["x86_64"])
        .environment(environment);
    template.add("Api", &function);
    template.add("Role", &iam::Role::new(json!({"Version": "2012-10-17", "Statement": []})));
    template.outputs.insert("QueueArn".into(), Output::new(get_att("Orders", "Arn")));
    template
}

#[test]
fn a_template_has_the_documented_shape() {
    insta::assert_json_snapshot!(orders().to_json());
}

#[test]
fn a_complete_template_has_no_dangling_references() {
    assert_eq!(orders().dangling_references(), BTreeSet::new());
}

fn dangling(value: impl Into<Value<String>>) -> Vec<String> {
    let mut template = Template::new();
    template.add("Orders", &sqs::Queue::new().queue_name(value));
    template.dangling_references().into_iter().map(|one| format!("{} -> {}", one.from, one.to)).collect()
}

#[test]
fn every_way_to_refer_to_nothing_is_found() {
    assert_eq!(dangling(reference("Gone")), ["Orders -> Gone"]);
    assert_eq!(dangling(get_att("Gone", "Arn")), ["Orders -> Gone"]);
    assert_eq!(dangling(sub("a-${Gone.Arn}-${AWS::Region}-${!Literal}")), ["Orders -> Gone"]);
    let joined: [Value<String>; 2] = ["a".into(), reference("Gone").into()];
    assert_eq!(dangling(crate::join("-", joined)), ["Orders -> Gone"]);
}

#[test]
fn dependencies_and_outputs_are_looked_at_too() {
    let mut template = orders();
    template.resources["Api"].depends_on.insert("Gone".into());
    template.outputs.insert("Bad".into(), Output::new(reference("Lost")));
    let found: Vec<_> = template.dangling_references().into_iter().map(|one| (one.from, one.to)).collect();
    let expected = [("Api".to_owned(), "Gone".to_owned()), ("Bad".to_owned(), "Lost".to_owned())];
    assert_eq!(found, expected);
}

#[test]
#[should_panic(expected = "logical id `Orders` is taken")]
fn a_logical_id_is_used_once() {
    let mut template = orders();
    template.add("Orders", &sqs::Queue::new());
}

#[test]
fn generated_types_know_their_tags_and_state() {
    assert_eq!(sqs::Queue::TAGGABLE, Some(TagShape::list("Tags")));
    assert_eq!(crate::ssm::Parameter::TAGGABLE, Some(TagShape::map("Tags")));
    assert_eq!(crate::route53::HealthCheck::TAGGABLE.map(|shape| shape.property), Some("HealthCheckTags"));
    assert_eq!(dynamodb::GlobalTable::TAGGABLE, None);
    let stateful =
        [dynamodb::GlobalTable::STATEFUL, crate::rds::DBCluster::STATEFUL, lambda::Function::STATEFUL];
    assert_eq!(stateful, [true, true, false]);
}

#[test]
fn recursive_types_serialise() {
    let inner = wafv2::web_acl::Statement::new();
    let not = wafv2::web_acl::NotStatement::new(inner);
    let outer = wafv2::web_acl::Statement::new().not_statement(not);
    let json = serde_json::to_value(outer).expect("only string keys");
    assert_eq!(json, json!({"NotStatement": {"Statement": {}}}));
}
