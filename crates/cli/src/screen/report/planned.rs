//! A planned move as a few lines.

use std::fmt::Write;

use recovery::verdict::MoveVerdict;

use crate::screen::{BOLD, GREEN, RED};

/// How the move went, if there was one.
pub(super) fn render(text: &mut String, title: &str, planned: Option<&MoveVerdict>) {
    let Some(planned) = planned else { return };
    let (style, word) = if planned.met { (GREEN, "lost nothing") } else { (RED, "failed") };
    let MoveVerdict { from, to, epoch_before, .. } = planned;
    let after = planned.epoch_after.map_or("none".to_owned(), |epoch| epoch.to_string());
    let _ = writeln!(text, "\n{BOLD}{title}{BOLD:#}: {style}{word}{style:#}");
    let took = planned.took_s.map_or("and did not end".to_owned(), |s| format!("in {s:.1} s"));
    let _ = writeln!(text, "  moved      from {from} to {to} {took}, from epoch {epoch_before} to {after}");
    let [dns, both] =
        [planned.longest_wait_s, planned.longest_wait_two_endpoints_s].map(Option::unwrap_or_default);
    let _ = writeln!(
        text,
        "  waits      {dns:.1} s at the longest for clients that follow DNS, {both:.1} s for the others; \
         their retries cover {} s",
        planned.retries_cover_s
    );
    let pause = planned.settlement_pause_s.map_or("never".to_owned(), |s| format!("for {s:.1} s"));
    let _ = writeln!(text, "  settlement stood still {pause}");
    let _ = writeln!(
        text,
        "  orders     {} acknowledged during it: {} lost, {} settled twice; {} not acknowledged",
        planned.orders_acknowledged, planned.orders_lost, planned.orders_settled_twice, planned.orders_open
    );
}
