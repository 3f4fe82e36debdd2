//! What became of the containers, as a part of a drill's report.

use std::fmt::Write;

use drill::fleet::ServiceReport;
use drill::report::Report;

use crate::screen::{BOLD, DIM, clock};

/// Nothing where functions do the work of containers.
pub(super) fn render(text: &mut String, report: &Report) {
    let Some(fleet) = &report.fleet else { return };
    let _ = writeln!(
        text,
        "\n{BOLD}containers{BOLD:#} {DIM}(healthy now, and fewest from the steady phase on){DIM:#}"
    );
    let width = |column: fn(&ServiceReport) -> &str| {
        fleet.services.iter().map(|service| column(service).chars().count()).max().unwrap_or(0)
    };
    let (first, second) = (width(|one| &one.region), width(|one| &one.service));
    for one in &fleet.services {
        let ServiceReport { region, service, desired, healthy, healthy_min, restarts, .. } = one;
        let _ = write!(
            text,
            "  {region:first$}  {service:second$}  {healthy} of {desired}, {healthy_min} at the fewest; \
             {restarts} replaced"
        );
        if one.rollouts > 0 {
            let _ = write!(text, "; {} rolled out, {} taken back", one.rollouts, one.rollbacks);
        }
        let _ = writeln!(text);
    }
    if fleet.decisions.is_empty() {
        return;
    }
    let _ = writeln!(
        text,
        "\n{BOLD}scaling{BOLD:#} {DIM}(a minute of CloudWatch's took {} s; 60 in AWS){DIM:#}",
        fleet.minute_s
    );
    for one in &fleet.decisions {
        let _ = writeln!(
            text,
            "{}  {}  {}  {} → {} tasks: {} {:.1}, target {} {DIM}({}){DIM:#}",
            clock(one.at_s),
            one.region,
            one.service,
            one.from,
            one.to,
            one.metric,
            one.measured,
            one.target,
            one.policy
        );
    }
}
