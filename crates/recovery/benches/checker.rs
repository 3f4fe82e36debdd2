//! How long it takes to write, read and judge a history, and that the time grows with its length and no faster.
//!
//! ```sh
//! cargo bench -p recovery --bench checker            # up to a million operations
//! cargo bench -p recovery --bench checker -- 100000  # up to so many
//! ```
//!
//! Whole passes over histories that hold are timed, five each, for the time of one is long enough to be read off a clock.

use std::time::Instant;

use recovery::history::{
    Balance, ClientKind, Facts, FenceRow, Header, LeaseSeen, Operation, OperationKind, OutboxRow, Outcome,
    Recorded, SettledRow, Terms, VERSION, read,
};
use recovery::order::Side;
use recovery::session::SessionVersion;
use recovery::{Epoch, OrderId, Region};
use rust_decimal::Decimal;
use uuid::Uuid;

const ROUNDS: usize = 5;
const BEGIN_MS: u64 = 1_800_000_000_000;
const ACCOUNTS: u64 = 500;

fn main() {
    // Cargo itself passes `--bench`.
    let most = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(1_000_000_u64);
    println!(
        "{:>10}  {:>9}  {:>9}  {:>9}  {:>9}",
        "operations", "file, MB", "write, s", "read, s", "check, s"
    );
    for operations in [most / 100, most / 10, most] {
        let recorded = history(operations.max(4));
        let text: String = recorded.lines().map(|line| line + "\n").collect();
        let wrote = median(|| assert!(recorded.lines().map(|line| line.len()).sum::<usize>() > 0));
        let was_read = median(|| drop(read(text.as_bytes()).expect("our own lines")));
        let checked = median(|| assert!(recorded.violations().is_empty(), "it holds"));
        let megabytes = text.len() as f64 / 1e6;
        println!("{operations:>10}  {megabytes:>9.1}  {wrote:>9.3}  {was_read:>9.3}  {checked:>9.3}");
    }
}

/// Seconds.
fn median(mut pass: impl FnMut()) -> f64 {
    let mut seconds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            pass();
            began.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    seconds[ROUNDS / 2]
}

/// Four of five operations place an order, the fifth reads a session; every order is settled.
fn history(operations: u64) -> Recorded {
    let mut recorded = Recorded {
        header: Header {
            version: VERSION,
            source: "benchmark".to_owned(),
            run: None,
            objectives: None,
            clock_error_ms: 1,
            writes_refused: 0,
            balances: true,
            outbox: true,
        },
        operations: Vec::new(),
        facts: Facts {
            balances: Some(Vec::new()),
            outbox: Some(Vec::new()),
            clock_error_ms: 1,
            ..Facts::default()
        },
        faults: Vec::new(),
        expectation: None,
    };
    let mut reserved = vec![0; usize::try_from(ACCOUNTS).expect("a small number")];
    for number in 0..operations {
        // Ids come in an order of their own, as they do from many clients.
        let at_ms = BEGIN_MS + number * 7_919 % operations;
        if number % 5 == 4 {
            recorded.operations.push(session(number, at_ms));
        } else {
            order(&mut recorded, number, at_ms, operations);
            reserved[usize::try_from(number % ACCOUNTS).expect("a small number")] += 3;
        }
    }
    let region = Region::new("us-east-1").expect("a region");
    let facts = &mut recorded.facts;
    for epoch in [Epoch(1), Epoch(2)] {
        let at_ms = BEGIN_MS + (epoch.0 - 1) * operations;
        facts.fences.push(FenceRow { epoch, raised_at_ms: at_ms });
        facts.lease_history.push(LeaseSeen {
            epoch,
            owner: region.clone(),
            state: None,
            asked_ms: None,
            at_ms,
        });
    }
    let balances =
        reserved.into_iter().enumerate().filter(|(_, cents)| *cents > 0).map(|(account, cents)| {
            let reserved = Decimal::new(cents, 2);
            Balance {
                account: format!("ACC-{account}"),
                asset: "USD".to_owned(),
                available: -reserved,
                reserved,
            }
        });
    facts.balances = Some(balances.collect());
    recorded
}

fn operation(kind: OperationKind, id: String, at_ms: u64) -> Operation {
    Operation {
        client: ClientKind::FollowsDns,
        by: None,
        kind,
        id,
        invoked_ms: at_ms,
        completed_ms: Some(at_ms + 20),
        outcome: Outcome::Ok,
        region: None,
        attempts: 1,
        terms: None,
        token: None,
        seen: None,
        content: None,
    }
}

fn order(recorded: &mut Recorded, number: u64, at_ms: u64, operations: u64) {
    let bits = u128::from(at_ms) << 80 | 0x7000_8000_0000_0000_0000 | u128::from(number);
    let id = OrderId::new(Uuid::from_u128(bits)).expect("version 7");
    let terms = Terms {
        account: format!("ACC-{}", number % ACCOUNTS),
        symbol: "AAPL".to_owned(),
        side: Side::Buy,
        quantity: 3,
        limit_price: Decimal::new(1, 2),
    };
    let placed = operation(OperationKind::PlaceOrder, id.to_string(), at_ms);
    recorded.operations.push(Operation { terms: Some(terms.clone()), ..placed });
    // The second half is settled under a second epoch.
    let late = number >= operations / 2;
    recorded.facts.settled.push(SettledRow {
        id,
        settled_at_ms: if late { BEGIN_MS + 2 * operations } else { at_ms.min(BEGIN_MS + operations) },
        settled_epoch: Epoch(1 + u64::from(late)),
        settled_by: "queue".to_owned(),
        legs: 2,
        legs_sum: Decimal::ZERO,
        sequence: Some(number * 2),
        terms: Some(terms),
    });
    recorded.facts.outbox.as_mut().expect("it was made").push(OutboxRow {
        id: number,
        order: id,
        effects: 0,
    });
}

fn session(number: u64, at_ms: u64) -> Operation {
    let version = SessionVersion { epoch: Epoch(1), version: 1 };
    let read = operation(OperationKind::ReadSession, format!("session-{}", number % 1_000), at_ms);
    Operation { by: Some(0), token: Some(version), seen: Some(version), content: Some(1), ..read }
}
