//! The order queue and its dead-letter queue.

use recovery::preflight::{Check, Finding};
use serde_json::Value;

use super::Preflight;
use super::ask::{Answer, ask, judge};

pub(super) async fn check(preflight: &Preflight) -> [Finding; 2] {
    let (queue, dead_letters) =
        tokio::join!(ask(Check::Queue, orders(preflight)), ask(Check::DeadLetters, dead_letters(preflight)),);
    [queue, dead_letters]
}

/// How old its oldest message is SQS tells CloudWatch alone, whose alarm stands for it.
async fn orders(preflight: &Preflight) -> Answer {
    let look = preflight.queue.look().await?;
    let policy: Value = serde_json::from_str(look.redrive.as_deref().unwrap_or_default()).unwrap_or_default();
    let target = policy["deadLetterTargetArn"].as_str().unwrap_or("nowhere");
    let wanted = &preflight.dead_letter_name;
    judge(
        target.rsplit(':').next() == Some(wanted),
        format!("{} messages wait", look.waiting),
        format!("what it cannot deliver goes to {target} instead of {wanted}"),
    )
}

async fn dead_letters(preflight: &Preflight) -> Answer {
    let waiting = preflight.dead_letters.look().await?.waiting;
    judge(waiting == 0, "it is empty", format!("{waiting} messages wait for people"))
}
