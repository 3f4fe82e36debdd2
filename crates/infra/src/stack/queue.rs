//! Queues and who may send to them.

use cdk::{Handle, Scope};
use cfn::{Json, Value, sqs};
use serde_json::json;

/// Seconds a message is kept for people: the most SQS allows.
const RETENTION_S: u32 = 1_209_600;

/// A queue that nothing reads but people.
pub(super) fn resting(name: &str) -> sqs::Queue {
    encrypted(name).message_retention_period(RETENTION_S)
}

/// A queue whose messages are encrypted at rest, with SQS's own key: a key of ours would be one more
/// service that a settlement waits for.
pub(super) fn encrypted(name: &str) -> sqs::Queue {
    sqs::Queue::new().queue_name(name).sqs_managed_sse_enabled(true)
}

/// Adds the queue, closed to whoever comes without TLS and open to whom `allowed` names beside the
/// account's own roles.
pub(super) fn add(scope: &mut Scope<'_>, id: &str, queue: sqs::Queue, allowed: &[Json]) -> Handle {
    let queue = scope.add(id, queue);
    let arn = Value::<String>::from(queue.attribute("Arn"));
    let mut statements = allowed.to_vec();
    statements.push(json!({
        "Sid": "EncryptedOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Condition": { "Bool": { "aws:SecureTransport": "false" } },
    }));
    for statement in &mut statements {
        statement["Resource"] = json!(arn);
    }
    let document = json!({ "Version": "2012-10-17", "Statement": statements });
    scope.add(&format!("{id}Policy"), sqs::QueuePolicy::new(document, [queue.reference()]));
    queue
}
