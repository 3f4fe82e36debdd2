//! What the sentinels said of their decisions: the only thing that a drill takes from a log, for it is about
//! words. Figures never come from here.

use aws_sdk_dynamodb::primitives::{DateTime, DateTimeFormat};
use serde_json::Value;

/// Every time a sentinel said that it holds back: when, in milliseconds since the Unix epoch, where, and why.
pub fn holds(log: &str) -> Vec<(u64, String, String)> {
    log.lines().filter_map(hold).collect()
}

/// Lines are region, function, then JSON.
fn hold(line: &str) -> Option<(u64, String, String)> {
    let mut parts = line.splitn(3, ' ');
    let (region, _, text) = (parts.next()?, parts.next()?, parts.next()?);
    let said: Value = serde_json::from_str(text.trim()).ok()?;
    if said["message"] != "sentinel" || said["event"] != "hold" {
        return None;
    }
    let at = DateTime::from_str(said["timestamp"].as_str()?, DateTimeFormat::DateTime).ok()?;
    let at_ms = u64::try_from(at.to_millis().ok()?).ok()?;
    Some((at_ms, region.to_owned(), said["detail"].as_str()?.to_owned()))
}

#[cfg(test)]
mod tests {
    // Goal: a hold is found with its region and reason, and nothing else is. Method: lines as functions write
    // them.
    use super::*;

    #[test]
    fn a_hold_is_found() {
        let line = |event: &str| {
            format!(
                "us-east-2 function-sentinel-production {{\"timestamp\":\"2026-11-20T10:00:00.250Z\",\
                 \"level\":\"INFO\",\"message\":\"sentinel\",\"event\":\"{event}\",\"detail\":\"it is off\"}}\n"
            )
        };
        let log =
            line("stand_by") + &line("hold") + "us-east-2 function-sentinel-production thread panicked\n";
        let expected = (1_795_168_800_250, "us-east-2".to_owned(), "it is off".to_owned());
        assert_eq!(holds(&log), [expected]);
    }
}
