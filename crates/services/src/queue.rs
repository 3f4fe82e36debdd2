//! The order queue: a wake-up signal for the processor, never the source of an order.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_sdk_sqs::Client;
pub use aws_sdk_sqs::types::Message as Received;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, MessageAttributeValue, MessageSystemAttributeName, QueueAttributeName,
};
use recovery::OrderId;
use recovery::order::journal_partition;
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use crate::aws::{ATTEMPT_TIMEOUT, CallFailed, OPERATION_TIMEOUT};

/// Longest visibility timeout SQS takes.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html>
pub const VISIBILITY_MAX: Duration = Duration::from_secs(12 * 60 * 60);
/// Messages that one receive brings at most, which is as many as SQS gives.
pub const BATCH_MAX: i32 = 10;
/// Longest reason sent with a dead letter, in characters.
const REASON_MAX: usize = 256;

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// The order to settle.
    pub order_id: OrderId,
    /// Where the journal keeps it.
    pub journal_partition: String,
}

impl Message {
    /// The message for an order in a journal of so many shards.
    pub fn new(order_id: OrderId, shards: u32) -> Self {
        Self { order_id, journal_partition: journal_partition(order_id, shards) }
    }
}

/// What a queue says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// Messages that can be received now, about.
    pub waiting: u64,
    /// Its redrive policy, in JSON.
    pub redrive: Option<String>,
}

/// One queue of this region, found by its name.
#[derive(Clone, Debug)]
pub struct Queue {
    client: Client,
    name: String,
    url: std::sync::Arc<OnceCell<String>>,
}

