//! Who owned the lease under which epoch, and whether it ever went back.

use std::collections::BTreeMap;

use super::{Broken, Place, Violation};
use crate::history::{Facts, LeaseSeen};
use crate::{Epoch, Region};

pub(super) fn check(facts: &Facts, violations: &mut Vec<Violation>) {
    owners(facts, violations);
    falls(facts, violations);
}

/// Each further owner of an epoch is one violation, however often it was seen.
fn owners(facts: &Facts, violations: &mut Vec<Violation>) {
    let seen = facts.lease_history.iter().enumerate();
    let seen = seen.map(|(index, seen)| (seen.epoch, &seen.owner, Place::Lease(index)));
    let moves = facts.moves.iter().enumerate();
    let moves = moves.map(|(index, one)| (one.epoch, &one.to, Place::Move(index)));
    let mut owners: BTreeMap<Epoch, Vec<(&Region, Place)>> = BTreeMap::new();
    for (epoch, owner, place) in seen.chain(moves) {
        let owners = owners.entry(epoch).or_default();
        if !owners.iter().any(|(known, _)| *known == owner) {
            owners.push((owner, place));
        }
    }
    for (epoch, owners) in owners {
        for (other, at) in owners.iter().skip(1) {
            let (one, first) = owners[0];
            let broken = Broken::TwoOwners { epoch, one: one.clone(), other: (*other).clone() };
            violations.push(Violation::new(broken, [first, *at]));
        }
    }
}

/// A call that began after another one had ended must not find an earlier epoch than that one did. Calls that
/// overlap may be answered in any order.
fn falls(facts: &Facts, violations: &mut Vec<Violation>) {
    let mut ended: Vec<(usize, &LeaseSeen)> = facts.lease_history.iter().enumerate().collect();
    ended.sort_by_key(|(_, seen)| seen.at_ms);
    let mut asked: Vec<(u64, usize, &LeaseSeen)> =
        ended.iter().filter_map(|(index, seen)| Some((seen.asked_ms?, *index, *seen))).collect();
    asked.sort_by_key(|(asked_ms, _, _)| *asked_ms);
    let (mut ended, mut latest) = (ended.into_iter().peekable(), None::<(usize, &LeaseSeen)>);
    for (asked_ms, index, seen) in asked {
        while let Some(before) = ended.next_if(|(_, before)| before.at_ms < asked_ms) {
            latest = Some(latest.filter(|latest| latest.1.epoch >= before.1.epoch).unwrap_or(before));
        }
        if let Some((at, before)) = latest.filter(|(_, before)| before.epoch > seen.epoch) {
            let broken = Broken::EpochFell { from: before.epoch, to: seen.epoch };
            violations.push(Violation::new(broken, [Place::Lease(at), Place::Lease(index)]));
        }
    }
}
