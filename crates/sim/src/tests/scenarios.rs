//! Goal: every scenario that can be simulated holds, and comes to what it expects of the lease and of orders.
//! Method: the files of `scenarios/`, a few dozen seeds each.

use std::path::Path;

use recovery::scenario::{AcceptedExpected, Expect, FaultKind, LeaseExpected, Scenario, SettledExpected};

use super::deployment;
use crate::{Simulation, Summary, Unsimulated};

const SEEDS: u64 = 40;
const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios");

fn scenarios() -> Vec<Scenario> {
    let mut files: Vec<_> = std::fs::read_dir(Path::new(DIRECTORY))
        .expect("there are scenarios")
        .map(|entry| entry.expect("it can be listed").path())
        .collect();
    files.sort();
    let read = |file: &std::path::PathBuf| {
        let text = std::fs::read_to_string(file).expect("it can be read");
        Scenario::parse(&text, &file.display().to_string()).expect("shipped scenarios are valid")
    };
    files.iter().map(read).collect()
}

fn objections(scenario: &Scenario, summary: &Summary) -> Vec<String> {
    // What a wrong clock does to ids, the simulator takes harder than the deployed system (docs/simulation.md).
    let clocks = scenario.faults.iter().any(|fault| fault.kind == FaultKind::ClockAhead);
    let expected = if clocks { Expect::default() } else { scenario.expected() };
    let mut objections = Vec::new();
    let mut object_if = |wrong: bool, what: String| {
        if wrong {
            objections.push(format!("{}: {what}", scenario.name));
        }
    };
    object_if(summary.violated > 0, format!("{} violated: {:?}", summary.violated, summary.examples.first()));
    let moved = summary.settled_again.count();
    match expected.lease {
        Some(LeaseExpected::Moves) => object_if(summary.moves < SEEDS, format!("{} moves", summary.moves)),
        Some(LeaseExpected::Stays) => object_if(summary.moves > 0, format!("{} moves", summary.moves)),
        _ => {}
    }
    if expected.lease == Some(LeaseExpected::Moves) && expected.accepted == Some(AcceptedExpected::Again) {
        object_if(summary.accepted_again.count() < SEEDS, "not accepted again each time".to_owned());
    }
    if expected.lease == Some(LeaseExpected::Moves) && expected.settled == Some(SettledExpected::Again) {
        object_if(moved < SEEDS, format!("settled again in {moved} trials"));
    }
    object_if(
        expected.goes_home == Some(true) && summary.failbacks < SEEDS,
        format!("{} failbacks", summary.failbacks),
    );
    objections
}

#[test]
fn every_scenario_that_can_be_simulated_holds() {
    let (mut objected, mut simulated) = (Vec::new(), 0);
    for scenario in scenarios() {
        match Simulation::of(&deployment(), &scenario) {
            Ok(simulation) => {
                simulated += 1;
                let summary = simulation.run(1..SEEDS + 1);
                println!(
                    "{}: {} moves, {} failbacks, by hand {}, accepted again p99 {:?}, settled again p99 {:?}",
                    scenario.name,
                    summary.moves,
                    summary.failbacks,
                    summary.by_hand,
                    summary.accepted_again.quantile_s(990),
                    summary.settled_again.quantile_s(990)
                );
                objected.extend(objections(&scenario, &summary));
            }
            Err(Unsimulated::Fault(_)) => {}
            Err(error) => panic!("{}: {error}", scenario.name),
        }
    }
    assert!(simulated > 0);
    assert_eq!(objected, Vec::<String>::new());
}
