//! What a person sees: what a check found, what a deployment costs, the evidence for standards, the drill's report and
//! its progress, what a history was found to be, what a simulation estimates, and the log.

pub mod check;
pub mod compliance;
pub mod cost;
pub mod log;
pub mod progress;
pub mod report;
pub mod simulate;
pub mod verify;

use std::io::Write as _;

use anstyle::{AnsiColor, Style};

pub const BOLD: Style = Style::new().bold();
pub const DIM: Style = Style::new().dimmed();
pub const GREEN: Style = AnsiColor::Green.on_default().bold();
pub const RED: Style = AnsiColor::Red.on_default().bold();

/// Seconds with a sign, right-aligned: the left column of a timeline.
pub fn clock(at_s: f64) -> String {
    format!("{at_s:>+8.1} s")
}

/// Says a line on standard error. A reader that has gone away is no reason to stop.
pub fn say(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}
