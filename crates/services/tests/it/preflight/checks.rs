//! Goal: each check of the list can fail, and fails alone. Method: for every member of the list, a pair
//! that is ready, with exactly the part broken that the check is about. The compiler sees to it that
//! no check is left out.

use std::sync::atomic::Ordering;

use recovery::preflight::{Check, State};
use recovery::{Epoch, Region};
use services::database::settlement::{self, Source};
use services::nudge;
use services::preflight::Preflight;
use tokio::task::JoinSet;

use super::parts;
use super::stage::{ACCOUNT, ROLES, Stage};
use crate::database::server;
use crate::support::{dead_address, home, put_parameter, standby};

/// Stages that run at once.
const AT_ONCE: usize = 4;

#[tokio::test]
async fn a_pair_that_is_ready_passes_every_check() {
    let stage = Stage::new().await;
    let report = stage.run_until(&[]).await;
    assert!(report.passed, "{report:#?}");
    assert_eq!(report.findings.len(), Check::ALL.len() - Check::OF_CONTAINERS.len());
    assert!(report.findings.iter().all(|finding| finding.state == State::Passed), "{report:#?}");
}

#[tokio::test]
async fn each_check_fails_alone_when_its_part_is_broken() {
    let (mut running, mut wrong) = (JoinSet::new(), Vec::new());
    for check in Check::ALL.iter().filter(|check| !Check::OF_CONTAINERS.contains(check)) {
        if running.len() == AT_ONCE {
            wrong.extend(running.join_next().await.expect("one runs").expect("a stage is set"));
        }
        running.spawn(async move {
            let stage = Stage::new().await;
            break_part(&stage, *check).await;
            let report = stage.run_until(&[*check]).await;
            let alone = report.gaps == [*check] && !report.passed;
            (!alone).then(|| format!("{check:?}: {report:#?}"))
        });
    }
    while let Some(ended) = running.join_next().await {
        wrong.extend(ended.expect("a stage is set"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn each_run_starts_the_functions_that_nothing_else_calls_for_weeks() {
    let stage = Stage::new().await;
    let report = stage.run().await;
    assert!(report.passed, "{report:#?}");
    let invoked = stage.front.invoked.lock().expect("no test panics in here").clone();
    let called = format!("{}?Qualifier=%24LATEST", stage.name("two"));
    assert_eq!(invoked, [(called, nudge::event().to_string())]);
    stage.front.breaking.store(true, Ordering::Relaxed);
    let report = stage.run().await;
    assert_eq!(report.gaps, [Check::Functions]);
    let finding = report.findings.iter().find(|finding| finding.check == Check::Functions);
    let detail = &finding.expect("it was asked").detail;
    assert_eq!(*detail, format!("{} does not start: Unhandled", stage.name("two")));
}

async fn break_part(stage: &Stage, check: Check) {
    let [own, peer] = &stage.aws;
    match check {
        Check::Lease => {
            stage.renewing.stop().await;
            let table = stage.scene.settings.1.table.clone();
            stage
                .scene
                .dynamodb()
                .delete_item()
                .table_name(table)
                .set_key(Some(lease_key()))
                .send()
                .await
                .expect("the table answers");
        }
        Check::Heartbeat => stage.renewing.stop().await,
        Check::Journal => stage.front.refuse("dynamodb", "attribute_not_exists"),
        Check::Sessions => {
            let delete = stage.scene.dynamodb().delete_table().table_name(&stage.scene.settings.2.table);
            delete.send().await.expect("the table exists");
        }
        Check::OwnApi => stage.own.ready.store(503, Ordering::SeqCst),
        Check::PeerApi => stage.peer.serving.store(503, Ordering::SeqCst),
        Check::PublicName => stage.leads_to.store(1, Ordering::SeqCst),
        Check::OwnDatabase => stage.replica.set_read_only(false).await,
        Check::PeerDatabase => stage.writer.set_read_only(true).await,
        Check::Fence => raise_fence(stage).await,
        Check::Schema => {
            let add = "INSERT INTO refinery_schema_history VALUES (99, 'x', 'now', '1')";
            stage.writer.administrator().await.batch_execute(add).await.expect("it is a version");
        }
        Check::ReplicationLag => settle_long_ago(stage).await,
        Check::Queue => {
            let (orders, other) = (&stage.scene.settings.3.name, stage.name("other"));
            parts::queues(own, orders, &stage.name("dead"), &other).await;
        }
        Check::DeadLetters => {
            let sqs = aws_sdk_sqs::Client::new(own);
            let url = sqs.get_queue_url().queue_name(stage.name("dead")).send().await.expect("it exists");
            let send = sqs.send_message().set_queue_url(url.queue_url).message_body("poison");
            send.send().await.expect("it takes a message");
        }
        Check::Observer => stage.front.refuse("sts", "AssumeRole"),
        Check::Functions => {
            let update = aws_sdk_lambda::Client::new(peer).update_function_code();
            let update = update.function_name(stage.name("two")).zip_file(parts::package("#!/bin/other\n"));
            update.send().await.expect("the function exists");
        }
        Check::Workflow => change_workflow(stage, "workflow").await,
        Check::Clusters => {
            stage.front.rds.lock().expect("nobody panicked").clusters[1].version = "16.10";
        }
        Check::Buckets => parts::replicate(peer, &stage.bucket(&standby()), "arn:aws:s3:::nowhere").await,
        Check::Schedule => parts::schedule(&stage.name("watch"), "PUT", "DISABLED").await,
        Check::Switch => put_parameter(own, &format!("/switch/{}", stage.unique), "off").await,
        Check::Permissions => parts::policy(&stage.name("recovery"), &["dynamodb:GetItem"]).await,
        Check::Services | Check::Deployments | Check::Targets => unreachable!("`containers` breaks them"),
    }
}

/// Somebody changes a state machine of this region by hand.
async fn change_workflow(stage: &Stage, part: &str) {
    let arn = format!("arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:{}", stage.name(part));
    let update = aws_sdk_sfn::Client::new(&stage.aws[0]).update_state_machine().state_machine_arn(arn);
    let other = parts::definition(&Region::new("us-west-2").expect("a region"));
    update.definition(other).send().await.expect("the state machine exists");
}

/// What a check found, in a run in which it is the only gap.
async fn only_gap(stage: &Stage, check: Check) -> String {
    let report = stage.run_until(&[check]).await;
    assert_eq!(report.gaps, [check], "{report:#?}");
    let found = report.findings.into_iter().find(|finding| finding.check == check);
    found.expect("every check has a finding").detail
}

#[tokio::test]
async fn the_failback_s_workflow_is_looked_at_as_well() {
    let stage = Stage::new().await;
    change_workflow(&stage, "failback").await;
    let found = only_gap(&stage, Check::Workflow).await;
    assert!(found.starts_with("the failback: its definition has the digest"), "{found}");
}

/// Of each role everything but one action at a time, of those that nobody would miss before an outage.
#[tokio::test]
async fn every_link_of_a_recovery_needs_its_permission() {
    let stage = Stage::new().await;
    for (role, missing) in [
        ("sentinel", "states:StartExecution"),
        ("sentinel", "rds-db:connect"),
        ("failover-role", "lambda:InvokeFunction"),
        ("failback-role", "lambda:InvokeFunction"),
        ("recovery", "rds-db:connect"),
        ("recovery", "rds:SwitchoverGlobalCluster"),
    ] {
        let (_, all) = ROLES.into_iter().find(|(name, _)| *name == role).expect("it is one of them");
        let others: Vec<&str> = all.iter().copied().filter(|action| *action != missing).collect();
        let others = if others.is_empty() { vec!["sts:GetCallerIdentity"] } else { others };
        parts::policy(&stage.name(role), &others).await;
        let found = only_gap(&stage, Check::Permissions).await;
        assert!(found.contains(&format!("{}: {missing} on", stage.name(role))), "{role}: {found}");
        assert_eq!(found.matches("implicitDeny").count(), found.matches(missing).count(), "{found}");
        parts::policy(&stage.name(role), all).await;
    }
    assert!(stage.run().await.passed);
}

fn lease_key() -> std::collections::HashMap<String, aws_sdk_dynamodb::types::AttributeValue> {
    let key = || aws_sdk_dynamodb::types::AttributeValue::S(recovery::lease::LEASE_KEY.to_owned());
    [("pk".to_owned(), key()), ("sk".to_owned(), key())].into()
}

async fn raise_fence(stage: &Stage) {
    let mut client = stage.writer.client().await;
    settlement::raise_fence(&mut client, Epoch(2), &standby()).await.expect("the fence rises");
}

/// A settlement of a minute ago that the replica lacks.
async fn settle_long_ago(stage: &Stage) {
    let entries = server::entries(1);
    let mut client = stage.writer.client().await;
    settlement::settle(&mut client, server::FIRST, &standby(), Source::Queue, &entries)
        .await
        .expect("the writer settles");
    // By the writer's clock it is then a minute old.
    let age = "UPDATE outbox SET created_at = created_at - interval '1 minute'";
    stage.writer.administrator().await.batch_execute(age).await.expect("the row is there");
}

#[tokio::test]
async fn a_replica_may_lack_what_was_settled_just_now() {
    let stage = Stage::new().await;
    let entries = server::entries(1);
    let mut client = stage.writer.client().await;
    settlement::settle(&mut client, server::FIRST, &standby(), Source::Queue, &entries)
        .await
        .expect("the writer settles");
    let report = stage.run().await;
    assert!(report.passed, "{report:#?}");
}

#[tokio::test]
async fn what_cannot_be_asked_is_unknown_and_keeps_nothing_else_from_being_asked() {
    let stage = Stage::new().await;
    stage.front.refuse("iam", "SimulatePrincipalPolicy");
    let report = stage.run().await;
    assert_eq!(report.gaps, [Check::Permissions], "{report:#?}");
    let finding = report.findings.iter().find(|finding| finding.check == Check::Permissions);
    assert_eq!(finding.map(|finding| finding.state), Some(State::Unknown));
}

/// A no sends people to what is broken; no answer sends them to the way there.
#[tokio::test]
async fn what_does_not_answer_in_time_is_unknown_and_not_failed() {
    let stage = Stage::new().await;
    stage.front.silence(&["lambda", "sqs", "s3", "states", "scheduler", "iam"]);
    stage.own.ready.store(parts::SILENT, Ordering::SeqCst);
    let report = stage.run().await;
    let unknown = [
        Check::OwnApi,
        Check::Queue,
        Check::DeadLetters,
        Check::Functions,
        Check::Workflow,
        Check::Buckets,
        Check::Schedule,
        Check::Permissions,
    ];
    assert_eq!(report.gaps, unknown, "{report:#?}");
    let states = report.findings.iter().map(|finding| finding.state);
    assert!(states.into_iter().all(|state| matches!(state, State::Passed | State::Unknown)), "{report:#?}");
}

#[tokio::test]
async fn a_region_that_sees_nobody_still_reports_in_time() {
    let stage = Stage::new().await;
    let nobody = format!("http://{}", dead_address());
    let aws = crate::support::config(&home(), &nobody).await;
    let blind = Preflight::new(&aws, stage.settings.clone()).expect("a preflight");
    let begun = std::time::Instant::now();
    let report = blind.run().await;
    let limit = recovery::preflight::FUNCTION_TIMEOUT_S;
    assert!(begun.elapsed().as_secs() < limit, "{:?}", begun.elapsed());
    assert!(report.gaps.contains(&Check::Lease) && report.gaps.contains(&Check::Permissions), "{report:#?}");
    assert!(report.findings.iter().all(|finding| finding.state != State::Failed), "{report:#?}");
    assert_eq!(report.findings.len(), Check::ALL.len() - Check::OF_CONTAINERS.len());
}

/// People read the page, programs the list: both say the same.
#[test]
fn the_page_lists_the_checks() {
    let page = include_str!("../../../../../docs/preflight.md");
    let rows: Vec<Vec<&str>> = page
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let listed: Vec<(&str, &str)> = rows.iter().map(|row| (row[0].trim_matches('`'), row[1])).collect();
    let known: Vec<(&str, &str)> = Check::ALL.iter().map(|check| (check.name(), check.asks())).collect();
    assert_eq!(listed, known);
    assert!(rows.iter().all(|row| row.len() == 3 && !row[2].is_empty()), "each says what to do");
}
