//! Goal: what befalls callers from outside spares the region's way to itself, and the journal fails in one
//! region alone. Method: the same request through each door.

use std::time::{Duration, Instant};

use drill::gateway::Fault;
use tokio::net::TcpStream;

use super::pair::{Pair, ask, call, home, standby};

const PUBLIC: [(&str, &str); 1] = [("host", "us-east-1.orders.trading.example")];

/// The status of one request through a door of home, or of the other region for the peer's door; none when
/// it is reset.
async fn through(pair: &Pair, last: u8, port: u16) -> Option<u16> {
    let mut stream = TcpStream::connect(pair.at(last, port)).await.expect("the door is open");
    ask(&mut stream, &PUBLIC, "").await.ok().map(|(status, _)| status)
}

#[tokio::test]
async fn who_is_cut_off_is_outside_and_the_region_reaches_itself() {
    let pair = Pair::echoing(131).await;
    let cut = Fault::CutOff { region: home() };
    pair.faults.inject(&cut);
    assert_eq!(through(&pair, 1, pair.ports.edge).await, None);
    assert_eq!(through(&pair, 2, pair.ports.peer_edge).await, None, "the peer's probes come from outside");
    assert_eq!(through(&pair, 1, pair.ports.own_edge).await, Some(200));
    pair.faults.lift(&cut);
    assert_eq!(through(&pair, 1, pair.ports.edge).await, Some(200));
}

#[tokio::test]
async fn a_share_of_requests_fails_before_or_after_they_are_carried_out() {
    let pair = Pair::echoing(132).await;
    pair.faults.inject(&Fault::Err { region: home(), share: 0.5 });
    let mut failed = 0;
    for _ in 0..60 {
        failed += u32::from(through(&pair, 1, pair.ports.edge).await == Some(500));
        assert_eq!(through(&pair, 1, pair.ports.own_edge).await, Some(200));
    }
    assert!((15..=45).contains(&failed), "{failed} of 60 failed");
    let asked = pair.gateway.counts(&home()).expect("of the pair").edge.requests;
    assert_eq!(asked, 120, "each was counted once");
}

#[tokio::test]
async fn late_answers_are_late_for_those_outside() {
    let pair = Pair::echoing(133).await;
    pair.faults.inject(&Fault::Late { region: home(), delay_ms: 300 });
    let begun = Instant::now();
    assert_eq!(through(&pair, 1, pair.ports.own_edge).await, Some(200));
    assert!(begun.elapsed() < Duration::from_millis(250));
    let begun = Instant::now();
    assert_eq!(through(&pair, 1, pair.ports.edge).await, Some(200));
    assert!(begun.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn a_journal_may_fail_in_one_region() {
    let pair = Pair::echoing(134).await;
    let (target, journal) = ("DynamoDB_20120810.GetItem", r#"{"TableName":"table-journal-test"}"#);
    pair.faults.inject(&Fault::NoJournal { region: home() });
    let here = call(pair.at(1, pair.ports.aws), &home(), "dynamodb", target, journal).await;
    assert_eq!(here.expect("an error is an answer").0, 500);
    let there = call(pair.at(2, pair.ports.aws), &standby(), "dynamodb", target, journal).await;
    assert_eq!(there.expect("an answer").0, 200);
    let other = call(pair.at(1, pair.ports.aws), &home(), "sqs", "AmazonSQS.SendMessage", "{}").await;
    assert_eq!(other.expect("only the journal fails").0, 200);
}
