//! Whether any part complained of what no fault explains: an unlisted WARN or ERROR, or a crash.
//!
//! Figures never come from here. A drill that met every objective while a function
//! crashed or cried out met them by luck, and is failed.

mod expected;

use std::io;
use std::path::Path;

use aws_sdk_dynamodb::primitives::{DateTime, DateTimeFormat};
use recovery::scenario::FaultKind;
use serde_json::Value;

use super::DrillError;
use super::course::Strike;
use crate::emulator::Emulator;
use crate::fleet::Fleets;
use expected::{EXPECTED, When};

/// How long after the recovery what it provoked may still be heard: a function that began before
/// ends within this time.
const ECHO_MS: u64 = 15_000;
/// Complaints that are quoted; the others are counted.
const QUOTED: usize = 3;
const QUOTE_CHARS_MAX: usize = 240;

/// The faults, as far as they explain complaints. Times are milliseconds since the Unix epoch.
#[derive(Clone, Debug)]
pub struct Explained {
    /// When the first one struck.
    pub fault_at_ms: u64,
    /// When orders were accepted and settled again and the workflow had ended; none: never.
    pub recovered_at_ms: Option<u64>,
    /// Every fault, from when until when.
    pub strikes: Vec<Strike>,
}

impl Explained {
    /// When a line was written that says `at_ms`, by the right clock.
    fn written_ms(&self, region: Option<&str>, at_ms: u64) -> u64 {
        let ahead = self.strikes.iter().flat_map(Strike::clocks_ahead).find(|(of, from_ms, ahead_ms)| {
            // Before its clock was put ahead the region cannot have told a time that far after.
            Some(of.as_str()) == region && at_ms >= from_ms.saturating_add(*ahead_ms)
        });
        ahead.map_or(at_ms, |(_, _, ahead_ms)| at_ms - ahead_ms)
    }

    /// Whether one of these kinds lasted at that time, or had just ended; in this region, if one is named.
    fn lasts(&self, kinds: &[FaultKind], region: Option<&str>, at_ms: Option<u64>) -> bool {
        let Some(at_ms) = at_ms else {
            // The emulator's own lines tell no time that compares, and no region.
            return region.is_none() && self.strikes.iter().any(|strike| kinds.contains(&strike.kind));
        };
        self.strikes.iter().filter(|strike| kinds.contains(&strike.kind)).any(|strike| {
            let here = region.is_none_or(|name| strike.regions.iter().any(|one| one.as_str() == name));
            here && at_ms >= strike.from_ms && strike.until_ms.is_none_or(|end| at_ms <= end + ECHO_MS)
        })
    }
}

/// One line that should not be there without a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Complaint {
    /// Region of the function; none for the emulator.
    region: Option<String>,
    /// Name of the function, or `emulator`; empty for a function that did not say.
    from: String,
    /// When, if it says so.
    at_ms: Option<u64>,
    text: String,
}

/// One sentence about the complaints that nothing explains; none when there are none.
///
/// # Errors
/// When a log cannot be read.
pub fn unexplained(
    emulator: &Emulator,
    fleets: &Fleets,
    explained: &Explained,
) -> Result<Option<String>, DrillError> {
    let mut complaints = functions(&read(&emulator.functions_log_file())?);
    complaints.extend(emulator_itself(&read(&emulator.log_file())?));
    for fleet in &fleets.0 {
        for (service, file) in fleet.logs() {
            let log = read(&file)?;
            let lines = log.lines().map(|line| format!("{} {service} {line}\n", fleet.region()));
            complaints.extend(functions(&lines.collect::<String>()));
        }
    }
    complaints.retain(|complaint| !is_expected(complaint, explained));
    Ok(sentence(&complaints))
}

/// A log that was never begun is empty.
pub(super) fn read(path: &Path) -> Result<String, DrillError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(source) => Err(DrillError::Log { file: path.display().to_string(), source }),
    }
}

/// Lines of functions: region, name, then JSON. What is no JSON was written by a panic or a loader.
fn functions(log: &str) -> Vec<Complaint> {
    let parts = |line: &str| {
        let mut parts = line.splitn(3, ' ');
        Some((parts.next()?.to_owned(), parts.next()?.to_owned(), parts.next()?.trim().to_owned()))
    };
    let lines = log.lines().filter_map(parts).filter(|(_, _, text)| !text.is_empty());
    lines
        .filter_map(|(region, from, text)| {
            let said: Value = serde_json::from_str(&text).unwrap_or_default();
            if said.is_object() && !matches!(said["level"].as_str(), Some("WARN" | "ERROR")) {
                return None;
            }
            Some(Complaint { region: Some(region), from, at_ms: at_ms(&text), text })
        })
        .collect()
}

