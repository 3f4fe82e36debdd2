//! Goal: settlement is not stopped before home is well, follows, has caught up and lacks nothing.
//! Method: a standby for which every gate is open; then one is closed at a time.

use std::sync::atomic::Ordering;

use recovery::order::Side;
use recovery::step::Action;
use recovery::{Lease, OrderId};
use services::journal::{Entry, Journal};
use services::steps::StepError;

use super::super::stage::Stage;
use super::away::Away;
use crate::database::server::{entries, entry, now_ms};
use crate::support::standby;

#[tokio::test]
async fn home_must_have_been_well_for_the_dwell_and_be_well_now() {
    let away = Away::rejoined().await;
    let said = away.done(Action::ConfirmHome).await;
    assert!(said.contains("well for 250 s"), "{said}");
    away.ready.store(false, Ordering::SeqCst);
    for action in [Action::ConfirmHome, Action::Drain] {
        let why = away.not_yet(action).await;
        assert!(why.contains("0 of 3 looks"), "{action:?}: {why}");
    }
    away.ready.store(true, Ordering::SeqCst);
    let lease = away.stage.lease().await;
    let recovering = Lease { state: recovery::lease::LeaseState::Recovering, ..lease.renewed() };
    for (closed, expected) in [
        (lease.renewed().seeing_home(Some(false)), "well for 0 s of the 30 s"),
        (Lease { moved_at_version: lease.version - 2, ..lease.renewed().renewed() }, "the cooldown lasts"),
        (Lease { version: lease.version + 9, ..recovering }, "still recovers"),
    ] {
        away.put(&closed).await;
        for action in [Action::ConfirmHome, Action::Drain] {
            let why = away.not_yet(action).await;
            assert!(why.contains(expected), "{action:?}: {why}");
        }
        assert_eq!(away.stage.lease().await, closed);
    }
}

#[tokio::test]
async fn nobody_goes_to_a_home_whose_switch_is_off() {
    let away = Away::rejoined().await;
    away.stage.turn_switch("off").await;
    let why = away.not_yet(Action::ConfirmHome).await;
    assert!(why.contains("the switch of us-east-1 is off"), "{why}");
}

#[tokio::test]
async fn home_s_cluster_must_be_back_in_the_global_cluster() {
    let alone = Away::new().await;
    let error = alone.run(Action::AwaitRejoin).await.expect_err("there is no global cluster");
    assert!(matches!(error, StepError::Transient { .. }), "{error}");
    alone.global_cluster(&[("standby", standby())]).await;
    let why = alone.not_yet(Action::AwaitRejoin).await;
    assert!(why.contains("no cluster in us-east-1 is a member"), "{why}");
    let said = Away::rejoined().await.done(Action::AwaitRejoin).await;
    assert!(said.contains("connected"), "{said}");
}

#[tokio::test]
async fn a_cluster_that_follows_nobody_has_not_rejoined() {
    let away = Away::rejoined_as(|_, said| {
        said.replace(">true</IsWriter>", ">false</IsWriter>").replace(":us-east-2:", ":us-west-2:")
    })
    .await;
    let why = away.not_yet(Action::AwaitRejoin).await;
    assert!(why.contains("does not name the cluster in us-east-2 as its writer"), "{why}");
}

#[tokio::test]
async fn a_home_database_that_does_not_answer_is_waited_for() {
    let stage = Stage::new().await;
    let lease = stage.lease().await;
    stage.leases.replace(&lease, &lease.serving()).await.expect("the table answers");
    let error = stage.run(Action::AwaitLag).await.expect_err("nobody listens there");
    assert!(matches!(&error, StepError::NotYet(why) if why.contains("us-east-1")), "{error}");
}

#[tokio::test]
async fn home_may_not_be_further_behind_than_the_bound() {
    let away = Away::new().await;
    let said = away.done(Action::AwaitLag).await;
    assert!(said.contains("0 ms behind"), "nothing is settled anywhere: {said}");
    let older = Entry { acknowledged_at_ms: now_ms() - 5000, ..entry(Side::Buy, 1, "10.25") };
    away.settle_in(&away.stage.database, std::slice::from_ref(&older)).await;
    let why = away.not_yet(Action::AwaitLag).await;
    assert!(why.contains("no order yet"), "{why}");
    away.settle_in(&away.database, std::slice::from_ref(&older)).await;
    away.done(Action::AwaitLag).await;
    for (later_ms, well) in [(900, true), (1200, false)] {
        let at_ms = older.acknowledged_at_ms + later_ms;
        let newer = Entry { acknowledged_at_ms: at_ms, ..entry(Side::Sell, 1, "10.25") };
        away.settle_in(&away.stage.database, &[newer]).await;
        assert_eq!(away.run(Action::AwaitLag).await.is_ok(), well, "{later_ms} ms behind");
    }
}

