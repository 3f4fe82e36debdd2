//! What clients did and were told: the history that a run is judged by.

use serde::{Deserialize, Serialize};

use crate::Region;
use crate::session::SessionVersion;

/// One operation of one client, with all its attempts. Times are milliseconds since the
/// Unix epoch by one clock: the load generator's, which must also be the databases'.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// How the client finds the system.
    pub client: ClientKind,
    /// What it wants.
    pub kind: OperationKind,
    /// Order id or session id.
    pub id: String,
    /// When its first attempt began.
    pub invoked_ms: u64,
    /// When the client knew the outcome; absent when it never did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_ms: Option<u64>,
    /// What the client knows.
    pub outcome: Outcome,
    /// Region that gave the last answer; absent when none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// Attempts, counting the first.
    pub attempts: u32,
    /// For a session: the version that the client saw last and asked for at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<SessionVersion>,
    /// For a session: the version in the answer; absent when there was no such session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<SessionVersion>,
}

/// How a client finds the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientKind {
    /// Resolves the public name, honours its TTL and retries.
    FollowsDns,
    /// Knows both regional names and turns to the other at the first failure.
    KnowsBothRegions,
}

/// What a client wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationKind {
    /// Place an order.
    PlaceOrder,
    /// Write a session.
    WriteSession,
    /// Read a session.
    ReadSession,
}

/// What a client knows in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Acknowledged, or answered.
    Ok,
    /// Refused for good: it did not happen, or (for a read) was honestly declined.
    Failed,
    /// No answer, or one that leaves it open: it may have happened.
    Unknown,
}

/// A line of a history that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("line {line} of the history is no operation")]
pub struct InvalidLine {
    /// Counted from 1.
    pub line: usize,
    /// Why.
    #[source]
    pub cause: serde_json::Error,
}

/// One operation per line, as JSON.
pub fn to_jsonl(history: &[Operation]) -> String {
    history.iter().map(|operation| operation.to_line() + "\n").collect()
}

/// Reads what [`to_jsonl`] wrote; empty lines are skipped.
///
/// # Errors
/// The first line that is no operation.
pub fn from_jsonl(text: &str) -> Result<Vec<Operation>, InvalidLine> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(index, line)| {
            serde_json::from_str(line).map_err(|cause| InvalidLine { line: index + 1, cause })
        })
        .collect()
}

impl Operation {
    /// The operation as one line of JSON, without the line's end.
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).expect("texts and numbers always serialise")
    }

    /// Whether the system acknowledged it as an order.
    pub fn is_acknowledged_order(&self) -> bool {
        self.kind == OperationKind::PlaceOrder && self.outcome == Outcome::Ok
    }
}

#[cfg(test)]
mod tests {
    //! Goal: a history survives its file, and a broken line is named. Method: round trip.

    use super::*;
    use crate::Epoch;

    #[test]
    fn a_history_survives_its_file() {
        let order = Operation {
            client: ClientKind::FollowsDns,
            kind: OperationKind::PlaceOrder,
            id: "0199-a\n\"b\"".to_owned(),
            invoked_ms: 1,
            completed_ms: None,
            outcome: Outcome::Unknown,
            region: None,
            attempts: 3,
            token: None,
            seen: None,
        };
        let read = Operation {
            client: ClientKind::KnowsBothRegions,
            kind: OperationKind::ReadSession,
            completed_ms: Some(9),
            outcome: Outcome::Ok,
            region: Some(Region::new("us-east-2").expect("a valid name")),
            token: Some(SessionVersion { epoch: Epoch(1), version: 4 }),
            ..order.clone()
        };
        let history = vec![order, read];
        let text = to_jsonl(&history);
        assert_eq!(text.lines().count(), 2);
        assert_eq!(from_jsonl(&text).expect("its own lines"), history);
        let broken = from_jsonl(&format!("\n{text}{{\n")).expect_err("the last line is no JSON");
        assert_eq!(broken.line, 4);
    }
}
