//! What of a scenario this drill can apply, so that nothing of it is left out in silence.

use recovery::scenario::{Fault, FaultKind, Scenario};

/// The first thing that it cannot apply, as the file writes it; none when it can apply everything.
pub(super) fn cannot_apply(scenario: &Scenario) -> Option<String> {
    let expect = scenario.expected();
    let fields =
        [(expect.goes_home == Some(true), "expect.goes_home"), (expect.told.is_some(), "expect.told")];
    let field = fields.into_iter().find(|(used, _)| *used).map(|(_, field)| format!("`{field}`"));
    scenario.faults.iter().find_map(of_fault).or(field)
}

fn of_fault(fault: &Fault) -> Option<String> {
    if !applies(fault.kind) {
        return Some(format!("`{}`", fault.kind));
    }
    let ends = fault.for_s.is_some() || fault.until.is_some();
    let fields = [(ends && fault.kind.is_about_containers(), "for_s or until")];
    let used = fields.into_iter().find(|(used, _)| *used);
    used.map(|(_, field)| format!("`{field}` of a fault of kind `{}`", fault.kind))
}

fn applies(kind: FaultKind) -> bool {
    kind.is_about_containers()
        || matches!(
            kind,
            FaultKind::Lost
                | FaultKind::Frozen
                | FaultKind::Partitioned
                | FaultKind::CutOffFromClients
                | FaultKind::Errors
                | FaultKind::Slow
                | FaultKind::DatabaseKilled
                | FaultKind::DatabaseHung
                | FaultKind::JournalUnavailable
                | FaultKind::ProcessingBroken
                | FaultKind::ScheduleLost
                | FaultKind::DnsDenied
                | FaultKind::DuplicateTriggers
                | FaultKind::StepKilled
                | FaultKind::ClockAhead
                | FaultKind::SwitchOff
        )
}

#[cfg(test)]
mod tests {
    // Goal: what cannot be applied is named before anything is started. Method: a shipped file, changed.
    use super::*;

    const SHIPPED: &str = include_str!("../../../../scenarios/region-loss.toml");

    fn refused(change: impl Fn(&str) -> String) -> Option<String> {
        let scenario = Scenario::parse(&change(SHIPPED), "x.toml").expect("a valid scenario");
        cannot_apply(&scenario)
    }

    #[test]
    fn a_kind_that_cannot_be_applied_is_named() {
        assert_eq!(refused(str::to_owned), None);
        let planned = refused(|text| text.replace("kind = \"lost\"", "kind = \"switchover\""));
        assert_eq!(planned.as_deref(), Some("`switchover`"));
        assert_eq!(refused(|text| text.replace("at_s = 0 ", "during = \"failover:OwnLease\" ")), None);
        let expects = refused(|text| format!("{text}\n[expect]\ngoes_home = true\n"));
        assert_eq!(expects.as_deref(), Some("`expect.goes_home`"));
    }
}
