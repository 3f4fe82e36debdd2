//! A drill's report as a table.

use std::fmt::Write;

use drill::report::{Outcome, Report};
use recovery::deployment::Objectives;

use super::{BOLD, DIM, GREEN, RED, clock};

struct Row {
    objective: String,
    bound: String,
    measured: String,
    met: bool,
}

/// The report, for a terminal.
pub fn render(report: &Report, objectives: &Objectives) -> String {
    let mut text = String::new();
    let (style, word) = match report.verdict {
        Outcome::Passed => (GREEN, "passed"),
        Outcome::Failed => (RED, "failed"),
    };
    let Report { scenario, deployment, seed, commit, .. } = report;
    let _ = writeln!(text, "{BOLD}{scenario}{BOLD:#} on {deployment}: {style}{word}{style:#}");
    let _ = writeln!(text, "{DIM}measured here, seed {seed}, commit {commit}{DIM:#}\n");
    table(&mut text, &rows(report, objectives));
    loads(&mut text, report);
    timeline(&mut text, report);
    list(&mut text, "not exercised here", &report.not_exercised);
    list(&mut text, "why", &report.why);
    text
}

fn rows(report: &Report, objectives: &Objectives) -> Vec<Row> {
    let objective = report.recovery.objective_s;
    let within = |name: &str, bound: u64, measured: Option<f64>| Row {
        objective: name.to_owned(),
        bound: format!("≤ {bound} s"),
        measured: measured.map_or_else(|| "never".to_owned(), |s| format!("{s:.1} s")),
        met: measured.is_some_and(|s| s <= bound as f64),
    };
    let at_most = |name: &str, bound: u64, measured: u64| Row {
        objective: name.to_owned(),
        bound: bound.to_string(),
        measured: measured.to_string(),
        met: measured <= bound,
    };
    let (recovery, loss) = (&report.recovery, &report.loss);
    vec![
        within("accepted again, clients that follow DNS", objective, recovery.accepted_again_s),
        within(
            "accepted again, clients that know both regions",
            objectives.two_endpoints_recovery_time_s,
            recovery.accepted_again_two_endpoints_s,
        ),
        within("settled again", objective, recovery.settled_again_s),
        at_most("acknowledged orders lost", 0, loss.orders_lost),
        at_most("orders settled twice", 0, loss.orders_settled_twice),
        at_most("ledger imbalance", 0, loss.ledger_imbalance),
        at_most("writes below the fence", 0, report.fencing.writes_below_fence),
        at_most("owners per epoch", 1, report.fencing.owners_per_epoch_max),
        at_most("stale sessions served", 0, report.sessions.stale_served),
        at_most("sessions lost", 0, report.sessions.lost),
    ]
}

fn table(text: &mut String, rows: &[Row]) {
    let width = |cell: fn(&Row) -> &str, title: &str| {
        rows.iter().map(|row| cell(row).chars().count()).chain([title.len()]).max().unwrap_or(0)
    };
    let (first, second) = (width(|r| &r.objective, "objective"), width(|r| &r.bound, ""));
    let third = width(|r| &r.measured, "measured");
    let head = format!("  {:first$}  {:>second$}  {:>third$}  met", "objective", "", "measured");
    let _ = writeln!(text, "{BOLD}{head}{BOLD:#}");
    for Row { objective, bound, measured, met } in rows {
        let (style, word) = if *met { (GREEN, "yes") } else { (RED, "NO") };
        let _ = writeln!(
            text,
            "  {objective:first$}  {bound:>second$}  {measured:>third$}  {style}{word}{style:#}"
        );
    }
}

fn loads(text: &mut String, report: &Report) {
    let (orders, sessions) = (&report.orders, &report.sessions);
    let _ = writeln!(
        text,
        "\n  orders     {} offered at {}/s: {} acknowledged, {} refused, {} unknown",
        orders.offered,
        report.environment.orders_per_second,
        orders.acknowledged,
        orders.refused,
        orders.unknown
    );
    let _ = writeln!(text, "  sessions   {} answers checked against the client's token", sessions.checked);
    let _ = writeln!(
        text,
        "  database   lost {} commits with the region; all of them were orders the journal still had, \
         unless a row above says otherwise",
        report.loss.commits_lost_by_database
    );
    let _ = writeln!(text, "  fence      {} writes refused", report.fencing.writes_refused);
}

fn timeline(text: &mut String, report: &Report) {
    let _ = writeln!(text, "\n{BOLD}timeline{BOLD:#} {DIM}(the fault is at 0){DIM:#}");
    let width = report.timeline.iter().filter_map(|e| e.region.as_ref()).map(String::len).max().unwrap_or(0);
    for event in &report.timeline {
        let region = event.region.as_deref().unwrap_or("");
        let _ = writeln!(
            text,
            "{}  {region:width$}  {BOLD}{}{BOLD:#} {DIM}{}{DIM:#}",
            clock(event.at_s),
            event.event,
            event.detail
        );
    }
}

fn list(text: &mut String, title: &str, entries: &[String]) {
    if entries.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{BOLD}{title}{BOLD:#}");
    for entry in entries {
        let _ = writeln!(text, "  - {entry}");
    }
}
