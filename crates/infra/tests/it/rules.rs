//! R13, R15, R16, R18: what breaks a rule is refused before anything is deployed, with its construct path.
//! Each test adds one stack that breaks one rule to the whole app.

use cdk::{Problems, Stack};
use cfn::{DeletionPolicy, Intrinsic, Value, iam, logs, sns, sqs};
use infra::place::Place;
use recovery::Region;
use serde_json::json;

use crate::{ACCOUNT, deployment, packages, synthesis};

/// What is said against the app when a stack of home has this in it.
fn refusals(add: impl FnOnce(&mut Stack)) -> Vec<String> {
    let (deployment, directory) = (deployment(), packages());
    let place = Place { deployment: &deployment, account: ACCOUNT, region: &deployment.regions.home };
    let mut stack = place.stack("Extra", "breaks a rule");
    add(&mut stack);
    let mut app = infra::app(&deployment, &synthesis(directory.path())).expect("good input");
    app.add(stack);
    let Err(Problems(problems)) = app.synthesise() else { return Vec::new() };
    problems.iter().map(ToString::to_string).collect()
}

const PATH: &str = "TapStack-Extra-us-east-1-production/Orders/Queue";

fn queue() -> sqs::Queue {
    sqs::Queue::new().queue_name("queue-extra-production").sqs_managed_sse_enabled(true)
}

#[test]
fn a_sound_stack_is_taken() {
    let refused = refusals(|stack| {
        stack.scope("Orders").add("Queue", queue());
    });
    assert_eq!(refused, [] as [String; 0]);
}

#[test]
fn a_stack_of_the_path_that_reads_across_regions_is_refused() {
    let output = Intrinsic::StackOutput {
        stack_name: "TapStack-Database-us-east-2-production".to_owned(),
        output_name: "DatabaseHost".to_owned(),
        region: "us-east-2".to_owned(),
    };
    let host = Value::<String>::from(output);
    let refused = refusals(|stack| {
        let mut scope = stack.scope("Orders");
        let handle = scope.add("Queue", queue());
        scope.node(&handle).definition.properties.insert("Host".to_owned(), host.to_json());
    });
    let to = "TapStack-Database-us-east-2-production/DatabaseHost";
    assert!(refused[0].starts_with(&format!("{PATH}: refers to {to} in another region")), "{refused:?}");
}

#[test]
fn what_stays_behind_is_refused() {
    let refused = refusals(|stack| {
        let mut scope = stack.scope("Orders");
        let handle = scope.add("Queue", queue());
        scope.node(&handle).definition.deletion_policy = Some(DeletionPolicy::Retain);
    });
    let left = "DeletionPolicy Retain leaves something behind, and this deployment is not protected";
    assert_eq!(refused, [format!("{PATH}: {left}")]);
}

#[test]
fn what_is_not_encrypted_is_refused() {
    let refused = refusals(|stack| {
        stack.scope("Orders").add("Queue", queue().sqs_managed_sse_enabled(false));
        stack.root().add("Topic", sns::Topic::new().topic_name("topic-extra-production"));
        stack.root().add("Logs", logs::LogGroup::new().log_group_name("/extra/logs-extra-production"));
    });
    let not = "is not encrypted as it must be:";
    assert_eq!(
        refused,
        [
            format!("{PATH}: {not} KmsMasterKeyId is not given, and SqsManagedSseEnabled is not true"),
            format!("TapStack-Extra-us-east-1-production/Topic: {not} KmsMasterKeyId is not given"),
            format!("TapStack-Extra-us-east-1-production/Logs: {not} KmsKeyId is not given"),
        ]
    );
}

#[test]
fn a_wildcard_without_a_reason_is_refused() {
    let statement = json!({ "Effect": "Allow", "Action": "sqs:*", "Resource": "*" });
    let document = json!({ "Version": "2012-10-17", "Statement": [statement] });
    let refused = refusals(|stack| {
        let role = iam::Role::new(json!({})).role_name("role-extra-production");
        stack.scope("Orders").add("Queue", role.policies([iam::role::Policy::new(document, "permissions")]));
    });
    let allows = |what: &str| format!("{PATH}: Policies allows the {what} and gives no `WildcardReason`");
    assert_eq!(refused, [allows("action `sqs:*`"), allows("resource `*`")]);
}

#[test]
fn a_name_that_is_too_long_or_of_no_environment_is_refused() {
    let long = format!("queue-{}-production", "x".repeat(64));
    let refused = refusals(|stack| {
        stack.scope("Orders").add("Queue", queue().queue_name(&long));
        stack.scope("Other").add("Queue", queue().queue_name("queue-extra-test"));
    });
    let other = "TapStack-Extra-us-east-1-production/Other/Queue";
    assert_eq!(
        refused,
        [
            format!("{PATH}: QueueName `{long}` has 81 characters, more than 80"),
            format!("{other}: QueueName `queue-extra-test` does not end with `-production`"),
        ]
    );
}

#[test]
fn every_name_fits_in_the_longest_environment_and_regions() {
    let mut deployment = deployment();
    let region = |name| Region::new(name).expect("the name of a region");
    deployment.environment = "e".repeat(20);
    deployment.regions.home = region("ap-northeast-1");
    deployment.regions.standby = region("ap-northeast-2");
    deployment.regions.witness = region("ap-northeast-3");
    let directory = packages();
    let app = infra::app(&deployment, &synthesis(directory.path())).expect("good input");
    app.synthesise().expect("no name is too long for its service");
}
