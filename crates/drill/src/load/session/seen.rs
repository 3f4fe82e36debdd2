//! What a client knows of its session, and what an answer shows it.

use recovery::session::SessionVersion;
use serde_json::Value;

/// What a client knows of its session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) token: Option<SessionVersion>,
    /// What the version of the token holds.
    pub(super) content: u64,
    /// The last content written, acknowledged or not.
    pub(super) written: u64,
}

/// A session as a region answered it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) version: SessionVersion,
    pub(super) content: u64,
}

impl Known {
    /// Takes over what a region showed.
    pub(super) fn learn(&mut self, shown: Shown) {
        (self.token, self.content) = (Some(shown.version), shown.content);
        self.written = self.written.max(shown.content);
    }
}

/// Older than the token, or other than what the token's version held.
pub(super) fn is_stale(known: &Known, shown: Shown) -> bool {
    known.token.is_some_and(|token| {
        shown.version < token || (shown.version == token && shown.content != known.content)
    })
}

pub(super) fn says_behind(answer: &[u8]) -> bool {
    serde_json::from_slice::<Value>(answer).is_ok_and(|answer| answer["error"] == "stale_session")
}

pub(super) fn token(answer: &[u8]) -> Option<SessionVersion> {
    serde_json::from_slice::<Value>(answer).ok()?["token"].as_str()?.parse().ok()
}

pub(super) fn shown(answer: &[u8]) -> Option<Shown> {
    let body: Value = serde_json::from_slice(answer).ok()?;
    let content = body["data"]["content"].as_u64()?;
    Some(Shown { version: token(answer)?, content })
}

#[cfg(test)]
mod tests {
    // Goal: an older answer is told from an equal and a newer one, by version and by content.
    use super::*;

    fn version(text: &str) -> SessionVersion {
        text.parse().expect("a token")
    }

    #[test]
    fn older_versions_and_changed_contents_are_stale() {
        let known = Known { token: Some(version("1.4")), content: 9, written: 9 };
        let stale = |text, content| is_stale(&known, Shown { version: version(text), content });
        assert!(stale("1.3", 8) && stale("1.4", 8));
        assert!(!stale("1.4", 9) && !stale("2.1", 10));
        assert!(!is_stale(&Known::default(), Shown { version: version("1.1"), content: 1 }));
    }

    #[test]
    fn answers_are_read() {
        let answer = br#"{"data":{"content":3},"token":"2.7","updated_at":"x"}"#;
        assert_eq!(shown(answer), Some(Shown { version: version("2.7"), content: 3 }));
        assert!(says_behind(br#"{"error":"stale_session"}"#) && !says_behind(b"<html>"));
    }
}
