//! What one fault may say.

use super::super::{Fault, Parameter, Place, SERVICES};
use super::{LONGEST_S, within};

/// Names what it strikes and when, and nothing that it does not need.
pub(super) fn check(fault: &Fault, limit_s: u64) -> Result<(), String> {
    let kind = fault.kind;
    if !kind.may_strike(fault.region) {
        return Err(match fault.region {
            Place::Both => format!("{kind} strikes one region, not both"),
            _ if kind.may_strike(Place::Both) => format!("{kind} is between two: region = \"both\""),
            _ => format!("{kind} strikes home, not the standby"),
        });
    }
    time(fault, limit_s)?;
    for parameter in Parameter::ALL {
        let (needed, given) = (kind.parameter() == Some(parameter), is_given(fault, parameter));
        match (needed, given) {
            (true, false) => return Err(format!("{kind} needs {}", parameter.name())),
            (false, true) => return Err(format!("{kind} has no {}", parameter.name())),
            _ => {}
        }
    }
    values(fault)
}

/// Its beginning, its end and its repetitions.
fn time(fault: &Fault, limit_s: u64) -> Result<(), String> {
    let kind = fault.kind;
    match (fault.at_s, fault.during) {
        (None, None) => return Err(format!("{kind} needs at_s or during")),
        (Some(_), Some(_)) => return Err(format!("{kind} has either at_s or during")),
        (Some(at_s), None) if at_s > limit_s => {
            return Err(format!("a fault at {at_s} s comes after the limit of {limit_s} s"));
        }
        _ => {}
    }
    if fault.for_s.is_some() && fault.until.is_some() {
        return Err(format!("{kind} ends after for_s or until something, not both"));
    }
    if kind.is_momentary() && (fault.for_s.is_some() || fault.until.is_some()) {
        return Err(format!("{kind} is over at once: it has no for_s and no until"));
    }
    if let Some(for_s) = fault.for_s {
        within("for_s", for_s, 1..=LONGEST_S)?;
    }
    repeated(fault, limit_s)
}

/// One end before the next beginning, and all within the limit.
fn repeated(fault: &Fault, limit_s: u64) -> Result<(), String> {
    let kind = fault.kind;
    within("times", u64::from(fault.times), 1..=100)?;
    let every_s = match (fault.times, fault.every_s) {
        (1, None) => return Ok(()),
        (1, Some(_)) => return Err(format!("{kind} strikes once: every_s needs times of 2 or more")),
        (_, None) => return Err(format!("{kind} strikes {} times: it needs every_s", fault.times)),
        (_, Some(every_s)) => every_s,
    };
    within("every_s", every_s, 1..=LONGEST_S)?;
    let lasts_s = fault.for_s.unwrap_or_default();
    if fault.for_s.is_none() && !kind.is_momentary() {
        return Err(format!("{kind} strikes again only after it has ended: it needs for_s"));
    }
    if lasts_s >= every_s {
        return Err(format!("{kind} lasts {lasts_s} s and strikes every {every_s} s: it would never end"));
    }
    let last_s = fault.strikes().last().map_or(0, |(begins_s, _)| begins_s);
    let last_s = last_s + fault.at_s.unwrap_or_default();
    if last_s > limit_s {
        return Err(format!("the last {kind} at {last_s} s comes after the limit of {limit_s} s"));
    }
    Ok(())
}

fn is_given(fault: &Fault, parameter: Parameter) -> bool {
    match parameter {
        Parameter::Service => fault.service.is_some(),
        Parameter::Zone => fault.zone.is_some(),
        Parameter::Share => fault.share.is_some(),
        Parameter::DelayMs => fault.delay_ms.is_some(),
        Parameter::AheadS => fault.ahead_s.is_some(),
        Parameter::Step => fault.step.is_some(),
    }
}

fn values(fault: &Fault) -> Result<(), String> {
    if let Some(service) = fault.service.as_deref().filter(|service| !SERVICES.contains(service)) {
        return Err(format!("there is no service {service}; there are {}", SERVICES.join(" and ")));
    }
    if fault.zone == Some(0) {
        return Err("zones are counted from 1".to_owned());
    }
    if let Some(share) = fault.share.filter(|share| !(*share > 0.0 && *share <= 1.0)) {
        return Err(format!("share must be above 0 and at most 1, not {share}"));
    }
    if let Some(delay_ms) = fault.delay_ms {
        within("delay_ms", delay_ms, 1..=120_000)?;
    }
    if let Some(ahead_s) = fault.ahead_s {
        within("ahead_s", ahead_s, 1..=86_400)?;
    }
    Ok(())
}
