//! Goal: of several who change the lease, exactly one does, and nobody is told the wrong outcome.
//! Method: racers against the emulator's conditional puts, and a connection that loses the answer
//! of a put that was applied.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use recovery::{Lease, Region};
use services::lease_store::{LeaseStore, LeaseStoreError, Swap};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::support::{self, Scene, home, standby};

const REGIONS: [&str; 6] = ["us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-west-1", "eu-west-2"];

fn store(scene: &Scene) -> LeaseStore {
    LeaseStore::new(scene.dynamodb(), &scene.settings.1.table)
}

fn regions() -> impl Iterator<Item = Region> {
    REGIONS.iter().map(|name| Region::new(*name).expect("a region name"))
}

/// Runs all swaps at once and returns the one that was done.
async fn winner(swaps: Vec<(Lease, LeaseStore, Option<Lease>)>) -> Lease {
    let mut racers = JoinSet::new();
    for (next, store, expected) in swaps {
        racers.spawn(async move {
            let swap = match &expected {
                None => store.create(&next).await,
                Some(expected) => store.replace(expected, &next).await,
            };
            (next, swap.expect("the emulator answers"))
        });
    }
    let outcomes = racers.join_all().await;
    let mut done = outcomes.iter().filter(|(_, swap)| *swap == Swap::Done).map(|(next, _)| next.clone());
    let winner = done.next().expect("one racer wins");
    assert_eq!(done.next(), None, "a second racer won");
    let lost =
        outcomes.iter().filter_map(|(_, swap)| if let Swap::Lost(seen) = swap { Some(seen) } else { None });
    for seen in lost {
        assert_eq!(seen, &winner, "a loser is told who won");
    }
    winner
}

#[tokio::test]
async fn of_many_racers_exactly_one_wins() {
    let scene = Scene::new().await;
    let store = store(&scene);
    assert_eq!(store.read().await.expect("the table answers"), None);

    let firsts = regions().map(|region| (Lease::first(&region, 1), store.clone(), None)).collect();
    let mut lease = winner(firsts).await;
    for round in 0..5 {
        let racers = regions().map(|region| {
            (lease.successor(&region, format!("round {round}"), 7), store.clone(), Some(lease.clone()))
        });
        let next = winner(racers.collect()).await;
        assert_eq!(next.epoch, lease.epoch.next());
        assert_eq!(store.read().await.expect("the table answers"), Some(next.clone()));
        lease = next;
    }
}

#[tokio::test]
async fn a_stale_change_is_lost_and_changes_nothing() {
    let scene = Scene::new().await;
    let store = store(&scene);
    let first = Lease::first(&home(), 1);
    assert_eq!(store.create(&first).await.expect("the table answers"), Swap::Done);
    let taken = first.renewed().successor(&standby(), "test", 2);
    assert_eq!(store.replace(&first, &first.renewed()).await.expect("the table answers"), Swap::Done);
    assert_eq!(store.replace(&first.renewed(), &taken).await.expect("the table answers"), Swap::Done);

    let late = store.replace(&first.renewed(), &first.renewed().renewed()).await.expect("the table answers");
    assert_eq!(late, Swap::Lost(taken.clone()), "an owner that was taken over from renews");
    assert_eq!(store.create(&first).await.expect("the table answers"), Swap::Lost(taken.clone()));
    assert_eq!(store.read().await.expect("the table answers"), Some(taken));
}

#[tokio::test]
async fn a_stale_renewal_by_the_same_owner_does_not_undo_what_came_between() {
    let scene = Scene::new().await;
    let store = store(&scene);
    let taken = Lease::first(&home(), 1).successor(&standby(), "test", 2);
    assert_eq!(store.create(&taken).await.expect("the table answers"), Swap::Done);
    let serving = taken.serving();
    assert_eq!(store.replace(&taken, &serving).await.expect("the table answers"), Swap::Done);
    // Same epoch and owner: only the version tells that this renewal still says `recovering`.
    let late = store.replace(&taken, &taken.renewed()).await.expect("the table answers");
    assert_eq!(late, Swap::Lost(serving.clone()));
    assert_eq!(store.read().await.expect("the table answers"), Some(serving));
}

#[tokio::test]
async fn a_put_whose_answer_is_lost_is_recognised_as_done() {
    let scene = Scene::new().await;
    let upstream = support::emulator().await.trim_start_matches("http://").parse().expect("an address");
    let lossy = Lossy::start(upstream).await;
    let aws = support::config(&home(), &format!("http://{}", lossy.address)).await;
    let store = LeaseStore::new(aws_sdk_dynamodb::Client::new(&aws), &scene.settings.1.table);

    let first = Lease::first(&home(), 1);
    lossy.lose_next();
    assert_eq!(store.create(&first).await.expect("it is settled by reading"), Swap::Done);
    lossy.lose_next();
    assert_eq!(store.replace(&first, &first.renewed()).await.expect("it is settled by reading"), Swap::Done);
    assert!(!lossy.lose.load(Ordering::SeqCst), "an answer was lost each time");
    assert_eq!(store.read().await.expect("the table answers"), Some(first.renewed()));
}

#[tokio::test]
async fn an_unreachable_table_is_an_error_not_an_outcome() {
    let aws = support::config(&home(), &format!("http://{}", support::dead_address())).await;
    let store = LeaseStore::new(aws_sdk_dynamodb::Client::new(&aws), "nowhere");
    assert!(matches!(store.read().await, Err(LeaseStoreError::Read(_))));
    let first = Lease::first(&home(), 1);
    assert!(store.replace(&first, &first.renewed()).await.is_err());
}

/// Passes requests on, and closes the connection instead of answering one put when told so.
struct Lossy {
    address: SocketAddr,
    lose: Arc<AtomicBool>,
}

impl Lossy {
    async fn start(upstream: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound port");
        let lose = Arc::new(AtomicBool::new(false));
        let flag = lose.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, upstream, flag.clone()));
            }
        });
        Self { address, lose }
    }

    fn lose_next(&self) {
        self.lose.store(true, Ordering::SeqCst);
    }
}

async fn pass(mut client: TcpStream, upstream: SocketAddr, lose: Arc<AtomicBool>) -> std::io::Result<()> {
    let mut server = TcpStream::connect(upstream).await?;
    loop {
        let request = message(&mut client).await?;
        server.write_all(&request).await?;
        let answer = message(&mut server).await?;
        let put = String::from_utf8_lossy(&request).contains("DynamoDB_20120810.PutItem");
        if put && lose.swap(false, Ordering::SeqCst) {
            return Ok(());
        }
        client.write_all(&answer).await?;
    }
}

/// One HTTP message with a content length, as it is.
async fn message(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
    while bytes.len() < head + length {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(bytes)
}
