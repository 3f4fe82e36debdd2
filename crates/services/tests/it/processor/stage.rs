//! A processor in the home region, with a queue, a journal, a lease and two databases.

use std::time::Duration;

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use aws_sdk_sqs::types::MessageSystemAttributeName;
use recovery::{Lease, Region};
use services::journal::{Entry, Journal};
use services::lease_store::{LeaseStore, Swap};
use services::processor::{Processor, Settings, process};
use services::queue::{Message, Queue};
use services::settings::{self, DeadLetters};

use crate::database::server::{Scratch, entries, migrated_pair, now_ms};
use crate::support::{Scene, home};

/// Everything one test needs.
pub struct Stage {
    pub settings: Settings,
    pub own: Scratch,
    pub peer: Scratch,
    scene: Scene,
}

impl Stage {
    /// No lease yet, an empty journal, and databases without orders.
    pub async fn new() -> Self {
        let scene = Scene::new().await;
        let [own, peer] = migrated_pair().await;
        let (regions, journal, _, queue, unreachable) = scene.settings.clone();
        let dead_letters = DeadLetters { name: format!("{}-dead-letter", queue.name) };
        let sqs = aws_sdk_sqs::Client::new(&scene.aws);
        sqs.create_queue().queue_name(&dead_letters.name).send().await.expect("the queue is new");
        let database = settings::Database {
            endpoint: own.endpoint.clone(),
            peer_endpoint: peer.endpoint.clone(),
            user: "order_processor".to_owned(),
            name: own.name.clone(),
            ..unreachable
        };
        Self { settings: (regions, journal, queue, dead_letters, database), own, peer, scene }
    }

    /// The same, with the home region serving under the first epoch.
    pub async fn serving() -> Self {
        let stage = Self::new().await;
        stage.put_lease(&Lease::first(&home(), now_ms())).await;
        stage
    }

    pub fn processor(&self) -> Processor {
        Processor::new(&self.scene.aws, self.settings.clone()).expect("the settings are valid")
    }

    /// The first lease of this stage.
    pub async fn put_lease(&self, lease: &Lease) {
        assert_eq!(self.leases().create(lease).await.expect("the table answers"), Swap::Done);
    }

    pub async fn replace_lease(&self, from: &Lease, to: &Lease) {
        assert_eq!(self.leases().replace(from, to).await.expect("the table answers"), Swap::Done);
    }

    fn leases(&self) -> LeaseStore {
        LeaseStore::new(self.scene.dynamodb(), self.settings.1.table.clone())
    }

    /// Orders in the journal, as `region` acknowledged them.
    pub async fn acknowledged(&self, count: u64, region: &Region) -> Vec<Entry> {
        let journal = Journal::new(self.scene.dynamodb(), self.settings.1.clone(), region.clone());
        let entries = entries(count);
        for entry in &entries {
            journal.put(&entry.order, entry.acknowledged_at_ms).await.expect("the table answers");
        }
        entries
    }

    /// The message of an order.
    pub fn message(&self, entry: &Entry) -> String {
        serde_json::to_string(&Message::new(entry.order.id, self.settings.1.shards)).expect("it is all text")
    }

    pub async fn send(&self, body: &str) {
        let queue = Queue::new(self.sqs(), self.settings.2.name.clone());
        match serde_json::from_str(body) {
            Ok(message) => queue.send(&message).await.expect("the queue answers"),
            Err(_) => {
                let url = self.url(&self.settings.2.name).await;
                let sent = self.sqs().send_message().queue_url(url).message_body(body).send().await;
                sent.expect("the queue answers");
            }
        }
    }

