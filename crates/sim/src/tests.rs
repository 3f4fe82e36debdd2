//! Goal: what the simulator says holds: no violation by the protocol as it is, the same seed the same trial, and
//! faults that end are recovered from. Method: seeds in a row, of the loss of a region and of faults by chance.

use recovery::Deployment;
use recovery::scenario::Scenario;

use super::*;

mod scenarios;

pub(crate) fn deployment() -> Deployment {
    let text = include_str!("../../../deployments/trading.toml");
    Deployment::parse(text, "deployments/trading.toml").expect("the shipped deployment is valid")
}

pub(crate) fn scenario(text: &str) -> Simulation {
    let scenario = Scenario::parse(text, "a scenario").expect("the scenario is valid");
    Simulation::of(&deployment(), &scenario).expect("it can be simulated")
}

pub(crate) fn region_loss() -> Simulation {
    scenario(include_str!("../../../scenarios/region-loss.toml"))
}

pub(crate) fn by_chance(heals: bool) -> Simulation {
    Simulation::by_chance(&deployment(), heals).expect("it can be simulated")
}

fn assert_unviolated(summary: &Summary) {
    assert_eq!(summary.violated, 0, "{:?}", summary.examples);
}

#[test]
fn a_lost_region_is_recovered_from_and_no_order_is_lost() {
    let summary = region_loss().run(0..300);
    assert_unviolated(&summary);
    assert_eq!(summary.trials, 300);
    for histogram in [&summary.accepted_again, &summary.accepted_again_two_endpoints, &summary.settled_again]
    {
        assert_eq!(histogram.count(), 300, "each trial comes to it");
    }
    assert!(summary.commits_lost > 300, "a run without lost commits proves nothing about the replay");
}

#[test]
fn whatever_strikes_nothing_goes_wrong_meanwhile() {
    assert_unviolated(&by_chance(false).run(0..300));
}

#[test]
fn once_faults_have_ended_the_service_comes_back() {
    let summary = by_chance(true).run(0..300);
    assert_unviolated(&summary);
    assert!(summary.moves > 50, "{} moves", summary.moves);
}

#[test]
fn a_seed_gives_the_same_trial_again_however_seeds_are_divided() {
    let simulation = region_loss();
    let (whole, mut parts) = (simulation.run(5..25), simulation.run(15..25));
    parts.merge(simulation.run(5..15));
    assert_eq!(whole, parts);
    assert_eq!(simulation.replay(7), simulation.replay(7));
    assert_ne!(simulation.replay(7).lines, simulation.replay(8).lines);
    let chance = by_chance(true);
    assert_eq!(chance.replay(3), chance.replay(3));
}

/// Written down once: another machine has to come to the same.
#[test]
fn a_trial_is_the_same_on_any_machine() {
    let summary = region_loss().run(1..2);
    let found = (summary.events, summary.accepted_again.worst_s(), summary.settled_again.worst_s());
    assert_eq!(found, WRITTEN_DOWN);
}

const WRITTEN_DOWN: (u64, Option<f64>, Option<f64>) = (7550, Some(33.422491), Some(111.837802));
