//! Goal: a switch that is off stops every step that changes something and no step that looks, and one
//! that cannot be read stops nothing. Method: each step under each switch.

use recovery::Epoch;
use recovery::step::Action;
use services::database::settlement::fence;

use super::stage::Stage;

#[tokio::test]
async fn a_switch_that_is_off_stops_every_change() {
    let stage = Stage::new().await;
    stage.turn_switch("off").await;
    let lease = stage.lease().await;
    for action in [
        Action::PromoteDatabase,
        Action::RaiseFence,
        Action::SteerTraffic,
        Action::ReplayJournal,
        Action::EnableSettlement,
    ] {
        let error = stage.run(action).await.expect_err("the switch is off");
        assert!(error.to_string().contains("the switch is off"), "{action:?}: {error}");
    }
    assert_eq!(stage.lease().await, lease);
    assert_eq!(fence(&stage.database.client().await).await.expect("there is one"), Epoch::FIRST);
    stage.run(Action::OwnLease).await.expect("looking is allowed");
    stage.run(Action::AwaitWriter).await.expect("looking is allowed");
}

#[tokio::test]
async fn a_switch_that_is_on_or_unknown_stops_nothing() {
    let stage = Stage::new().await;
    stage.run(Action::RaiseFence).await.expect("there is no switch");
    let stage = Stage::new().await;
    stage.turn_switch("on").await;
    stage.run(Action::RaiseFence).await.expect("the switch is on");
}
