//! Goal: where containers run the application, each of their checks can fail, and fails alone; elsewhere
//! none of them is asked. Method: a pair that is ready, with a cluster and a target group of the emulator,
//! and exactly one part broken.

use aws_sdk_ecs::types::{ContainerDefinition, LoadBalancer};
use axum::response::{IntoResponse, Response};
use recovery::preflight::{Check, State};
use services::preflight::Preflight;
use services::settings::{Fleet, Floor};

use super::parts::{self, call};
use super::stage::{ACTIONS, Stage};
use crate::proxy;
use crate::support::{config, home};

/// A stage whose home region runs two tasks of each service, and its fleet.
async fn stage() -> (Stage, Fleet) {
    let stage = Stage::new().await;
    let ecs = aws_sdk_ecs::Client::new(&stage.aws[0]);
    let (cluster, group) = (stage.name("cluster"), target_group(&stage).await);
    ecs.create_cluster().cluster_name(&cluster).send().await.expect("the cluster is new");
    let container = ContainerDefinition::builder().name("orders").image("orders:none").build();
    let family = ecs.register_task_definition().family(&cluster).container_definitions(container);
    family.send().await.expect("the definition is valid");
    let behind =
        LoadBalancer::builder().target_group_arn(group).container_name("orders").container_port(8080).build();
    for (name, load_balancers) in [("api", vec![behind]), ("worker", Vec::new())] {
        let service = ecs.create_service().cluster(&cluster).service_name(name).task_definition(&cluster);
        let service = service.desired_count(2).set_load_balancers(Some(load_balancers));
        service.send().await.expect("the service is new");
    }
    let actions = [&ACTIONS[..], &["ecs:DescribeServices", "ecs:UpdateService"]].concat();
    parts::policy(&stage.name("recovery"), &actions).await;
    let floor = |service: &str| Floor { service: service.to_owned(), tasks: 2 };
    (stage, Fleet { cluster, floors: ["api", "worker"].map(floor).into() })
}

async fn elb(pairs: &[(&str, &str)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    let form = form.extend_pairs(pairs).append_pair("Version", "2015-12-01").finish();
    let answer = call("elasticloadbalancing", "POST", "/", "application/x-www-form-urlencoded", form).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// A target group with two targets, which the emulator finds healthy.
async fn target_group(stage: &Stage) -> String {
    let name: String = stage.name("tg").chars().rev().take(30).collect();
    let pairs = [("Action", "CreateTargetGroup"), ("Name", name.trim_matches('-')), ("TargetType", "ip")];
    let created =
        elb(&[&pairs[..], &[("Protocol", "HTTP"), ("Port", "8080"), ("VpcId", "vpc-1")]].concat()).await;
    let (_, arn) = created.split_once("<TargetGroupArn>").expect("it is named");
    let arn = arn.split_once('<').expect("the name ends").0.to_owned();
    let targets = [("Targets.member.1.Id", "10.0.0.1"), ("Targets.member.2.Id", "10.0.0.2")];
    elb(&[&[("Action", "RegisterTargets"), ("TargetGroupArn", &arn)], &targets[..]].concat()).await;
    arn
}

#[tokio::test]
async fn containers_at_their_floor_pass() {
    let (stage, fleet) = stage().await;
    let report = preflight(&stage, &stage.aws[0], fleet).await.run().await;
    assert!(report.passed, "{report:#?}");
    assert_eq!(report.findings.len(), Check::ALL.len());
    assert!(report.findings.iter().all(|finding| finding.state == State::Passed), "{report:#?}");
}

/// The stage's preflight, which asks ECS with `aws`.
async fn preflight(stage: &Stage, aws: &aws_config::SdkConfig, fleet: Fleet) -> Preflight {
    let configured = config(&home(), &stage.front.url).await;
    let preflight = Preflight::new(&configured, stage.settings.clone()).expect("a preflight");
    preflight.with_fleet(aws, Some(fleet))
}

#[tokio::test]
async fn too_few_tasks_are_a_gap_of_their_own() {
    let (stage, fleet) = stage().await;
    let ecs = aws_sdk_ecs::Client::new(&stage.aws[0]);
    let lowered = ecs.update_service().cluster(&fleet.cluster).service("worker").desired_count(1);
    lowered.send().await.expect("the service exists");
    let report = preflight(&stage, &stage.aws[0], fleet).await.run().await;
    assert_eq!(report.gaps, [Check::Services], "{report:#?}");
}

/// ECS with a deployment that its circuit breaker ended.
async fn with_a_failed_deployment(call: proxy::Call) -> Response {
    if call.target() != "DescribeServices" {
        return call.pass_on().await;
    }
    let text = proxy::text(call.pass_on().await).await;
    let headers = [("content-type", "application/x-amz-json-1.1")];
    (headers, text.replace("\"COMPLETED\"", "\"FAILED\"")).into_response()
}

#[tokio::test]
async fn a_failed_deployment_is_a_gap_of_its_own() {
    let (stage, fleet) = stage().await;
    let aws = config(&home(), &proxy::open(with_a_failed_deployment).await).await;
    let report = preflight(&stage, &aws, fleet).await.run().await;
    assert_eq!(report.gaps, [Check::Deployments], "{report:#?}");
}

#[tokio::test]
async fn targets_that_nobody_vouches_for_are_a_gap_of_their_own() {
    let (stage, fleet) = stage().await;
    stage.front.refuse("elasticloadbalancing", "DescribeTargetHealth");
    let report = preflight(&stage, &stage.aws[0], fleet).await.run().await;
    assert_eq!(report.gaps, [Check::Targets], "{report:#?}");
}

#[tokio::test]
async fn fewer_targets_than_tasks_are_a_gap_of_their_own() {
    let (stage, mut fleet) = stage().await;
    let ecs = aws_sdk_ecs::Client::new(&stage.aws[0]);
    let raised = ecs.update_service().cluster(&fleet.cluster).service("api").desired_count(3);
    raised.send().await.expect("the service exists");
    fleet.floors[0].tasks = 3;
    let report = preflight(&stage, &stage.aws[0], fleet).await.run().await;
    assert_eq!(report.gaps, [Check::Targets], "{report:#?}");
}

#[tokio::test]
async fn steps_that_may_not_raise_containers_are_a_gap_of_their_own() {
    let (stage, fleet) = stage().await;
    let actions = [&ACTIONS[..], &["ecs:DescribeServices"]].concat();
    parts::policy(&stage.name("recovery"), &actions).await;
    let report = preflight(&stage, &stage.aws[0], fleet).await.run().await;
    assert_eq!(report.gaps, [Check::Permissions], "{report:#?}");
}

#[tokio::test]
async fn a_cluster_that_is_gone_is_one_gap() {
    let (stage, mut fleet) = stage().await;
    fleet.cluster = stage.name("gone");
    let report = preflight(&stage, &stage.aws[0], fleet).await.run().await;
    assert_eq!(report.gaps, [Check::Services], "{report:#?}");
}
