//! Goal: an acknowledged order whose message was lost is settled after all, and only the owner of the
//! lease sees to that. Method: a journal with old, new, settled and unsettled orders, and a queue that
//! knows of none.

use std::collections::BTreeSet;
use std::time::Duration;

use recovery::order::ID_AGE_MS_MAX;
use recovery::{Epoch, Lease, OrderId};
use services::database::settlement::{Source, settle};
use services::database::swept::{note_swept, swept_through};
use services::journal::{Entry, Journal};
use services::queue::Message;
use services::sentinel::{Report, Watch};

use super::stage::{PASS, Stage, tick_until};
use crate::database::server::{entries, now_ms};
use crate::support::{home, standby};

const OLD: usize = 7;
const SETTLED: usize = 3;

/// Ten orders in the journal: seven old ones, of which three are settled, and three new ones.
async fn acknowledged(stage: &Stage) -> Vec<Entry> {
    let journal = Journal::new(stage.scene.dynamodb(), stage.scene.settings.1.clone(), home());
    let mut all = entries(10);
    for (number, entry) in (0_u8..).zip(&mut all[..OLD]) {
        let made_ms = now_ms() - ID_AGE_MS_MAX - 120_000;
        let id = uuid::Builder::from_unix_timestamp_millis(made_ms, &[number; 10]).into_uuid();
        entry.order.id = OrderId::new(id).expect("version 7");
    }
    for entry in &all {
        journal.put(&entry.order, entry.acknowledged_at_ms).await.expect("the journal takes it");
    }
    let mut client = stage.database.client().await;
    let settled = settle(&mut client, Epoch::FIRST, &home(), Source::Queue, &all[..SETTLED]).await;
    settled.expect("the database takes them");
    all
}

#[tokio::test]
async fn old_orders_that_nobody_settled_are_queued_again() {
    let stage = Stage::new(PASS).await;
    let all = acknowledged(&stage).await;
    stage.abandoned_lease().await;
    let sentinel = stage.sentinel(&home());
    let mut watch = Watch::new(&sentinel);
    let mut queued = BTreeSet::new();
    // A message that was received is not received again soon: collect what each look finds.
    let found = std::sync::Mutex::new(&mut queued);
    tick_until(&mut watch, "four messages", async |_| {
        let bodies = stage.scene.messages().await;
        let mut found = found.lock().expect("nobody panicked");
        found.extend(
            bodies
                .iter()
                .map(|body| serde_json::from_str::<Message>(body).expect("it is a message of ours").order_id),
        );
        found.len() == OLD - SETTLED
    })
    .await;
    let expected: BTreeSet<OrderId> = all[SETTLED..OLD].iter().map(|entry| entry.order.id).collect();
    assert_eq!(queued, expected);
    let ended = |report: &Report| report.events.iter().any(|event| event.event == "orders_queued_again");
    let limit = tokio::time::Instant::now() + Duration::from_secs(60);
    while !ended(watch.report()) {
        assert!(tokio::time::Instant::now() < limit, "the sweep never ended: {:?}", watch.report());
        watch.tick().await;
    }
    let report = watch.into_report();
    let told = report.events.iter().find(|event| event.event == "orders_queued_again");
    assert!(told.is_some_and(|event| event.detail.starts_with("4 acknowledged")), "{report:?}");
}

#[tokio::test]
async fn neither_a_standby_nor_an_owner_that_recovers_sweeps() {
    let stage = Stage::new(PASS).await;
    acknowledged(&stage).await;
    let recovering = Lease::first(&home(), 1).successor(&standby(), "test", 2);
    stage.leases.create(&recovering).await.expect("the table answers");
    let (at_home, at_standby) = (stage.sentinel(&home()), stage.sentinel(&standby()));
    let (mut other, mut owner) = (Watch::new(&at_home), Watch::new(&at_standby));
    for _ in 0..20 {
        other.tick().await;
        owner.tick().await;
    }
    assert_eq!(stage.scene.messages().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_sweep_goes_on_where_the_last_one_came_to() {
    let stage = Stage::new(PASS).await;
    let all = acknowledged(&stage).await;
    stage.abandoned_lease().await;
    // The last sweep was 25 minutes ago, and an order of that time is not settled: far below the window.
    let begun = now_ms();
    let last = begun - 1_500_000;
    let mut order = all[0].order.clone();
    let id = uuid::Builder::from_unix_timestamp_millis(last + 60_000, &[9; 10]).into_uuid();
    order.id = OrderId::new(id).expect("version 7");
    let journal = Journal::new(stage.scene.dynamodb(), stage.scene.settings.1.clone(), home());
    journal.put(&order, last + 60_000).await.expect("the journal takes it");
    let client = stage.database.client().await;
    note_swept(&client, last).await.expect("the table is there");
    note_swept(&client, 5).await.expect("the table is there");
    assert_eq!(swept_through(&client).await.expect("the table is there"), Some(last));

    let sentinel = stage.sentinel(&home());
    let mut watch = Watch::new(&sentinel);
    tick_until(&mut watch, "the end of the window", async |_| {
        let through = swept_through(&client).await.expect("the table is there");
        through.is_some_and(|through_ms| through_ms > begun - ID_AGE_MS_MAX - 121_000)
    })
    .await;
    let bodies = stage.scene.messages().await;
    let ids = bodies
        .iter()
        .map(|body| serde_json::from_str::<Message>(body).expect("it is a message of ours").order_id);
    assert!(ids.collect::<BTreeSet<_>>().contains(&order.id), "{bodies:?}");
}
