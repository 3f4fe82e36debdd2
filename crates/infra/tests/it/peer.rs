//! Goal: whoever adds a resource learns that the benchmark's TypeScript peer lacks it, without Node.
//! Method: the counts that the last recorded benchmark found on both sides, against today's templates.

#[path = "../../benches/synth/counts.rs"]
mod counts;

use serde_json::json;

use crate::trading;

#[test]
fn the_benchmarks_peer_has_the_same_resources() {
    let recorded = include_str!("../../../../benches/peers/cdk-typescript/counts.json");
    let recorded: counts::Counts = serde_json::from_str(recorded).expect("the benchmark wrote it");
    let templates = trading();
    let ours = counts::of(templates.iter().map(|template| (template.name.clone(), &template.json)));
    let differences = counts::differences(&ours, &recorded);
    assert!(
        differences.is_empty(),
        "the peer is out of date: add what is missing to benches/peers/cdk-typescript, whose README says how, and run \
         `cargo bench -p infra --bench synth -- --repeats 1 --record`:\n{}",
        differences.join("\n")
    );
}

#[test]
fn every_difference_between_two_assemblies_is_named() {
    let template = |kinds: &[&str]| {
        let resources = kinds.iter().enumerate().map(|(id, kind)| (id.to_string(), json!({ "Type": kind })));
        json!({ "Resources": resources.collect::<serde_json::Map<_, _>>() })
    };
    let [own, other] = [template(&["A", "A", "B"]), template(&["A", "C"])];
    let ours = counts::of([("One".to_owned(), &own), ("Two".to_owned(), &own)]);
    let theirs = counts::of([("One".to_owned(), &other), ("Three".to_owned(), &other)]);
    assert_eq!(
        counts::differences(&ours, &theirs),
        [
            "One: 2 of A, the peer 1",
            "One: 1 of B, the peer 0",
            "One: 0 of C, the peer 1",
            "Three: only the peer has it",
            "Two: the peer does not have it",
        ]
    );
    assert!(counts::differences(&ours, &ours).is_empty());
}
