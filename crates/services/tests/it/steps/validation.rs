//! Goal: a synthetic order validates a region that accepts and settles, and only such a region.
//! Method: the real API on a loopback port; this test plays the processor, or does not.

use std::time::Duration;

use recovery::order::{SYNTHETIC_ACCOUNT, journal_partitions};
use recovery::step::Action;
use services::api::{AppState, router};
use services::database::settlement::{Source, settle};
use services::journal::Journal;
use services::settings;
use services::steps::StepError;
use services::telemetry::now_ms;
use tokio::net::TcpListener;

use super::stage::Stage;
use crate::support::{home, standby};

/// A stage whose own public endpoint is the API.
async fn with_api() -> Stage {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let stage = Stage::with_own(listener.local_addr().expect("a bound port")).await;
    let (_, journal, sessions, queue, nobody) = stage.scene.settings.clone();
    let endpoint = stage.database.endpoint.clone();
    let database = settings::Database { endpoint, name: stage.database.name.clone(), ..nobody };
    let regions = settings::Regions { own: standby(), peer: home(), home: home() };
    let state = AppState::new(&stage.scene.aws, (regions, journal, sessions, queue, database));
    let router = router(state.expect("the settings are valid"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    stage
}

/// Settles whatever is in the journal, over and over.
async fn process(stage: &Stage) {
    let journal = Journal::new(stage.scene.dynamodb(), stage.scene.settings.1.clone(), standby());
    let (mut client, region) = (stage.database.client().await, standby());
    loop {
        let now = now_ms();
        for partition in journal_partitions(now - 60_000, now, journal.shards()) {
            let page = journal.page(&partition, None, 100).await.expect("the journal answers");
            let settled = settle(&mut client, stage.context.epoch, &region, Source::Queue, &page.entries);
            settled.await.expect("the database answers");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_region_that_settles_is_validated() {
    let stage = with_api().await;
    stage.run(Action::RaiseFence).await.expect("the lease is ours");
    stage.run(Action::VerifyCompute).await.expect("the API is ready");
    let outcome = tokio::select! {
        outcome = stage.run(Action::ValidateSettlement) => outcome.expect("the order is settled"),
        () = process(&stage) => unreachable!("it never ends"),
    };
    assert!(outcome.detail.contains("was seen settled"), "{}", outcome.detail);
    let synthetic = format!("SELECT count(*) FROM orders WHERE account = '{SYNTHETIC_ACCOUNT}'");
    assert_eq!(stage.database.number(&synthetic).await, 1);
}

#[tokio::test]
async fn a_region_that_only_accepts_is_not() {
    let stage = with_api().await;
    let error = stage.run(Action::ValidateSettlement).await.expect_err("nobody settles");
    assert!(matches!(&error, StepError::NotYet(why) if why.contains("was not settled")), "{error}");
}
