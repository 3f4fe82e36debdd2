//! Goal: the journal gives back what it took, page by page and in batches, and a conflict between
//! replicas is retried, but not for ever.
//! Method: the emulator's table; for the conflict, which the emulator never has, a small server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use recovery::order::journal_partition;
use recovery::{OrderId, Region};
use services::journal::{Entry, Journal, Put};
use services::settings;

use crate::database::server::entries;
use crate::support::{Scene, config, home};

const SHARDS: u32 = 4;

async fn journal(scene: &Scene) -> Journal {
    Journal::new(scene.dynamodb(), scene.settings.1.clone(), home())
}

/// So many orders of one minute and shard, in the journal.
async fn filled(journal: &Journal, count: u8) -> (String, Vec<Entry>) {
    let mut entries = entries(u64::from(count));
    for (number, entry) in (0_u8..).zip(&mut entries) {
        let random = [0, 0, 0, number, 0, 0, 0, 0, 0, 0];
        let id = uuid::Builder::from_unix_timestamp_millis(1_795_170_245_120, &random).into_uuid();
        entry.order.id = OrderId::new(id).expect("version 7");
        let put = journal.put(&entry.order, entry.acknowledged_at_ms).await.expect("the journal answers");
        assert_eq!(put, Put::Accepted { acknowledged_at_ms: entry.acknowledged_at_ms, repeat: false });
    }
    entries.sort_by_key(|entry| entry.order.id);
    (journal_partition(entries[0].order.id, SHARDS), entries)
}

#[tokio::test]
async fn a_partition_is_read_page_by_page() {
    let journal = journal(&Scene::new().await).await;
    let (partition, entries) = filled(&journal, 5).await;
    let (mut read, mut after, mut pages) = (Vec::new(), None::<String>, 0);
    loop {
        let page = journal.page(&partition, after.as_deref(), 2).await.expect("the journal answers");
        assert!(page.entries.len() <= 2);
        read.extend(page.entries);
        pages += 1;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(read, entries);
    assert!(pages >= 3, "{pages}");
    let empty = journal.page("2000-01-01T00:00#0", None, 2).await.expect("the journal answers");
    assert_eq!((empty.entries.len(), empty.next), (0, None));
}

#[tokio::test]
async fn many_orders_are_read_at_once() {
    let journal = journal(&Scene::new().await).await;
    let (_, entries) = filled(&journal, 130).await;
    let absent = OrderId::new(uuid::Uuid::now_v7()).expect("version 7");
    let mut ids: Vec<OrderId> = entries.iter().map(|entry| entry.order.id).collect();
    ids.extend([absent, ids[0]]);
    let mut read = journal.get_many(&ids).await.expect("the journal answers");
    read.sort_by_key(|entry| entry.order.id);
    assert_eq!(read, entries);
    assert_eq!(journal.get_many(&[]).await.expect("nothing to ask"), Vec::new());
}

/// A table that answers `conflicts` puts with a conflict between replicas and then takes them.
async fn conflicting(conflicts: u64) -> (Journal, Arc<AtomicU64>) {
    let calls = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&calls);
    let answer = move || {
        let conflict = seen.fetch_add(1, Ordering::SeqCst) < conflicts;
        async move {
            let json = [("content-type", "application/x-amz-json-1.0")];
            let body = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ReplicatedWriteConflictException","message":"again"}"#;
            if conflict { (StatusCode::BAD_REQUEST, json, body) } else { (StatusCode::OK, json, "{}") }
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let endpoint = format!("http://{}", listener.local_addr().expect("a bound port"));
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", post(answer))).await });
    let region: Region = home();
    let client = aws_sdk_dynamodb::Client::new(&config(&region, &endpoint).await);
    let settings = settings::Journal { table: "journal".to_owned(), shards: SHARDS };
    (Journal::new(client, settings, region), calls)
}

#[tokio::test]
async fn a_conflict_between_replicas_is_retried() {
    let (journal, calls) = conflicting(2).await;
    let order = entries(1).remove(0).order;
    let put = journal.put(&order, 7).await.expect("the third attempt succeeds");
    assert_eq!(put, Put::Accepted { acknowledged_at_ms: 7, repeat: false });
    assert_eq!(calls.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_lasting_conflict_is_given_up() {
    let (journal, calls) = conflicting(u64::MAX).await;
    let order = entries(1).remove(0).order;
    let error = journal.put(&order, 7).await.expect_err("no attempt succeeds");
    assert!(services::aws::cause(&error).contains("ReplicatedWriteConflictException"), "{error:?}");
    assert_eq!(calls.load(Ordering::SeqCst), 4);
}
