//! What of a scenario this drill can apply, so that nothing of it is left out in silence.

use recovery::scenario::{Fault, FaultKind, Hurry, Place, Scenario};

/// The first thing that it cannot apply, as the file writes it; none when it can apply everything.
pub(super) fn cannot_apply(scenario: &Scenario) -> Option<String> {
    let fields = [
        (scenario.hurry != Hurry::default(), "[hurry]"),
        (scenario.clients.dns_cache_s.is_some(), "clients.dns_cache_s"),
        (scenario.expect.is_some(), "[expect]"),
        (scenario.burst.is_some() && !scenario.faults.is_empty(), "a [burst] with a fault"),
    ];
    let field = fields.into_iter().find(|(used, _)| *used).map(|(_, field)| format!("`{field}`"));
    scenario.faults.iter().find_map(of_fault).or(field)
}

fn of_fault(fault: &Fault) -> Option<String> {
    if !applies(fault.kind) {
        return Some(format!("`{}`", fault.kind));
    }
    let fields = [
        (fault.during.is_some(), "during"),
        (fault.for_s.is_some(), "for_s"),
        (fault.until.is_some(), "until"),
        (fault.times > 1, "times"),
        (fault.region != Place::Home, "region"),
    ];
    let used = fields.into_iter().find(|(used, _)| *used);
    used.map(|(_, field)| format!("`{field}` of a fault of kind `{}`", fault.kind))
}

fn applies(kind: FaultKind) -> bool {
    kind == FaultKind::Lost || kind.is_about_containers()
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
        let frozen = refused(|text| text.replace("kind = \"lost\"", "kind = \"clock_ahead\"\nahead_s = 9"));
        assert_eq!(frozen.as_deref(), Some("`clock_ahead`"));
        let ends = refused(|text| text.replace("kind = \"lost\"", "kind = \"lost\"\nfor_s = 9"));
        assert_eq!(ends.as_deref(), Some("`for_s` of a fault of kind `lost`"));
        let expects = refused(|text| format!("{text}\n[expect]\ngoes_home = true\n"));
        assert_eq!(expects.as_deref(), Some("`[expect]`"));
    }
}
