//! Goal: people see what is estimated, beside its objective, and how to see a violation again. Method: the screens of
//! hand-made reports, and a picture that is well formed.

use recovery::Deployment;
use recovery::scenario::Scenario;
use sim::{Report, Simulation, Summary};

use super::*;

fn deployment() -> Deployment {
    let text = include_str!("../../../../../deployments/trading.toml");
    Deployment::parse(text, "trading.toml").expect("the shipped deployment is valid")
}

fn summary() -> Summary {
    let scenario = include_str!("../../../../../scenarios/region-loss.toml");
    let scenario = Scenario::parse(scenario, "region-loss.toml").expect("the shipped scenario is valid");
    Simulation::of(&deployment(), &scenario).expect("it can be simulated").run(1..41)
}

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

#[test]
fn a_report_for_people() {
    let mut report = Report::of(&summary(), &deployment(), "region-loss", 1, 2.0);
    report.commit = "0123456789ab".to_owned();
    let text = plain(&render(&report, "standfast simulate"));
    let word = if report.passed { "passed" } else { "failed" };
    let headline = format!("region-loss on trading: {word}");
    for part in [
        headline.as_str(),
        "estimated (simulated): 40 trials, seeds 1 to 40, commit 0123456789ab",
        "accepted again, clients that follow DNS",
        "with 2 such outages a year",
        "violations: 0 of 40 trials",
    ] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    let row = text.lines().find(|line| line.starts_with("settled again")).expect("a row");
    assert!(row.contains("1800") && row.trim_end().ends_with("met"), "{row}");
}

#[test]
fn a_violation_says_how_to_see_it_again() {
    let mut summary = summary();
    summary.violated = 1;
    let violation = sim::Violation::SessionWentBack { session: 0 };
    summary.examples = vec![sim::Example { seed: 23, violation }];
    let report = Report::of(&summary, &deployment(), "partition", 1, 1.0);
    let text = plain(&render(&report, "standfast simulate partition"));
    assert!(text.contains("standfast simulate partition --seed 23 --replay"), "{text}");
    assert!(text.contains("session 0 was served older"), "{text}");
}

#[test]
fn the_picture_is_well_formed_and_shows_each_time_with_its_objective() {
    let summary = summary();
    let report = Report::of(&summary, &deployment(), "region-loss <&>", 1, 1.0);
    let svg = svg::draw(&report, &summary);
    assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"));
    assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
    assert!(svg.contains("region-loss &lt;&amp;&gt;") && svg.contains("objective 60.0 s"), "{svg}");
    assert!(svg.contains("estimated (simulated)") && svg.matches("p99 ").count() == 3);
    let empty = Report::of(&Summary::default(), &deployment(), "none", 1, 1.0);
    assert_eq!(svg::draw(&empty, &Summary::default()).matches("no trial came to it").count(), 3);
}

#[test]
fn a_replay_tells_what_happened_in_order() {
    let scenario = include_str!("../../../../../scenarios/region-loss.toml");
    let scenario = Scenario::parse(scenario, "region-loss.toml").expect("the shipped scenario is valid");
    let replay = Simulation::of(&deployment(), &scenario).expect("it can be simulated").replay(7);
    let text = plain(&replay::render(&replay, None));
    let at = |what: &str| text.find(what).unwrap_or_else(|| panic!("{what}:\n{text}"));
    assert!(at("fault 0 begins: Lost in region 0") < at("the lease: epoch 2, region 1, recovering"));
    assert!(at("failover-2 begins") < at("failover-2 succeeded") && text.contains("violations: 0"));
    let json: serde_json::Value =
        serde_json::from_str(&replay::as_json(&replay, None)).expect("it is one JSON object");
    assert_eq!(json["seed"], 7);
}