/// When a JSON line was logged, in milliseconds since the Unix epoch.
fn at_ms(text: &str) -> Option<u64> {
    let said: Value = serde_json::from_str(text).ok()?;
    let at = DateTime::from_str(said["timestamp"].as_str()?, DateTimeFormat::DateTime).ok()?;
    u64::try_from(at.to_millis().ok()?).ok()
}

/// Lines of the emulator. Functions that outlive their last invocation write into it too, as JSON.
fn emulator_itself(log: &str) -> Vec<Complaint> {
    let quiet = |line: &&str| {
        let said: Value = serde_json::from_str(line).unwrap_or_default();
        let level = line.split(' ').nth(2).unwrap_or_default();
        line.trim().is_empty()
            || (said.is_object() && !matches!(said["level"].as_str(), Some("WARN" | "ERROR")))
            || matches!(level, "INFO" | "DEBUG")
    };
    let complaint = |line: &str| {
        let from = if line.starts_with('{') { "" } else { "emulator" };
        Complaint { region: None, from: from.to_owned(), at_ms: at_ms(line), text: line.to_owned() }
    };
    log.lines().filter(|line| !quiet(line)).map(complaint).collect()
}

fn is_expected(complaint: &Complaint, explained: &Explained) -> bool {
    let at_ms = complaint.at_ms.map(|at| explained.written_ms(complaint.region.as_deref(), at));
    let after = at_ms.is_some_and(|at| at >= explained.fault_at_ms);
    let before_end = match (at_ms, explained.recovered_at_ms) {
        (Some(at), Some(end)) => at <= end + ECHO_MS,
        _ => true,
    };
    let here = complaint.region.as_deref().unwrap_or_default();
    EXPECTED.iter().filter(|expected| expected.is_of(complaint)).any(|expected| match expected.when {
        When::Always => true,
        When::DuringRecovery => after && before_end,
        When::Here(kinds) => explained.lasts(kinds, Some(here), at_ms),
        When::Anywhere(kinds) => explained.lasts(kinds, None, at_ms),
    })
}

fn sentence(complaints: &[Complaint]) -> Option<String> {
    let quotes: Vec<String> = complaints
        .iter()
        .take(QUOTED)
        .map(|complaint| {
            let text: String = complaint.text.chars().take(QUOTE_CHARS_MAX).collect();
            let region = complaint.region.as_ref().map(|region| format!("{region} ")).unwrap_or_default();
            format!("{region}{}: {text}", complaint.from)
        })
        .collect();
    let lines = if complaints.len() == 1 { "line" } else { "lines" };
    let first = quotes.join("; ");
    (!quotes.is_empty()).then(|| {
        format!("{} {lines} of WARN, ERROR or a crash that no fault explains: {first}", complaints.len())
    })
}

#[cfg(test)]
mod tests {
    // Goal: a complaint passes only with a listed reason, in its place and time; a crash never does.
    // Method: lines as functions and emulator write them, around a fault at 10:00:00.
    use recovery::Region;

    use super::*;

    const FAULT_MS: u64 = 1_795_168_800_000; // 2026-11-20T10:00:00Z

    fn explained(recovered_at_ms: Option<u64>) -> Explained {
        Explained { fault_at_ms: FAULT_MS, recovered_at_ms, strikes: vec![strike(FaultKind::Lost, None)] }
    }

    fn strike(kind: FaultKind, until_ms: Option<u64>) -> Strike {
        let regions = vec![Region::new("us-east-1").expect("a region")];
        Strike { kind, regions, from_ms: FAULT_MS, until_ms, ahead_ms: None, number: 0 }
    }

    fn line(region: &str, function: &str, at: &str, level: &str, message: &str) -> String {
        format!(
            "{region} function-{function}-production {{\"timestamp\":\"2026-11-20T{at}Z\",\"level\":\"{level}\",\
             \"message\":\"{message}\"}}\n"
        )
    }

    fn unexplained(log: &str, recovered_at_ms: Option<u64>) -> usize {
        let complaints = functions(log);
        complaints.iter().filter(|one| !is_expected(one, &explained(recovered_at_ms))).count()
    }

    #[test]
    fn settlement_may_fail_until_it_recovers_and_not_before_or_after() {
        let says = "settlement failed and will be tried again";
        let at = |at| line("us-east-2", "order-processor", at, "WARN", says);
        let recovered = Some(FAULT_MS + 20_000);
        assert_eq!(unexplained(&at("10:00:05.250"), recovered), 0);
        assert_eq!(unexplained(&at("09:59:59.999"), recovered), 1);
        assert_eq!(unexplained(&at("10:01:00.000"), recovered), 1);
        assert_eq!(unexplained(&at("10:01:00.000"), None), 0);
        let other = line("us-east-2", "sentinel", "10:00:05.250", "WARN", says);
        assert_eq!(unexplained(&other, recovered), 1);
    }