    /// One delivery as Lambda makes it: receive, process, delete what did not fail. How many
    /// messages were received, and how many must come back.
    pub async fn deliver(&self, processor: &Processor) -> (usize, usize) {
        let url = self.url(&self.settings.2.name).await;
        let received = self
            .sqs()
            .receive_message()
            .queue_url(&url)
            .max_number_of_messages(10)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .send()
            .await
            .expect("the queue answers")
            .messages
            .unwrap_or_default();
        let mut event = SqsEvent::default();
        for message in &received {
            let mut record = SqsMessage::default();
            record.message_id = message.message_id.clone();
            record.receipt_handle = message.receipt_handle.clone();
            record.body = message.body.clone();
            let attributes = message.attributes.iter().flatten();
            record.attributes =
                attributes.map(|(name, value)| (name.as_str().to_owned(), value.clone())).collect();
            event.records.push(record);
        }
        let failures = process(processor, event).await.batch_item_failures;
        for message in &received {
            if !failures.iter().any(|failure| Some(&failure.item_identifier) == message.message_id.as_ref()) {
                let handle = message.receipt_handle().expect("a received message has one");
                let deleted = self.sqs().delete_message().queue_url(&url).receipt_handle(handle).send().await;
                deleted.expect("the queue answers");
            }
        }
        (received.len(), failures.len())
    }

    /// Delivers until the queue holds nothing any more, visible or not.
    pub async fn drain(&self, processor: &Processor) {
        for _ in 0..600 {
            self.deliver(processor).await;
            if self.depth(&self.settings.2.name).await == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the queue was never empty");
    }

    /// Messages in a queue, visible or not.
    pub async fn depth(&self, queue: &str) -> u64 {
        let url = self.url(queue).await;
        let answer = self
            .sqs()
            .get_queue_attributes()
            .queue_url(url)
            .attribute_names(aws_sdk_sqs::types::QueueAttributeName::All)
            .send()
            .await
            .expect("the queue answers");
        let counted = answer.attributes.unwrap_or_default();
        let counted =
            counted.iter().filter(|(name, _)| name.as_str().starts_with("ApproximateNumberOfMessages"));
        counted.map(|(_, count)| count.parse::<u64>().expect("it is a number")).sum()
    }

    /// Bodies and reasons in the dead-letter queue.
    pub async fn dead_letters(&self) -> Vec<(String, String)> {
        let url = self.url(&self.settings.3.name).await;
        let answer = self
            .sqs()
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(10)
            .message_attribute_names("All")
            .send()
            .await
            .expect("the queue answers");
        let mut letters: Vec<_> = answer
            .messages
            .unwrap_or_default()
            .into_iter()
            .map(|message| {
                let reason = message.message_attributes.as_ref().and_then(|all| all.get("reason"));
                let reason = reason.and_then(|reason| reason.string_value()).unwrap_or_default().to_owned();
                (message.body.unwrap_or_default(), reason)
            })
            .collect();
        letters.sort();
        letters
    }

    async fn url(&self, queue: &str) -> String {
        let found = self.sqs().get_queue_url().queue_name(queue).send().await.expect("the queue is there");
        found.queue_url.expect("a queue has a URL")
    }

    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        self.scene.dynamodb()
    }

    fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.scene.aws)
    }
}

/// Orders settled in a database.
pub async fn settled(scratch: &Scratch) -> i64 {
    scratch.number("SELECT count(*) FROM orders").await
}

/// A batch that no queue knows, received for the `receives`th time.
pub fn batch(bodies: &[String], receives: u32) -> SqsEvent {
    let mut event = SqsEvent::default();
    for (number, body) in bodies.iter().enumerate() {
        let mut record = SqsMessage::default();
        record.message_id = Some(format!("message-{number}"));
        record.receipt_handle = Some("unknown".to_owned());
        record.body = Some(body.clone());
        record.attributes.insert("ApproximateReceiveCount".to_owned(), receives.to_string());
        event.records.push(record);
    }
    event
}

/// The messages that must come back, by their number in the batch.
pub async fn failures(processor: &Processor, event: SqsEvent) -> Vec<String> {
    let mut failed: Vec<_> = process(processor, event)
        .await
        .batch_item_failures
        .into_iter()
        .map(|failure| failure.item_identifier.trim_start_matches("message-").to_owned())
        .collect();
    failed.sort();
    failed
}
