//! The order queue: a wake-up signal for the processor, never the source of an order.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{MessageAttributeValue, QueueAttributeName};
use recovery::OrderId;
use recovery::order::journal_partition;
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use crate::aws::CallFailed;

/// Longest visibility timeout SQS takes.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html>
pub const VISIBILITY_MAX: Duration = Duration::from_secs(12 * 60 * 60);
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