    #[test]
    fn information_and_metrics_are_no_complaints() {
        let metric = "us-east-1 function-orders-api-production {\"_aws\":{},\"OrdersAccepted\":1}\n";
        let log = metric.to_owned() + &line("us-east-1", "sentinel", "10:00:05.250", "INFO", "WARN me");
        assert_eq!(unexplained(&log, None), 0);
    }

    #[test]
    fn a_crash_is_never_explained() {
        let panic = "us-east-1 function-sentinel-production thread 'main' panicked at src/x.rs:1\n";
        assert_eq!(unexplained(panic, None), 1);
        let lost = line("us-east-1", "sentinel", "10:00:05.250", "ERROR", "the lease cannot be read");
        assert_eq!(unexplained(&lost, None), 0);
        let exit = "2026-11-20 10:00:05 WARNING [lambda_runtime] Lambda function-x: exited with status 101";
        let complaints = emulator_itself(exit);
        assert!(complaints.iter().any(|one| !is_expected(one, &explained(None))));
    }

    #[test]
    fn what_a_fault_explains_ends_soon_after_it() {
        let lost = |at| line("us-east-1", "sentinel", at, "ERROR", "the lease cannot be read");
        let over = Explained {
            strikes: vec![strike(FaultKind::Frozen, Some(FAULT_MS + 20_000))],
            ..explained(None)
        };
        let count = |log: &str| functions(log).iter().filter(|one| !is_expected(one, &over)).count();
        assert_eq!(count(&lost("10:00:30.000")), 0);
        assert_eq!(count(&lost("10:00:36.000")), 1);
        let there = line("us-east-2", "sentinel", "10:00:05.000", "ERROR", "the lease cannot be read");
        assert_eq!(count(&there), 1, "the other region is well");
    }

    #[test]
    fn a_step_that_was_killed_explains_its_function_s_end_and_no_other() {
        let exit = |function: &str| {
            format!(
                "2026-11-20 10:00:05 WARNING [lambda_runtime] Lambda function-{function}-x: Runtime exited"
            )
        };
        let explains = |kind, function| {
            let explained = Explained { strikes: vec![strike(kind, None)], ..explained(None) };
            emulator_itself(&exit(function)).iter().all(|one| is_expected(one, &explained))
        };
        assert!(explains(FaultKind::StepKilled, "recovery-step"));
        assert!(!explains(FaultKind::StepKilled, "sentinel"));
        assert!(!explains(FaultKind::Lost, "recovery-step"));
    }

    #[test]
    fn a_region_whose_clock_is_ahead_is_read_by_the_right_one() {
        let says = "the own clock is wrong; AWS's is believed";
        let ahead =
            Strike { ahead_ms: Some(3_600_000), ..strike(FaultKind::ClockAhead, Some(FAULT_MS + 30_000)) };
        let explained = Explained { strikes: vec![ahead], ..explained(None) };
        let count = |region, at| {
            let log = line(region, "orders-api", at, "WARN", says);
            functions(&log).iter().filter(|one| !is_expected(one, &explained)).count()
        };
        assert_eq!(count("us-east-1", "11:00:05.250"), 0);
        assert_eq!(count("us-east-1", "11:01:05.250"), 1, "too late, by its clock as by the right one");
        assert_eq!(count("us-east-2", "11:00:05.250"), 1, "that region's clock is right");
    }

    #[test]
    fn the_emulators_start_is_quiet() {
        let start = "2026-11-20 11:31:40 WARNING [kms] cryptography package not installed; KMS Sign/Verify \
                     will return errors. Install with: pip install cryptography\n\
                     2026-11-20 11:31:40 INFO [app] ready\n";
        assert!(emulator_itself(start).iter().all(|one| is_expected(one, &explained(None))));
    }

    #[test]
    fn the_first_few_are_quoted_and_all_are_counted() {
        let log: String = (0..5)
            .map(|n| line("us-east-2", "orders-api", "10:00:05.250", "ERROR", &format!("no {n}")))
            .collect();
        let sentence = sentence(&functions(&log)).expect("five complaints");
        assert!(sentence.starts_with("5 lines"), "{sentence}");
        assert!(sentence.contains("no 2") && !sentence.contains("no 3"), "{sentence}");
        assert_eq!(super::sentence(&[]), None);
    }
}
