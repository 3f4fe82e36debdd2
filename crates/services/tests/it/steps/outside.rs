//! Goal: the steps that change AWS itself say what is true, change it once, and do not fail when it
//! is so already. Method: each against the emulator's own copy of that service, twice.

use aws_sdk_eventbridge::types::Target;
use aws_sdk_route53::types::{
    Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet,
    ResourceRecordSetFailover as Failover, RrType,
};
use recovery::step::{Action, Context, Failure, Request};
use services::steps::{StepError, handle};

use super::stage::{OWN_HOST, PUBLIC_HOST, Stage, global_cluster};
use crate::database::server::eventually;
use crate::support::{self, home, standby};

fn record(id: &str, role: Failover, value: &str) -> ResourceRecordSet {
    ResourceRecordSet::builder()
        .name(PUBLIC_HOST)
        .r#type(RrType::Cname)
        .set_identifier(id)
        .failover(role)
        .ttl(10)
        .resource_records(ResourceRecord::builder().value(value).build().expect("a value"))
        .build()
        .expect("name and type are set")
}

/// A zone whose primary record points at the home region.
async fn zone(route53: &aws_sdk_route53::Client) -> String {
    let created = route53
        .create_hosted_zone()
        .name("trading.example")
        .caller_reference(uuid::Uuid::now_v7().to_string());
    let zone = created.send().await.expect("the zone is new").hosted_zone.expect("it is returned");
    let records = [
        record("home", Failover::Primary, "us-east-1.orders.trading.example"),
        record("standby", Failover::Secondary, OWN_HOST),
    ];
    let changes = records.map(|record| {
        Change::builder()
            .action(ChangeAction::Create)
            .resource_record_set(record)
            .build()
            .expect("both are set")
    });
    let batch = ChangeBatch::builder().set_changes(Some(changes.into())).build().expect("there are changes");
    let changed = route53.change_resource_record_sets().hosted_zone_id(&zone.id).change_batch(batch);
    changed.send().await.expect("the records are new");
    zone.id
}

#[tokio::test]
async fn traffic_is_steered_by_what_the_records_point_at() {
    let aws = support::config(&home(), &support::emulator().await).await;
    let route53 = aws_sdk_route53::Client::new(&aws);
    let zone = zone(&route53).await;
    let stage = Stage::with_zone(&zone).await;
    let first = stage.run(Action::SteerTraffic).await.expect("Route 53 answers");
    assert!(first.done && !first.detail.contains("already"), "{}", first.detail);
    let again = stage.run(Action::SteerTraffic).await.expect("Route 53 answers");
    assert!(again.detail.contains("already"), "{}", again.detail);

    let listed =
        route53.list_resource_record_sets().hosted_zone_id(&zone).send().await.expect("the zone exists");
    let mut found: Vec<_> = listed
        .resource_record_sets
        .iter()
        .filter_map(|record| {
            Some((
                record.set_identifier()?,
                record.failover()?.as_str(),
                record.resource_records()[0].value(),
            ))
        })
        .collect();
    found.sort_unstable();
    let expected =
        [("home", "PRIMARY", OWN_HOST), ("standby", "SECONDARY", "us-east-1.orders.trading.example")];
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_missing_zone_and_a_name_that_does_not_resolve_are_told_apart() {
    let stage = Stage::new().await;
    let error = stage.run(Action::SteerTraffic).await.expect_err("there is no such zone");
    assert!(matches!(error, StepError::Transient { .. }), "{error}");
    let error = stage.run(Action::VerifyTraffic).await.expect_err("the name does not resolve");
    assert!(matches!(error, StepError::NotYet(_)), "{error}");
    let error = stage.run(Action::VerifyCompute).await.expect_err("the own API is not there");
    assert!(matches!(error, StepError::NotYet(_)), "{error}");
    let outcome = stage.run(Action::PrepareCompute).await.expect("it only warms");
    assert!(outcome.detail.contains("0 of 8"), "{}", outcome.detail);
    let error = stage.run(Action::ValidateEndToEnd).await.expect_err("nobody takes the order");
    assert!(matches!(error, StepError::NotYet(_)), "{error}");
}

#[tokio::test]
async fn a_promotion_is_asked_for_once() {
    let stage = Stage::new().await;
    let unique = &stage.scene.settings.1.table;
    let error = stage.run(Action::PromoteDatabase).await.expect_err("there is no global cluster");
    assert!(matches!(error, StepError::Transient { .. }), "{error}");

    global_cluster(unique, &[("home", home()), ("standby", standby())]).await;
    let first = stage.run(Action::PromoteDatabase).await.expect("the failover can begin");
    assert!(first.detail.contains("has begun"), "{}", first.detail);
    let again = stage.run(Action::PromoteDatabase).await.expect("it is begun or done");
    assert!(again.detail.contains("already"), "{}", again.detail);
}

#[tokio::test]
async fn the_outcome_reaches_those_who_listen_on_the_bus() {
    let stage = Stage::new().await;
    let queue = &stage.scene.settings.3.name;
    let events = aws_sdk_eventbridge::Client::new(&stage.scene.aws);
    let rule = events.put_rule().name(queue).event_pattern(r#"{"source":["standfast"]}"#);
    rule.send().await.expect("the rule is new");
    let target = Target::builder().id("queue").arn(format!("arn:aws:sqs:us-east-1:000000000000:{queue}"));
    let target = target.build().expect("both are set");
    events.put_targets().rule(queue).targets(target).send().await.expect("the rule exists");

    // Other tests put events on the same bus: this context is told from theirs by its evidence.
    let context = Context { evidence: queue.clone(), ..stage.context.clone() };
    stage_announces(&stage, &context).await;
    let seen = tokio::sync::Mutex::new(Vec::new());
    eventually("both events arrive", || async {
        let mut seen = seen.lock().await;
        seen.extend(stage.scene.messages().await.into_iter().filter(|body| body.contains(queue.as_str())));
        let told = |what: &str| seen.iter().any(|body| body.contains(what));
        told("recovery completed") && told("recovery escalated") && told("NotYet")
    })
    .await;
}

async fn stage_announces(stage: &Stage, context: &Context) {
    let failure = Failure { error: "NotYet".to_owned(), cause: "the database is a replica".to_owned() };
    for (action, error) in [(Action::Announce, None), (Action::Escalate, Some(failure))] {
        let request = Request { action, context: context.clone(), cursor: None, error };
        handle(request, &stage.steps).await.expect("the bus takes it");
    }
}
