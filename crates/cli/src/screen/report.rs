//! A drill's report as a table.

mod fleet;
mod planned;

use std::fmt::Write;

use drill::report::{Event, Loss, Outcome, Recovery, Report};
use recovery::deployment::Objectives;
use recovery::verdict::Expected;

use super::{BOLD, DIM, GREEN, RED, clock};

pub(super) struct Row {
    pub(super) objective: String,
    pub(super) bound: String,
    pub(super) measured: String,
    pub(super) met: bool,
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
    let on = &report.environment;
    let _ = writeln!(
        text,
        "{DIM}measured on this machine ({} processors, {}, {}), seed {seed}, commit {commit}{DIM:#}\n",
        on.processors, on.database, on.emulator
    );
    table(&mut text, "measured", &rows(report, objectives));
    loads(&mut text, report);
    expected(&mut text, &report.expected);
    fleet::render(&mut text, report);
    planned::render(&mut text, "the switchover", report.switchover.as_ref());
    planned::render(&mut text, "the way home", report.failback.as_ref());
    timeline(&mut text, report);
    let hurried: Vec<String> = report.not_as_deployed.iter().map(ToString::to_string).collect();
    list(&mut text, "not as deployed", &hurried);
    list(&mut text, "not exercised here", &report.not_exercised);
    let why = if report.verdict == Outcome::Passed { "what limits the proof" } else { "why" };
    list(&mut text, why, &report.why);
    text
}

fn rows(report: &Report, objectives: &Objectives) -> Vec<Row> {
    let mut rows = report.recovery.as_ref().map_or_else(Vec::new, |of| times(of, objectives));
    rows.extend(report.in_place.as_ref().map(|stayed| Row {
        objective: "moves of the lease".to_owned(),
        bound: "0".to_owned(),
        measured: stayed.lease_moves.to_string(),
        met: stayed.lease_moves == 0,
    }));
    rows.extend(invariants(report, objectives));
    rows
}

/// Only where a region was lost.
pub(super) fn times(recovery: &Recovery, objectives: &Objectives) -> Vec<Row> {
    let within = |name: &str, bound: u64, measured: Option<f64>| Row {
        objective: name.to_owned(),
        bound: format!("≤ {bound} s"),
        measured: measured.map_or_else(|| "never".to_owned(), |s| format!("{s:.1} s")),
        met: measured.is_some_and(|s| s <= bound as f64),
    };
    let two_endpoints_s = objectives.two_endpoints_recovery_time_s;
    let point = recovery
        .recovery_point_objective_s
        .map(|bound| within("recovery point of the database", bound, recovery.recovery_point_s));
    let times = [
        within("accepted again, clients that follow DNS", recovery.objective_s, recovery.accepted_again_s),
        within(
            "accepted again, clients that know both regions",
            two_endpoints_s,
            recovery.accepted_again_two_endpoints_s,
        ),
        within("settled again", recovery.settlement_objective_s, recovery.settled_again_s),
    ];
    times.into_iter().chain(point).collect()
}

fn invariants(report: &Report, objectives: &Objectives) -> [Row; 7] {
    let at_most = |name: &str, bound: u64, measured: u64| Row {
        objective: name.to_owned(),
        bound: bound.to_string(),
        measured: measured.to_string(),
        met: measured <= bound,
    };
    let loss = &report.loss;
    [
        at_most("acknowledged orders lost", objectives.orders_lost, loss.orders_lost),
        at_most("orders settled twice", 0, loss.orders_settled_twice),
        at_most("ledger imbalance", 0, loss.ledger_imbalance),
        at_most("writes below the fence", 0, report.fencing.writes_below_fence),
        Row {
            objective: "owners per epoch".to_owned(),
            bound: "1".to_owned(),
            measured: report.fencing.owners_per_epoch_max.to_string(),
            met: report.fencing.owners_per_epoch_max == 1,
        },
        at_most("stale sessions served", 0, report.sessions.stale_served),
        at_most("sessions lost", 0, report.sessions.lost),
    ]
}

pub(super) fn table(text: &mut String, how: &str, rows: &[Row]) {
    let width = |cell: fn(&Row) -> &str, title: &str| {
        rows.iter().map(|row| cell(row).chars().count()).chain([title.len()]).max().unwrap_or(0)
    };
    let (first, second) = (width(|r| &r.objective, "objective"), width(|r| &r.bound, ""));
    let third = width(|r| &r.measured, how);
    let head = format!("  {:first$}  {:>second$}  {:>third$}  met", "objective", "", how);
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
    if report.in_place.is_none() {
        let _ = writeln!(text, "  database   {}", loss(&report.loss));
        let _ = writeln!(text, "  fence      {} writes refused", report.fencing.writes_refused);
    }
    if let Some(stayed) = &report.in_place {
        let longest = [stayed.longest_wait_s, stayed.longest_wait_two_endpoints_s];
        let [dns, both] = longest.map(Option::unwrap_or_default);
        let _ = writeln!(
            text,
            "  waits      {dns:.1} s at the longest for clients that follow DNS, {both:.1} s for the others"
        );
    }
}

/// What the scenario asks for beside objectives and invariants.
fn expected(text: &mut String, expected: &[Expected]) {
    if expected.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{BOLD}expected of this scenario{BOLD:#}");
    for Expected { what, held } in expected {
        let (style, word) = if *held { (GREEN, "yes") } else { (RED, "NO ") };
        let _ = writeln!(text, "  {style}{word}{style:#}  {what}");
    }
}

/// What the fault took from the database, and what was missing in the end: not the same thing.
fn loss(loss: &Loss) -> String {
    let missing = match loss.orders_lost {
        0 => "in the end no acknowledged order is missing".to_owned(),
        1 => "in the end 1 acknowledged order is missing".to_owned(),
        many => format!("in the end {many} acknowledged orders are missing"),
    };
    match loss.commits_lost_by_database {
        0 => format!("lost no commit with the region, so this run proves nothing about loss; {missing}"),
        1 => format!("lost 1 commit with the region; {missing}"),
        many => format!("lost {many} commits with the region; {missing}"),
    }
}

fn timeline(text: &mut String, report: &Report) {
    let _ = writeln!(text, "\n{BOLD}timeline{BOLD:#} {DIM}(the fault is at 0){DIM:#}");
    let width = |column: fn(&Event) -> &str| {
        report.timeline.iter().map(|event| column(event).chars().count()).max().unwrap_or(0)
    };
    let (first, second) = (width(region_of), width(|event| &event.event));
    for event in &report.timeline {
        let Event { at_s, event: what, detail, .. } = event;
        let region = region_of(event);
        let _ = writeln!(
            text,
            "{}  {region:first$}  {BOLD}{what:second$}{BOLD:#}  {DIM}{detail}{DIM:#}",
            clock(*at_s)
        );
    }
}

fn region_of(event: &Event) -> &str {
    event.region.as_deref().unwrap_or("")
}

pub(super) fn list(text: &mut String, title: &str, entries: &[String]) {
    if entries.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{BOLD}{title}{BOLD:#}");
    for entry in entries {
        let _ = writeln!(text, "  - {entry}");
    }
}

#[cfg(test)]
mod tests;
