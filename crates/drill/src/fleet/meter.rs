//! Processor time of one process, as the kernel counts it.

use std::time::Duration;

/// Ticks of the kernel's counters in a second: the same on every Linux that Rust supports.
const TICKS_PER_SECOND: f64 = 100.0;

/// Reads how much a process has used since it was last asked.
#[derive(Debug)]
pub(super) struct Meter {
    process: u32,
    read: f64,
}

impl Meter {
    pub(super) fn new(process: u32) -> Self {
        Self { process, read: 0.0 }
    }

    /// Time used since the last call; none when the process is gone.
    pub(super) fn used(&mut self) -> Option<Duration> {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.process)).ok()?;
        let total = ticks(&text)? / TICKS_PER_SECOND;
        let used = total - std::mem::replace(&mut self.read, total);
        Duration::try_from_secs_f64(used.max(0.0)).ok()
    }
}

/// User and system time of a line of `/proc/PID/stat`. The name in parentheses may hold anything.
fn ticks(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(11);
    let (user, system): (f64, f64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(user + system)
}

#[cfg(test)]
mod tests {
    // Goal: the right two fields are read, whatever the process is called.
    use super::*;

    #[test]
    fn user_and_system_time_are_added() {
        let line = "12 (a) b) S 1 12 12 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 4 0 1 1 1";
        assert_eq!(ticks(line), Some(300.0));
        assert_eq!(ticks("12 (a"), None);
        assert!(Meter::new(std::process::id()).used().is_some());
    }
}
