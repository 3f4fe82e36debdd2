//! Goal: sessions of two regions may differ for a while, and who wins is a matter of (epoch, version). Method:
//! items by hand in the tables of both regions.

use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::AttributeValue;
use recovery::reconcile::{CONFLICT_MS_MAX, Explanation, Kind, SESSION_LAG_MS_MAX};

use super::stage::{Stage, found};
use crate::database::server::now_ms;

const LATE_MS: u64 = SESSION_LAG_MS_MAX + 10_000;

async fn put(stage: &Stage, aws: &SdkConfig, id: &str, version: (u64, u64), age_ms: u64, data: &str) {
    let number = |n: u64| AttributeValue::N(n.to_string());
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let written_ms = now_ms() - age_ms;
    aws_sdk_dynamodb::Client::new(aws)
        .put_item()
        .table_name(&stage.scene.settings.2.table)
        .item("pk", text(id))
        .item("data", text(&format!(r#"{{"cart":"{data}"}}"#)))
        .item("epoch", number(version.0))
        .item("version", number(version.1))
        .item("updated_at_ms", number(written_ms))
        .item("expires_at", number((written_ms + 86_400_000) / 1000))
        .send()
        .await
        .expect("the table takes it");
}

#[tokio::test]
async fn sessions_that_are_late_are_told_from_those_that_never_come() {
    let stage = Stage::in_step().await;
    let (own, peer) = (stage.scene.aws.clone(), stage.peer.clone());
    put(&stage, &own, "equal", (1, 1), LATE_MS, "a").await;
    put(&stage, &peer, "equal", (1, 1), LATE_MS, "a").await;
    let run = stage.run().await;
    assert_eq!((found(&run), run.sessions), (vec![], 1), "{run:?}");

    put(&stage, &own, "fresh", (1, 2), 10, "a").await;
    put(&stage, &own, "lost-in-the-other-region", (1, 2), LATE_MS, "a").await;
    put(&stage, &own, "behind", (1, 2), LATE_MS, "a").await;
    put(&stage, &peer, "behind", (1, 3), LATE_MS, "b").await;
    put(&stage, &own, "forked", (1, 2), LATE_MS, "a").await;
    put(&stage, &peer, "forked", (1, 2), LATE_MS, "b").await;
    put(&stage, &own, "moved", (2, 2), LATE_MS, "a").await;
    put(&stage, &peer, "moved", (1, 9), LATE_MS, "b").await;
    put(&stage, &own, "ended", (1, 1), 90_000_000, "a").await;
    put(&stage, &peer, "never-met", (1, 1), LATE_MS, "the peer compares it").await;
    let run = stage.run().await;
    let expected = [
        (Kind::SessionAbsent, None, 1),
        (Kind::SessionAbsent, Some(Explanation::ReplicationLag), 1),
        (Kind::SessionAbsent, Some(Explanation::Expired), 1),
        (Kind::SessionBehind, None, 1),
        (Kind::SessionBehind, Some(Explanation::LaterEpochWins), 1),
        (Kind::SessionForked, None, 1),
    ];
    assert_eq!((found(&run), run.sessions), (expected.to_vec(), 7), "{run:?}");
    assert_eq!(run.report.findings[0].examples, ["lost-in-…"], "an id is its client's secret");
    let whole = serde_json::to_string(&run).expect("a run is JSON");
    assert!(!whole.contains("cart"), "and so is what is in it: {whole}");
}

#[tokio::test]
async fn a_conflict_of_two_epochs_ends_some_time() {
    let stage = Stage::in_step().await;
    let (own, peer) = (stage.scene.aws.clone(), stage.peer.clone());
    put(&stage, &own, "moved", (2, 2), CONFLICT_MS_MAX + 1000, "a").await;
    put(&stage, &peer, "moved", (1, 9), CONFLICT_MS_MAX + 2000, "b").await;
    assert_eq!(found(&stage.run().await), [(Kind::SessionBehind, None, 1)]);
}

#[tokio::test]
async fn many_sessions_are_compared_over_several_pages() {
    let stage = Stage::in_step().await;
    let (own, peer) = (stage.scene.aws.clone(), stage.peer.clone());
    for number in 0..230 {
        let id = format!("{number:03}-session");
        put(&stage, &own, &id, (1, 1), LATE_MS, "a").await;
        if number % 100 != 7 {
            put(&stage, &peer, &id, (1, 1), LATE_MS, "a").await;
        }
    }
    let run = stage.run().await;
    assert_eq!((found(&run), run.sessions), (vec![(Kind::SessionAbsent, None, 3)], 230), "{run:?}");
}
