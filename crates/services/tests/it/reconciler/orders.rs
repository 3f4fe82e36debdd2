//! Goal: whatever differs between journal and database is found; what only needs settling is queued again, once
//! and by the region that settles; nothing else is touched. Method: each difference made by hand in real parts.

use recovery::lease::LeaseState;
use recovery::reconcile::{Explanation, Kind, WAITING_MS_MAX};

use super::stage::{OLD_MS, Stage, aged, found};
use crate::support::{home, standby};

#[tokio::test]
async fn a_pair_in_step_has_no_difference_and_is_walked_once() {
    let stage = Stage::in_step().await;
    let run = stage.run().await;
    assert_eq!((found(&run), run.orders, run.repaired), (vec![], 3, 0), "{run:?}");
    assert_eq!(run.not_compared, [] as [&str; 0]);
    assert!(run.minutes >= 59, "{run:?}");
    let again = stage.run().await;
    assert!(again.minutes <= 2 && again.through_ms >= run.through_ms, "what was compared is: {again:?}");
}

#[tokio::test]
async fn an_order_whose_message_is_gone_is_queued_again_once() {
    let stage = Stage::in_step().await;
    let lost = aged(OLD_MS);
    stage.acknowledge(std::slice::from_ref(&lost)).await;
    let run = stage.run().await;
    assert_eq!((found(&run), run.repaired), (vec![(Kind::NotSettled, None, 1)], 1), "{run:?}");
    assert_eq!(run.report.findings[0].examples, [lost.order.id.to_string()]);
    assert_eq!(stage.queued().await, [lost.order.id]);

    let run = stage.run().await;
    let waits = (Kind::NotSettled, Some(Explanation::WaitingInQueue), 1);
    assert_eq!((found(&run), run.repaired), (vec![waits], 0), "its message was received, not lost: {run:?}");

    stage.settle(&[lost]).await;
    let run = stage.run().await;
    assert_eq!((found(&run), run.repaired), (vec![], 0), "{run:?}");
}

#[tokio::test]
async fn a_queue_explains_for_a_quarter_of_an_hour_and_no_longer() {
    let stage = Stage::in_step().await;
    stage.acknowledge(&[aged(OLD_MS), aged(WAITING_MS_MAX + 60_000)]).await;
    let sqs = aws_sdk_sqs::Client::new(&stage.scene.aws);
    let url = sqs.get_queue_url().queue_name(&stage.scene.settings.3.name).send().await.expect("it exists");
    let sent = sqs.send_message().set_queue_url(url.queue_url).message_body("another").send().await;
    sent.expect("the queue takes it");
    let run = stage.run().await;
    let expected =
        vec![(Kind::NotSettled, None, 1), (Kind::NotSettled, Some(Explanation::WaitingInQueue), 1)];
    assert_eq!((found(&run), run.repaired), (expected, 1), "{run:?}");
}

#[tokio::test]
async fn only_the_region_that_settles_repairs_and_only_while_it_may_act() {
    let stage = Stage::new().await;
    stage.lease(&standby(), LeaseState::Serving).await;
    stage.acknowledge(&[aged(OLD_MS)]).await;
    let run = stage.run().await;
    assert_eq!((found(&run), run.repaired), (vec![(Kind::NotSettled, None, 1)], 0), "{run:?}");

    let stage = Stage::in_step().await;
    stage.turn("off").await;
    stage.acknowledge(&[aged(OLD_MS)]).await;
    let run = stage.run().await;
    assert_eq!((found(&run), run.repaired), (vec![(Kind::NotSettled, None, 1)], 0), "{run:?}");
    assert_eq!(stage.queued().await, []);
}

#[tokio::test]
async fn nothing_is_compared_while_the_database_moves() {
    for state in [LeaseState::Recovering, LeaseState::Draining] {
        let stage = Stage::new().await;
        stage.lease(&home(), state).await;
        stage.acknowledge(&[aged(OLD_MS)]).await;
        let run = stage.run().await;
        assert_eq!((found(&run), run.minutes), (vec![], 0), "{run:?}");
        assert_eq!(run.not_compared, [format!("orders: the lease is {}", state.as_str())]);
    }
}

#[tokio::test]
async fn what_the_journal_did_not_say_is_found_and_never_rewritten() {
    for (kind, sql) in [
        (Kind::Rewritten, "UPDATE orders SET account = 'ACCOUNT-2'"),
        (
            Kind::Rewritten,
            "UPDATE orders SET limit_price = 10.26; UPDATE ledger SET amount = sign(amount) * 30.78",
        ),
        (Kind::Unbalanced, "DELETE FROM ledger WHERE balance = 'reserved'"),
        (Kind::Unbalanced, "UPDATE ledger SET amount = amount * 2"),
        (Kind::Unbalanced, "UPDATE ledger SET amount = 1"),
        (Kind::Unannounced, "DELETE FROM outbox"),
    ] {
        let stage = Stage::in_step().await;
        stage.change_both(sql).await;
        let image = "SELECT coalesce(sum(hashtext(o::text)), 0)::bigint FROM orders o";
        let before = stage.databases[0].number(image).await;
        for _ in 0..2 {
            let run = stage.run().await;
            assert_eq!((found(&run), run.repaired), (vec![(kind, None, 3)], 0), "{sql}: {run:?}");
        }
        assert_eq!(stage.databases[0].number(image).await, before, "{sql}");
        assert_eq!(stage.queued().await, [], "{sql}");
    }
}

#[tokio::test]
async fn an_order_that_nobody_acknowledged_is_found() {
    let stage = Stage::in_step().await;
    stage.settle(&[aged(OLD_MS)]).await;
    let run = stage.run().await;
    assert_eq!((found(&run), run.repaired), (vec![(Kind::Unacknowledged, None, 1)], 0), "{run:?}");
}
