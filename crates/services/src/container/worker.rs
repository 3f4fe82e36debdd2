//! The order processor in a container: it fetches the batches that Lambda fetches for the function.
//!
//! What becomes of a batch is [`processor::process`]'s to say, and its limits bound every round. A message
//! that is not taken out of the queue comes back: after its backoff when it failed, and after
//! [`INVISIBLE`] when the worker was killed with it in hand. The queue's own redrive policy puts aside what
//! comes back too often.

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use recovery::Region;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::sleep;

use super::alive::Rounds;
use crate::aws::OPERATION_TIMEOUT;
use crate::database::DatabaseError;
use crate::processor::{self, BATCH_LIMIT, Processor, process};
use crate::queue::{Queue, Received};

/// How long a receive waits for the first message: as long as SQS allows, so that an empty queue costs
/// three calls a minute.
pub const WAIT: Duration = Duration::from_secs(20);
/// How long nobody else receives a message that is in hand.
pub const INVISIBLE: Duration = Duration::from_secs(45);
/// The wait after a receive that failed.
const PAUSE: Duration = Duration::from_secs(1);
/// Longest round: waiting, settling, taking out of the queue.
pub const ROUND_LIMIT: Duration = WAIT
    .saturating_add(OPERATION_TIMEOUT)
    .saturating_add(BATCH_LIMIT)
    .saturating_add(OPERATION_TIMEOUT)
    .saturating_add(PAUSE);
/// No heartbeat is needed: a batch in hand is done with before anybody else can receive it.
const _: () = {
    let longest = BATCH_LIMIT.as_secs() + OPERATION_TIMEOUT.as_secs();
    assert!(longest < INVISIBLE.as_secs(), "a batch ends while it is invisible");
};

/// Settles the orders of one queue, several batches at once.
#[derive(Debug)]
pub struct Worker {
    processor: Arc<Processor>,
    queue: Queue,
    region: Region,
    hands: u32,
}

impl Worker {
    /// Connects to nothing yet. As many batches are in hand at once as there may be connections to the
    /// database: one more would only wait for one.
    ///
    /// # Errors
    /// As [`Processor::new`].
    pub fn new(aws: &SdkConfig, settings: processor::Settings) -> Result<Self, DatabaseError> {
        let queue = Queue::new(aws_sdk_sqs::Client::new(aws), &settings.2.name);
        let (region, hands) = (settings.0.own.clone(), settings.4.connections.unwrap_or(1));
        Ok(Self { processor: Arc::new(Processor::new(aws, settings)?), queue, region, hands })
    }

    /// Batches at once.
    pub fn hands(&self) -> u32 {
        self.hands
    }

    /// Works until `ending` is true, and then to the end of the batches in hand.
    ///
    /// # Errors
    /// When a batch panicked; its messages come back.
    pub async fn run(&self, rounds: Arc<Rounds>, ending: watch::Receiver<bool>) -> Result<(), JoinError> {
        let mut hands = JoinSet::new();
        for number in 0..self.hands {
            let hand = Hand {
                processor: Arc::clone(&self.processor),
                queue: self.queue.clone(),
                region: self.region.clone(),
                rounds: Arc::clone(&rounds),
                number,
            };
            hands.spawn(hand.work(ending.clone()));
        }
        while let Some(ended) = hands.join_next().await {
            ended?;
        }
        Ok(())
    }
}

/// One of the loops of a worker.
struct Hand {
    processor: Arc<Processor>,
    queue: Queue,
    region: Region,
    rounds: Arc<Rounds>,
    number: u32,
}

impl Hand {
    async fn work(self, mut ending: watch::Receiver<bool>) {
        let mut troubled = false;
        loop {
            self.rounds.began(self.number);
            let received = tokio::select! {
                // A receive that is left alone may have taken messages: they come back like others.
                _ = ending.wait_for(|ending| *ending) => return,
                received = self.queue.receive(WAIT, INVISIBLE) => received,
            };
            match received {
                Ok(batch) => {
                    if std::mem::take(&mut troubled) {
                        tracing::info!("the queue can be read again");
                    }
                    self.settle(batch).await;
                }
                Err(error) => {
                    if !std::mem::replace(&mut troubled, true) {
                        let cause = crate::aws::cause(&error);
                        tracing::warn!(cause, "the queue cannot be read");
                    }
                    sleep(PAUSE).await;
                }
            }
        }
    }

    async fn settle(&self, batch: Vec<Received>) {
        if batch.is_empty() {
            return;
        }
        let mut handles: Vec<(String, String)> = Vec::with_capacity(batch.len());
        let mut event = SqsEvent::default();
        for message in batch {
            let record = record(message, &self.region);
            let known = (record.message_id.clone(), record.receipt_handle.clone());
            if let (Some(id), Some(handle)) = known {
                handles.push((id, handle));
            }
            event.records.push(record);
        }
        let failed = process(&self.processor, event).await.batch_item_failures;
        // As with Lambda: a failure without a name returns everything.
        if failed.iter().any(|failure| failure.item_identifier.is_empty()) {
            return;
        }
        handles.retain(|(id, _)| failed.iter().all(|failure| failure.item_identifier != *id));
        let count = handles.len();
        match self.queue.delete(handles.into_iter().map(|(_, handle)| handle).collect()).await {
            Ok(0) => {}
            Ok(left) => tracing::info!(left, count, "settled messages come back once more"),
            Err(error) => tracing::info!(count, %error, "settled messages come back once more"),
        }
    }
}

/// The message as Lambda would hand it over.
fn record(message: Received, region: &Region) -> SqsMessage {
    let mut record = SqsMessage::default();
    record.message_id = message.message_id;
    record.receipt_handle = message.receipt_handle;
    record.body = message.body;
    record.attributes = message
        .attributes
        .unwrap_or_default()
        .into_iter()
        .map(|(name, value)| (name.as_str().to_owned(), value))
        .collect();
    record.aws_region = Some(region.to_string());
    record
}
