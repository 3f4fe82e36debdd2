//! Keeps what a recovery announced, one object per announcement, in the region's audit bucket.
//!
//! Best effort: a recovery is worth more than its record, and the execution's history has it too.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;
use recovery::setting::AUDIT_RECORDS;
use serde_json::{Value, json};
use tokio::time::timeout;

/// Longest time for a record; the announcement itself goes out meanwhile.
const LIMIT: Duration = Duration::from_secs(3);

/// The audit log of this region.
#[derive(Debug)]
pub(super) struct Log {
    s3: Client,
    bucket: String,
}

impl Log {
    pub(super) fn new(s3: Client, bucket: String) -> Self {
        Self { s3, bucket }
    }

    /// Keeps one announcement. What comes of it is logged and changes nothing.
    pub(super) async fn keep(&self, kind: &str, detail: &Value) {
        let key = key(kind, detail);
        let record = json!({ "kind": kind, "detail": detail }).to_string();
        let put = self
            .s3
            .put_object()
            .bucket(&self.bucket)
            .key(&key)
            .content_type("application/json")
            // A record is never replaced.
            .if_none_match("*")
            .body(ByteStream::from(record.into_bytes()))
            .send();
        match timeout(LIMIT, put).await {
            Ok(Ok(_)) => tracing::info!(key, "the announcement is kept in the audit log"),
            Ok(Err(error)) => {
                let code = error.code().unwrap_or("no answer");
                tracing::warn!(key, code, "the audit log did not take the announcement");
            }
            Err(_) => tracing::warn!(key, "the audit log took too long"),
        }
    }
}

/// `recovery/epoch-0000000002/1700000000000-recovery-completed.json`: in the order of their epochs,
/// within one in the order of their times.
fn key(kind: &str, detail: &Value) -> String {
    let number = |name: &str| detail[name].as_u64().unwrap_or_default();
    let (epoch, at_ms) = (number("epoch"), number("announced_at_ms"));
    format!("{AUDIT_RECORDS}/epoch-{epoch:010}/{at_ms:013}-{}.json", kind.replace(' ', "-"))
}

#[cfg(test)]
mod tests {
    //! Goal: records sort as they happened. Method: keys of two epochs.

    use super::*;

    #[test]
    fn records_sort_by_epoch_and_time() {
        let at = |epoch: u64, at_ms: u64| {
            key("recovery completed", &json!({ "epoch": epoch, "announced_at_ms": at_ms }))
        };
        assert_eq!(
            at(2, 1_700_000_000_000),
            "recovery/epoch-0000000002/1700000000000-recovery-completed.json"
        );
        assert!(at(2, 1_700_000_000_001) > at(2, 1_700_000_000_000));
        assert!(at(10, 1) > at(9, 2));
    }
}
