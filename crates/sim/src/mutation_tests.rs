//! Goal: those who judge notice every broken protocol. Method: each mutation alone, over faults by chance and over
//! scenarios that bring it out, until the checker or the simulator objects; and none objects to the protocol as it
//! is, on the same seeds.

use super::*;
use crate::mutation::Mutation;
use crate::tests::{by_chance, region_loss, scenario};
use crate::trial::Manner;

/// A mutation, its name, and the seeds within which it must be noticed.
const MUTATIONS: [(Mutation, &str, u64); 10] = [
    (Mutation::AcknowledgeBeforeJournal, "acknowledge before the journal", 50),
    (Mutation::NoFence, "no fence", 500),
    (Mutation::ReplayWindowTooShort, "replay window too short", 50),
    (Mutation::ReplayDecidesAgain, "replay decides again", 200),
    (Mutation::LeaseByWallClock, "lease by wall clock", 100),
    (Mutation::ServeAfterLease, "owner that keeps serving after its lease", 100),
    (Mutation::HealthWithoutLease, "health not tied to the lease", 100),
    (Mutation::NoIdempotence, "processor without idempotence", 50),
    (Mutation::FailbackWithoutCatchingUp, "failback without catching up", 200),
    (Mutation::SessionWithoutVersion, "session without version", 100),
];

/// Who noticed a mutation first, by the seed: on what, what it said, and after how many seeds.
struct Caught {
    by: &'static str,
    on: &'static str,
    seeds: u64,
    said: String,
}

fn stages() -> Vec<(&'static str, Simulation)> {
    let going_home = |fault: &str| scenario(&GOING_HOME.replace("FAULT", fault)).with_mishaps(Mishaps::WILD);
    vec![
        ("region-loss", region_loss()),
        ("faults by chance that end", by_chance(true)),
        ("faults by chance", by_chance(false)),
        ("home lost, then the way home", going_home("kind = \"lost\"\nregion = \"home\"")),
        ("a partition, then the way home", going_home("kind = \"partitioned\"\nregion = \"both\"")),
    ]
}

/// Home is out of reach for a while and comes back; its database follows a second behind.
const GOING_HOME: &str = r#"
name = "going-home"
summary = "home is out of reach for a while, comes back and takes over again"
must = ["the system goes home"]
must_not = ["an order is lost"]
[load]
steady_s = 10
after_recovery_s = 10
limit_s = 600
[replication]
wal_delay_ms = 900
session_lag_ms = 500
[hurry]
cooldown_s = 20
dwell_s = 15
[[fault]]
at_s = 0
for_s = 90
FAULT
[expect]
goes_home = true
"#;

fn first(stages: &[(&'static str, Simulation)], mutation: Mutation, within: u64) -> Option<Caught> {
    let manner = Manner { mutation: Some(mutation), ..Manner::default() };
    (1..=within).find_map(|seed| {
        stages.iter().find_map(|(on, simulation)| {
            let found = simulation.trial_in(seed, manner).violations;
            let first = found.first()?;
            Some(Caught { by: first.caught_by(), on, seeds: seed, said: first.to_string() })
        })
    })
}

#[test]
fn every_mutation_is_noticed_within_its_seeds() {
    let stages = stages();
    let mut missed = Vec::new();
    println!("| mutation | who noticed | on | after seeds (limit) | what it said |\n|---|---|---|---|---|");
    for (mutation, name, within) in MUTATIONS {
        match first(&stages, mutation, within) {
            Some(Caught { by, on, seeds, said }) => {
                println!("| {name} | {by} | {on} | {seeds} ({within}) | {said} |");
            }
            None => missed.push(name),
        }
    }
    assert_eq!(missed, Vec::<&str>::new(), "nobody noticed these");
}

#[test]
fn nobody_objects_to_the_protocol_as_it_is() {
    for (on, simulation) in stages() {
        let summary = simulation.run(1..40);
        assert_eq!(summary.violated, 0, "{on}: {:?}", summary.examples);
    }
}

#[test]
fn an_old_writer_is_refused_after_the_way_home() {
    let stages = stages();
    let refused: u64 = stages.iter().map(|(_, simulation)| simulation.run(1..200).writes_refused).sum();
    assert!(refused > 0, "else nothing is proved about the fence");
}