impl Queue {
    /// The queue called `name`; its URL is looked up once, at first use.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into(), url: std::sync::Arc::default() }
    }

    /// Sends the message for one order.
    pub async fn send(&self, message: &Message) -> Result<(), CallFailed> {
        let body = serde_json::to_string(message).expect("a message has only text keys");
        self.client
            .send_message()
            .queue_url(self.url().await?)
            .message_body(body)
            .send()
            .await
            .map(|_| ())
            .map_err(|error| CallFailed::new("sqs:SendMessage", error))
    }

    /// Sends `body` as it came, with the `reason` why nothing can be done with it; for the dead-letter queue.
    pub async fn send_dead_letter(&self, body: &str, reason: &str) -> Result<(), CallFailed> {
        let reason: String = reason.chars().take(REASON_MAX).collect();
        let attribute = MessageAttributeValue::builder()
            .data_type("String")
            .string_value(reason)
            .build()
            .expect("the data type is set");
        self.client
            .send_message()
            .queue_url(self.url().await?)
            .message_body(if body.is_empty() { "(empty)" } else { body })
            .message_attributes("reason", attribute)
            .send()
            .await
            .map(|_| ())
            .map_err(|error| CallFailed::new("sqs:SendMessage", error))
    }

    /// Up to [`BATCH_MAX`] messages, which nobody else receives for `invisible`; waits up to `wait` for the
    /// first. Both in whole seconds; SQS waits for at most 20.
    ///
    /// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html>
    pub async fn receive(&self, wait: Duration, invisible: Duration) -> Result<Vec<Received>, CallFailed> {
        let whole = |time: Duration| i32::try_from(time.as_secs()).unwrap_or(i32::MAX);
        // A call that waits is no call that hangs.
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(wait.saturating_add(ATTEMPT_TIMEOUT))
            .operation_timeout(wait.saturating_add(OPERATION_TIMEOUT))
            .build();
        let answer = self
            .client
            .receive_message()
            .queue_url(self.url().await?)
            .max_number_of_messages(BATCH_MAX)
            .wait_time_seconds(whole(wait))
            .visibility_timeout(whole(invisible))
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .customize()
            .config_override(aws_sdk_sqs::Config::builder().timeout_config(timeouts))
            .send()
            .await
            .map_err(|error| CallFailed::new("sqs:ReceiveMessage", error))?;
        Ok(answer.messages.unwrap_or_default())
    }

    /// Takes messages of one receive out of the queue, by their receipt handles; at most [`BATCH_MAX`].
    /// How many were not taken out, and come back.
    pub async fn delete(&self, receipt_handles: Vec<String>) -> Result<usize, CallFailed> {
        let entry = |(number, handle): (usize, String)| {
            let entry = DeleteMessageBatchRequestEntry::builder().id(number.to_string());
            entry.receipt_handle(handle).build().expect("id and handle are set")
        };
        let entries: Vec<_> = receipt_handles.into_iter().enumerate().map(entry).collect();
        if entries.is_empty() {
            return Ok(0);
        }
        self.client
            .delete_message_batch()
            .queue_url(self.url().await?)
            .set_entries(Some(entries))
            .send()
            .await
            .map(|answer| answer.failed.len())
            .map_err(|error| CallFailed::new("sqs:DeleteMessageBatch", error))
    }

    /// Lets the message come back after `delay`, in whole seconds, at most [`VISIBILITY_MAX`].
    pub async fn delay(&self, receipt_handle: &str, delay: Duration) -> Result<(), CallFailed> {
        let seconds = delay.min(VISIBILITY_MAX).as_secs();
        self.client
            .change_message_visibility()
            .queue_url(self.url().await?)
            .receipt_handle(receipt_handle)
            .visibility_timeout(i32::try_from(seconds).expect("twelve hours of seconds fit"))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| CallFailed::new("sqs:ChangeMessageVisibility", error))
    }

    /// Whether the queue answers.
    pub async fn check(&self) -> Result<(), CallFailed> {
        self.client
            .get_queue_attributes()
            .queue_url(self.url().await?)
            .attribute_names(QueueAttributeName::QueueArn)
            .send()
            .await
            .map(|_| ())
            .map_err(|error| CallFailed::new("sqs:GetQueueAttributes", error))
    }

    /// How many messages wait, and where those go that nobody could receive well.
    pub async fn look(&self) -> Result<Look, CallFailed> {
        const CALL: &str = "sqs:GetQueueAttributes";
        let asked = [QueueAttributeName::ApproximateNumberOfMessages, QueueAttributeName::RedrivePolicy];
        let answer = self
            .client
            .get_queue_attributes()
            .queue_url(self.url().await?)
            .set_attribute_names(Some(asked.into()))
            .send()
            .await
            .map_err(|error| CallFailed::new(CALL, error))?;
        let attributes = answer.attributes.unwrap_or_default();
        let waiting = attributes.get(&QueueAttributeName::ApproximateNumberOfMessages);
        let waiting = waiting.and_then(|count| count.parse().ok());
        Ok(Look {
            waiting: waiting.ok_or_else(|| CallFailed::unreadable(CALL, "the queue does not count"))?,
            redrive: attributes.get(&QueueAttributeName::RedrivePolicy).cloned(),
        })
    }

    /// Messages it holds, about: those that wait, those somebody has received, and those that are delayed.
    pub async fn held(&self) -> Result<u64, CallFailed> {
        const CALL: &str = "sqs:GetQueueAttributes";
        let asked = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ];
        let answer = self
            .client
            .get_queue_attributes()
            .queue_url(self.url().await?)
            .set_attribute_names(Some(asked.clone().into()))
            .send()
            .await
            .map_err(|error| CallFailed::new(CALL, error))?;
        let counts = answer.attributes.unwrap_or_default();
        let count = |name: &QueueAttributeName| counts.get(name)?.parse::<u64>().ok();
        let held = asked.iter().map(count).sum::<Option<u64>>();
        held.ok_or_else(|| CallFailed::unreadable(CALL, "the queue does not count"))
    }

    async fn url(&self) -> Result<&str, CallFailed> {
        const CALL: &str = "sqs:GetQueueUrl";
        let looked_up = self
            .url
            .get_or_try_init(|| async {
                let answer = self.client.get_queue_url().queue_name(&self.name).send().await;
                let answer = answer.map_err(|error| CallFailed::new(CALL, error))?;
                answer.queue_url.ok_or_else(|| CallFailed::unreadable(CALL, "the queue has no URL"))
            })
            .await?;
        Ok(looked_up)
    }
}
