//! The order processor: settles the orders that queue messages point at.
//!
//! A message only says where to look; the journal says what the order is, the lease says whose
//! database settles it and under which epoch, and the database's fence has the last word. What
//! cannot be settled now comes back soon; what can never be settled goes to the dead-letter queue
//! with its reason. Start reading at [`process`]; [`letter`] decides, the rest acts.

pub mod letter;
mod settling;
mod trouble;

use std::time::Duration;

use aws_config::SdkConfig;
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use recovery::Region;
use tokio::task::JoinSet;
use tokio::time::timeout;

use self::letter::{Fate, Letter};
use self::trouble::Trouble;
use crate::database::{Database, DatabaseError, Target};
use crate::journal::Journal;
use crate::lease_store::LeaseStore;
use crate::queue::Queue;
use crate::settings;
use crate::telemetry::{self, Metric};

/// Name of the service in metrics and in the database's views.
pub const SERVICE: &str = "order-processor";

/// The settings it needs.
pub type Settings =
    (settings::Regions, settings::Journal, settings::Queue, settings::DeadLetters, settings::Database);

/// What one process keeps from batch to batch.
#[derive(Debug)]
pub struct Processor {
    region: Region,
    peer: Region,
    leases: LeaseStore,
    journal: Journal,
    queue: Queue,
    dead_letters: Queue,
    own_database: Database,
    peer_database: Database,
    trouble: Trouble,
}

impl Processor {
    /// Connects to nothing yet; fails on settings that no retry can help.
    pub fn new(aws: &SdkConfig, settings: Settings) -> Result<Self, DatabaseError> {
        let (regions, journal, queue, dead_letters, database) = settings;
        let dynamodb = aws_sdk_dynamodb::Client::new(aws);
        let sqs = aws_sdk_sqs::Client::new(aws);
        Ok(Self {
            leases: LeaseStore::new(dynamodb.clone(), journal.table.clone()),
            journal: Journal::new(dynamodb, journal, regions.own.clone()),
            queue: Queue::new(sqs.clone(), queue.name),
            dead_letters: Queue::new(sqs, dead_letters.name),
            own_database: Database::new(aws.clone(), Target::own(&regions, &database, SERVICE))?,
            peer_database: Database::new(aws.clone(), Target::peer(&regions, &database, SERVICE))?,
            region: regions.own,
            peer: regions.peer,
            trouble: Trouble::default(),
        })
    }
}

/// Longest delivery of a letter's fate.
const DELIVER_LIMIT: Duration = Duration::from_secs(5);
/// Longest batch, all in all. The function's own timeout must be longer.
pub const BATCH_LIMIT: Duration = settling::SETTLE_LIMIT.saturating_add(DELIVER_LIMIT);

/// Settles a batch, within [`BATCH_LIMIT`], and names the messages that must come back.
pub async fn process(processor: &Processor, event: SqsEvent) -> SqsBatchResponse {
    if event.records.is_empty() {
        return SqsBatchResponse::default(); // no batch, a nudge
    }
    let letters: Vec<Letter> = event.records.into_iter().map(Letter::read).collect();
    let wanted: Vec<_> = letters.iter().filter_map(Letter::order_id).collect();
    let findings = match processor.settle(&wanted).await {
        Ok(findings) => {
            if !findings.settled.is_empty() {
                processor.trouble.settled();
            }
            findings
        }
        Err(postponed) => {
            processor.trouble.postponed(&postponed, wanted.len());
            postponed.findings()
        }
    };
    telemetry::count(SERVICE, Metric::OrdersSettled, findings.settled_now);
    telemetry::measured(SERVICE, Metric::SettlementLag, &findings.lags_ms);
    telemetry::count(SERVICE, Metric::SettlementsFenced, findings.fenced);

    let mut tasks = JoinSet::new();
    for letter in letters {
        let fate = letter.fate(&findings);
        let (queue, dead_letters) = (processor.queue.clone(), processor.dead_letters.clone());
        tasks.spawn(async move {
            // Whatever was not carried out in time is carried out when the message comes back.
            let undone = (fate != Fate::Done).then(|| letter.message_id.clone());
            timeout(DELIVER_LIMIT, deliver(queue, dead_letters, letter, fate)).await.unwrap_or(undone)
        });
    }
    let failed = tasks.join_all().await.into_iter().flatten();
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failed
        .map(|message_id| {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = message_id;
            failure
        })
        .collect();
    response
}

/// Carries out a letter's fate; its message id when it must come back.
async fn deliver(queue: Queue, dead_letters: Queue, letter: Letter, fate: Fate) -> Option<String> {
    match fate {
        Fate::Done => return None,
        Fate::Poison(reason) => {
            let Err(error) = dead_letters.send_dead_letter(&letter.body, &reason).await else {
                telemetry::count(SERVICE, Metric::MessagesPoisoned, 1);
                tracing::warn!(message = letter.message_id, reason, "a message was put aside as poison");
                return None;
            };
            tracing::warn!(message = letter.message_id, reason, %error, "poison cannot be put aside yet");
        }
        Fate::Later => {}
    }
    let delay = letter::backoff(letter.receives, letter::random());
    if let Err(error) = queue.delay(&letter.receipt_handle, delay).await {
        // It comes back all the same, only later: when the queue's own visibility timeout ends.
        tracing::info!(message = letter.message_id, %error, "a message's return cannot be hastened");
    }
    Some(letter.message_id)
}
