//! A running drill: one repainted line per region on a terminal, plain lines elsewhere.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;

use drill::progress::{Progress, RegionSample};
use drill::report::Event;

use super::{BOLD, DIM, clock};

/// Seconds between two samples where lines cannot be repainted.
const PLAIN_SAMPLE_S: f64 = 5.0;

/// Narrates a drill on standard error.
pub struct Narrator {
    repaints: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    painted: usize,
    last_plain_s: Option<f64>,
}

impl Narrator {
    /// Repaints on a terminal, unless colours are forced off or the output is for machines.
    pub fn new() -> Self {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        Self { repaints: std::io::stderr().is_terminal() && !dumb, state: Mutex::default() }
    }

    fn line(&self, text: &str) {
        let mut state = self.state.lock().expect("no narration panics");
        self.erase(&mut state);
        anstream::eprintln!("{text}");
    }

    fn erase(&self, state: &mut State) {
        if self.repaints && state.painted > 0 {
            let mut err = std::io::stderr().lock();
            // Cursor up over what was painted, then clear to the end of the screen.
            let _ = write!(err, "\x1b[{}A\x1b[J", state.painted);
            state.painted = 0;
        }
    }
}

impl Progress for Narrator {
    fn phase(&self, text: &str) {
        self.line(&format!("{BOLD}{text}{BOLD:#}"));
    }

    fn event(&self, event: &Event) {
        let region = event.region.as_deref().map(|region| format!(" {region}")).unwrap_or_default();
        self.line(&format!("{}{region}  {} {DIM}{}{DIM:#}", clock(event.at_s), event.event, event.detail));
    }

    fn sample(&self, at_s: f64, regions: &[RegionSample]) {
        let mut state = self.state.lock().expect("no narration panics");
        if self.repaints {
            self.erase(&mut state);
            for region in regions {
                anstream::eprintln!("{}  {}", clock(at_s), describe(region));
            }
            state.painted = regions.len();
            return;
        }
        if state.last_plain_s.is_some_and(|last| at_s >= last && at_s - last < PLAIN_SAMPLE_S) {
            return;
        }
        state.last_plain_s = Some(at_s);
        let all: Vec<String> = regions.iter().map(describe).collect();
        anstream::eprintln!("{}  {}", clock(at_s), all.join("  |  "));
    }
}

fn describe(sample: &RegionSample) -> String {
    let epoch = sample.epoch.map(|epoch| format!(" epoch {epoch}")).unwrap_or_default();
    let lag = sample.lag_ms.map(|lag| format!(", lag {lag} ms")).unwrap_or_default();
    format!("{} {}{epoch}, {:.0} orders/s{lag}", sample.region, sample.role, sample.orders_per_second)
}

#[cfg(test)]
mod tests {
    // Goal: the status line says role, epoch, rate and lag, and leaves out what a region does not have.
    // Method: two samples as text.
    use super::*;

    #[test]
    fn a_status_line_leaves_out_what_a_region_does_not_have() {
        let mut sample = RegionSample {
            region: "us-east-1".into(),
            role: "primary".into(),
            epoch: Some(1),
            orders_per_second: 24.6,
            lag_ms: None,
        };
        assert_eq!(describe(&sample), "us-east-1 primary epoch 1, 25 orders/s");
        sample.role = "standby".into();
        sample.epoch = None;
        sample.lag_ms = Some(2010);
        assert_eq!(describe(&sample), "us-east-1 standby, 25 orders/s, lag 2010 ms");
    }
}
