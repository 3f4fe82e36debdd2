//! Times as clients see them.

use aws_sdk_dynamodb::primitives::{DateTime, DateTimeFormat};

/// RFC 3339 in UTC with milliseconds, such as `2026-11-20T10:24:05.120Z`.
pub(super) fn rfc3339(ms: u64) -> String {
    let seconds = i64::try_from(ms / 1000).expect("u64 milliseconds are fewer seconds than i64 holds");
    match DateTime::from_secs(seconds).fmt(DateTimeFormat::DateTime) {
        Ok(text) => format!("{}.{:03}Z", text.trim_end_matches('Z'), ms % 1000),
        // Beyond the year 9999, which only a broken clock reports.
        Err(_) => format!("{seconds}.{:03}", ms % 1000),
    }
}

#[cfg(test)]
mod tests {
    //! Goal: every time has the same form. Method: by example, the extremes included.

    use super::*;

    #[test]
    fn has_milliseconds_always() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339(1_795_170_245_120), "2026-11-20T10:24:05.120Z");
        assert!(!rfc3339(u64::MAX).is_empty());
    }
}
