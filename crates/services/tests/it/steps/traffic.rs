//! Goal: traffic is verified by what a fresh DNS answer says, not by a remembered one. Method: a
//! small name server that moves the public name from one region to the other, with a long TTL.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use recovery::step::Action;
use services::steps::StepError;
use tokio::net::UdpSocket;

use super::stage::{PUBLIC_HOST, Stage};

const HOME: u8 = 1;
const STANDBY: u8 = 2;

/// Answers 127.0.0.`leads_to` for the public name and 127.0.0.2 for every other.
pub async fn name_server(leads_to: Arc<AtomicU8>) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
    let address = socket.local_addr().expect("a bound port");
    tokio::spawn(async move {
        let mut query = [0; 512];
        while let Ok((length, client)) = socket.recv_from(&mut query).await {
            let last = |public: bool| if public { leads_to.load(Ordering::SeqCst) } else { STANDBY };
            if let Some(answer) = answer(&query[..length], last) {
                let _ = socket.send_to(&answer, client).await;
            }
        }
    });
    address
}

/// The query's header and question, and one A record.
fn answer(query: &[u8], last: impl Fn(bool) -> u8) -> Option<Vec<u8>> {
    let (mut name, mut at) = (Vec::new(), 12);
    while *query.get(at)? > 0 {
        let end = at + 1 + usize::from(query[at]);
        name.push(String::from_utf8_lossy(query.get(at + 1..end)?).to_lowercase());
        at = end;
    }
    let question = query.get(12..at + 5)?;
    // The same id; a recursive answer without error; one question, one answer, nothing else.
    let mut message = [&query[..2], &[0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0], question].concat();
    // The question's name, type A, class IN, an hour, four bytes.
    message.extend([
        0xc0,
        12,
        0,
        1,
        0,
        1,
        0,
        0,
        0x0e,
        0x10,
        0,
        4,
        127,
        0,
        0,
        last(name.join(".") == PUBLIC_HOST),
    ]);
    Some(message)
}

#[tokio::test]
async fn traffic_is_verified_once_the_public_name_leads_here() {
    let leads_to = Arc::new(AtomicU8::new(HOME));
    let stage = Stage::with_resolver(name_server(leads_to.clone()).await).await;
    let error = stage.run(Action::VerifyTraffic).await.expect_err("it leads to the lost region");
    assert!(matches!(&error, StepError::NotYet(why) if why.contains("127.0.0.1")), "{error}");
    leads_to.store(STANDBY, Ordering::SeqCst);
    let outcome = stage.run(Action::VerifyTraffic).await.expect("it leads here, and nothing was remembered");
    assert!(outcome.done, "{}", outcome.detail);
}
