//! Goal: what a recovery announced is kept, and an audit log that cannot take it stops nothing.
//! Method: announce with a bucket and without one.

use recovery::step::Action;
use serde_json::Value;

use super::stage::Stage;

async fn records(stage: &Stage) -> Vec<Value> {
    let s3 = aws_sdk_s3::Client::new(&stage.scene.aws);
    let bucket = format!("audit-{}", stage.scene.settings.1.table);
    let page = s3.list_objects_v2().bucket(&bucket).prefix("recovery/epoch-0000000002/").send().await;
    let keys = page.expect("the bucket is there").contents.unwrap_or_default();
    let mut records = Vec::new();
    for key in keys.into_iter().filter_map(|object| object.key) {
        let object = s3.get_object().bucket(&bucket).key(key).send().await.expect("it was just listed");
        let body = object.body.collect().await.expect("a short body").into_bytes();
        records.push(serde_json::from_slice(&body).expect("a record is JSON"));
    }
    records
}

#[tokio::test]
async fn every_announcement_is_kept_in_the_region_s_audit_log() {
    let stage = Stage::new().await;
    let bucket = format!("audit-{}", stage.scene.settings.1.table);
    let s3 = aws_sdk_s3::Client::new(&stage.scene.aws);
    s3.create_bucket().bucket(&bucket).send().await.expect("the bucket is new");
    for action in [Action::Announce, Action::Escalate] {
        stage.run(action).await.expect("the bus takes it");
    }
    let records = records(&stage).await;
    let kinds: Vec<&str> = records.iter().filter_map(|record| record["kind"].as_str()).collect();
    assert_eq!(kinds, ["recovery completed", "recovery escalated"]);
    assert!(records.iter().all(|record| record["detail"]["epoch"] == 2), "{records:?}");
}

#[tokio::test]
async fn a_missing_audit_log_stops_no_announcement() {
    let stage = Stage::new().await;
    stage.run(Action::Announce).await.expect("the bus takes it");
}