/// An order whose id was made so long ago.
fn aged(age_ms: u64) -> Entry {
    let mut aged = entry(Side::Buy, 1, "10.25");
    let at_ms = now_ms() - age_ms;
    let mut random = [0; 10];
    random.copy_from_slice(&aged.order.id.as_uuid().as_bytes()[6..]);
    aged.order.id = OrderId::new(uuid::Builder::from_unix_timestamp_millis(at_ms, &random).into_uuid())
        .expect("version 7");
    aged.acknowledged_at_ms = at_ms;
    aged
}

#[tokio::test]
async fn an_order_that_the_database_lacks_keeps_the_system_away() {
    let away = Away::rejoined().await;
    let journal = Journal::new(away.stage.scene.dynamodb(), away.stage.scene.settings.1.clone(), standby());
    let settled: Vec<Entry> = (0..20).map(|n| aged(65_000 + n * 2000)).collect();
    let late = Entry { acknowledged_at_ms: now_ms(), ..aged(80_000) };
    let young = entries(3);
    for entry in settled.iter().chain(&young).chain([&late]) {
        journal.put(&entry.order, entry.acknowledged_at_ms).await.expect("the journal takes it");
    }
    away.settle(&settled[1..]).await;
    let why = away.not_yet(Action::CompareJournal).await;
    assert!(why.starts_with("1 acknowledged") && why.contains(&settled[0].order.id.to_string()), "{why}");
    away.settle(&settled[..1]).await;
    let outcome =
        away.run(Action::CompareJournal).await.expect("nothing is missing but what may be under way");
    assert!(outcome.done && outcome.cursor.is_none(), "{outcome:?}");
    assert!(outcome.detail.contains("20 orders"), "{}", outcome.detail);
}

#[tokio::test]
async fn a_database_that_was_changed_keeps_the_system_away() {
    for (at_home, sql, kind) in [
        (false, "UPDATE orders SET account = 'ACCOUNT-2'", "rewritten"),
        (false, "DELETE FROM outbox", "unannounced"),
        (true, "UPDATE orders SET symbol = 'OTHER'", "replica_differs"),
    ] {
        let away = Away::rejoined().await;
        let journal =
            Journal::new(away.stage.scene.dynamodb(), away.stage.scene.settings.1.clone(), standby());
        let order = aged(180_000);
        journal.put(&order.order, order.acknowledged_at_ms).await.expect("the journal takes it");
        away.settle(&[order]).await;
        away.done(Action::CompareJournal).await;
        let changed = if at_home { &away.database } else { &away.stage.database };
        changed.administrator().await.batch_execute(sql).await.expect("it is allowed everything");
        match away.run(Action::CompareJournal).await {
            Err(error @ StepError::Transient { .. }) => assert!(error.to_string().contains(kind), "{error}"),
            other => panic!("{sql}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn home_s_database_may_lack_the_end_and_nothing_before() {
    let away = Away::rejoined().await;
    let journal = Journal::new(away.stage.scene.dynamodb(), away.stage.scene.settings.1.clone(), standby());
    let orders = [aged(240_000), aged(180_000), aged(120_000)];
    for one in &orders {
        journal.put(&one.order, one.acknowledged_at_ms).await.expect("the journal takes it");
    }
    away.settle_in(&away.stage.database, &orders).await;
    away.settle_in(&away.database, &orders[..2]).await;
    away.done(Action::CompareJournal).await;
    let late = [aged(60_000)];
    journal.put(&late[0].order, late[0].acknowledged_at_ms).await.expect("the journal takes it");
    away.settle(&late).await;
    let why = away.not_yet(Action::CompareJournal).await;
    assert!(why.contains("1 replica_lacks") && why.contains(&orders[2].order.id.to_string()), "{why}");
}
