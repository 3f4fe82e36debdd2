//! Goal: a worker that is killed in the middle of a batch loses nothing and settles nothing twice.
//! Method: kill -9 before its transaction ends, and after that and before its messages are taken out of
//! the queue; another worker then finds everything as if nothing had happened.

use std::time::Duration;

use axum::response::Response;

use super::process::Container;
use super::worker::{hold, in_stage, queued};
use crate::database::server::eventually;
use crate::processor::stage::{Stage, settled};
use crate::proxy;

const ORDERS: u64 = 10;
/// Messages in hand are invisible for 45 s.
const LIMIT: Duration = Duration::from_secs(180);

/// Lets every call through but deletions of messages, which get no answer.
async fn without_deletions(call: proxy::Call) -> Response {
    if call.target().starts_with("DeleteMessage") {
        std::future::pending().await
    } else {
        call.pass_on().await
    }
}

/// Another worker settles the rest, each order once.
async fn another_finishes(stage: &Stage) {
    let mut worker = Container::start(in_stage(stage, 2).await).await;
    let empty = async {
        while stage.depth(&stage.settings.2.name).await > 0 {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(LIMIT, empty).await.expect("every message comes back");
    worker.signal("TERM").await;
    assert!(worker.ended().await.success());
    let orders = i64::try_from(ORDERS).expect("a few");
    assert_eq!(settled(&stage.own).await, orders);
    assert_eq!(stage.own.number("SELECT count(*) FROM ledger").await, 2 * orders);
    assert_eq!(stage.own.number("SELECT count(*) FROM outbox").await, orders);
    assert_eq!(stage.dead_letters().await, []);
}

#[tokio::test]
async fn killed_before_its_transaction_ends() {
    let stage = Stage::serving().await;
    queued(&stage, ORDERS).await;
    let mut worker = Container::start(in_stage(&stage, 1).await).await;
    let holder = hold(&stage.own).await;
    worker.signal("KILL").await;
    worker.ended().await;
    drop(holder);
    another_finishes(&stage).await;
}

#[tokio::test]
async fn killed_after_its_transaction_and_before_its_messages_are_gone() {
    let stage = Stage::serving().await;
    queued(&stage, ORDERS).await;
    let mut command = in_stage(&stage, 1).await;
    command.env("AWS_ENDPOINT_URL", proxy::open(without_deletions).await);
    let mut worker = Container::start(command).await;
    eventually("a batch is settled", || async { settled(&stage.own).await > 0 }).await;
    worker.signal("KILL").await;
    worker.ended().await;
    assert_eq!(stage.depth(&stage.settings.2.name).await, ORDERS, "all are still there");
    another_finishes(&stage).await;
}
