//! A running drill: one repainted line per region on a terminal, plain lines elsewhere.

use std::io::{IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use drill::progress::{Progress, RegionSample};
use drill::report::Event;

use super::{BOLD, DIM, clock, say};

/// Seconds between two samples where lines cannot be repainted.
const PLAIN_SAMPLE_S: f64 = 5.0;

/// Narrates a drill on standard error.
pub struct Narrator {
    repaints: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The lines at the bottom of the screen that the next sample replaces.
    status: Vec<String>,
    /// How many of them are there now.
    painted: usize,
    last_plain_s: Option<f64>,
}

impl Narrator {
    /// Repaints on a terminal that can, unless log lines would come between.
    pub fn new() -> Self {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        let logs = tracing::enabled!(tracing::Level::WARN);
        let repaints = std::io::stderr().is_terminal() && !dumb && !logs;
        Self { repaints, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn erase(&mut self) {
        if self.painted > 0 {
            // To the start of what was painted (a typed ^C moves the column), then clear to the screen's end.
            let _ = write!(std::io::stderr(), "\r\x1b[{}A\x1b[J", self.painted);
            self.painted = 0;
        }
    }

    /// Cut to the terminal's width: a line that wraps would not be erased as a whole.
    fn paint(&mut self) {
        let columns = columns();
        for line in &self.status {
            say(&cut(line, columns));
        }
        self.painted = self.status.len();
    }
}

impl Progress for Narrator {
    fn phase(&self, text: &str) {
        let mut state = self.state();
        state.erase();
        state.status.clear();
        say(&format!("{BOLD}{text}{BOLD:#}"));
    }

    fn event(&self, event: &Event) {
        let mut state = self.state();
        state.erase();
        say(&told(event));
        state.paint();
    }

    fn sample(&self, at_s: f64, regions: &[RegionSample]) {
        let mut state = self.state();
        if self.repaints {
            state.erase();
            state.status =
                regions.iter().map(|region| format!("{}  {}", clock(at_s), describe(region))).collect();
            state.paint();
            return;
        }
        if state.last_plain_s.is_some_and(|last| at_s >= last && at_s - last < PLAIN_SAMPLE_S) {
            return;
        }
        state.last_plain_s = Some(at_s);
        let all: Vec<String> = regions.iter().map(describe).collect();
        say(&format!("{}  {}", clock(at_s), all.join("  |  ")));
    }
}

impl Drop for Narrator {
    fn drop(&mut self) {
        self.state().erase();
    }
}

fn told(event: &Event) -> String {
    let region = event.region.as_deref().map(|region| format!(" {region}")).unwrap_or_default();
    format!("{}{region}  {} {DIM}{}{DIM:#}", clock(event.at_s), event.event, event.detail)
}

fn describe(sample: &RegionSample) -> String {
    let epoch = sample.epoch.map(|epoch| format!(" epoch {epoch}")).unwrap_or_default();
    let lag = sample.lag_ms.map(|lag| format!(", lag {lag} ms")).unwrap_or_default();
    format!("{} {}{epoch}, {:.0} orders/s{lag}", sample.region, sample.role, sample.orders_per_second)
}

/// Width of the terminal behind standard error; 80 where it does not say.
fn columns() -> usize {
    let size = rustix::termios::tcgetwinsize(std::io::stderr());
    size.map(|size| usize::from(size.ws_col)).ok().filter(|columns| *columns > 0).unwrap_or(80)
}

/// The line without what does not fit; the last column stays free, because some terminals wrap there.
fn cut(line: &str, columns: usize) -> String {
    line.chars().take(columns.saturating_sub(1)).collect()
}

#[cfg(test)]
mod tests {
    // Goal: narration says role, epoch, rate and lag, leaves out what a region does not have, and fits.
    // Method: samples and an event as text.
    use super::*;

    fn sample() -> RegionSample {
        RegionSample {
            region: "us-east-1".into(),
            role: "primary".into(),
            epoch: Some(1),
            orders_per_second: 24.6,
            lag_ms: None,
        }
    }

    #[test]
    fn a_status_line_leaves_out_what_a_region_does_not_have() {
        let mut sample = sample();
        assert_eq!(describe(&sample), "us-east-1 primary epoch 1, 25 orders/s");
        sample.role = "standby".into();
        sample.epoch = None;
        sample.lag_ms = Some(2010);
        assert_eq!(describe(&sample), "us-east-1 standby, 25 orders/s, lag 2010 ms");
    }

    #[test]
    fn an_event_is_one_plain_line_with_its_time_and_region() {
        let event = Event {
            at_s: 18.25,
            region: Some("us-east-2".into()),
            event: "lease taken".into(),
            detail: "epoch 2".into(),
        };
        let plain = |event: &Event| anstream::adapter::strip_str(&told(event)).to_string();
        assert_eq!(plain(&event), "   +18.2 s us-east-2  lease taken epoch 2");
        assert_eq!(plain(&Event { region: None, at_s: -3.0, ..event }), "    -3.0 s  lease taken epoch 2");
    }

    #[test]
    fn a_status_line_never_wraps() {
        let line = describe(&sample());
        assert_eq!(cut(&line, 200), line);
        assert_eq!(cut(&line, 10), "us-east-1");
        assert_eq!(cut("≤≤≤", 3), "≤≤");
    }
}
