//! Goal: a scenario file that would not do what it says is refused with its place.
//! Method: break shipped scenarios in one place at a time.

use super::*;

const SHIPPED: &str = include_str!("../../../../scenarios/region-loss.toml");
const OF_CONTAINERS: [(&str, &str); 4] = [
    ("task-killed", include_str!("../../../../scenarios/task-killed.toml")),
    ("bad-deployment", include_str!("../../../../scenarios/bad-deployment.toml")),
    ("zone-lost", include_str!("../../../../scenarios/zone-lost.toml")),
    ("burst", include_str!("../../../../scenarios/burst.toml")),
];

fn deployment(text: &str) -> Deployment {
    Deployment::parse(text, "deployment.toml").expect("it comes with the project")
}

#[test]
fn the_shipped_scenario_is_valid() {
    let scenario = Scenario::parse(SHIPPED, "region-loss.toml").expect("it is shipped");
    assert_eq!(scenario.faults[0].kind, FaultKind::Lost);
    assert!(scenario.loses_a_region());
    assert_eq!(scenario.cloudwatch_minute_s, CLOUDWATCH_MINUTE_S);
}

#[test]
fn what_is_about_containers_fits_a_deployment_that_has_some_and_no_other() {
    let functions = deployment(include_str!("../../../../deployments/trading.toml"));
    let containers = deployment(include_str!("../../../../deployments/finance-west.toml"));
    for (name, text) in OF_CONTAINERS {
        let scenario = Scenario::parse(text, name).expect("it is shipped");
        assert_eq!(scenario.name, name);
        assert!(!scenario.loses_a_region());
        assert_eq!(scenario.fits(&containers), Ok(()));
        let misfit = scenario.fits(&functions).expect_err("trading runs functions").to_string();
        assert_eq!(misfit, format!("the scenario {name} is about containers, and trading runs functions"));
    }
    let lost = Scenario::parse(SHIPPED, "region-loss.toml").expect("it is shipped");
    assert_eq!((lost.fits(&functions), lost.fits(&containers)), (Ok(()), Ok(())));
}

#[test]
fn an_unknown_field_is_named_with_its_line() {
    let text = SHIPPED.replace("steady_s", "stedy_s");
    let error = Scenario::parse(&text, "x.toml").expect_err("unknown field").to_string();
    let line = text.lines().position(|line| line.starts_with("stedy_s")).expect("replaced above") + 1;
    assert!(error.contains("stedy_s") && error.starts_with(&format!("x.toml:{line}:1: ")), "{error}");
}

#[test]
fn what_cannot_be_judged_yet_is_refused() {
    let on_the_standby = SHIPPED.replace("region = \"home\"", "region = \"standby\"");
    let both = format!("{SHIPPED}\n[[fault]]\nat_s = 1\nregion = \"standby\"\nkind = \"lost\"\n");
    let beside =
        format!("{SHIPPED}\n[[fault]]\nat_s = 1\nregion = \"home\"\nkind = \"zone_lost\"\nzone = 1\n");
    let unnamed = SHIPPED.replace("name = \"region-loss\"", "name = \" \"");
    let burst = format!("{SHIPPED}\n[burst]\ntimes = 10\nfor_s = 60\n");
    for (text, reason) in [
        (on_the_standby, "a fault on the standby cannot be judged yet"),
        (both, "both regions are lost"),
        (beside, "a region is lost, and what its containers suffer"),
        (burst, "a burst while a region is lost cannot be judged yet"),
        (unnamed, "a scenario needs a name"),
    ] {
        let error = Scenario::parse(&text, "x.toml").expect_err(reason).to_string();
        assert!(error.starts_with(&format!("x.toml: {reason}")), "{error}");
    }
}

#[test]
fn a_fault_names_what_it_strikes_and_nothing_else() {
    let [(_, killed), _, (_, zone), (_, burst)] = OF_CONTAINERS;
    let service = "service = \"orders-service\"";
    for (text, reason) in [
        (killed.replace(service, ""), "a fault of this kind needs a service"),
        (killed.replace(service, "service = \"ledger\""), "there is no service ledger"),
        (killed.replace(service, &format!("{service}\nzone = 1")), "a fault of this kind has no zone"),
        (zone.replace("zone = 2", ""), "a fault of this kind needs a zone"),
        (zone.replace("zone = 2", "zone = 0"), "zones are counted from 1"),
        (zone.replace("zone = 2", &format!("zone = 2\n{service}")), "a fault of this kind has no service"),
        (burst.replace("times = 10", "times = 1"), "burst.times must lie in 2..=100"),
        (
            burst.replace("cloudwatch_minute_s = 20", "cloudwatch_minute_s = 1"),
            "cloudwatch_minute_s must lie",
        ),
    ] {
        let error = Scenario::parse(&text, "x.toml").expect_err(reason).to_string();
        assert!(error.contains(reason), "{error}");
    }
    let without = burst.lines().take_while(|line| *line != "[burst]").collect::<Vec<_>>().join("\n");
    let error = Scenario::parse(&without, "x.toml").expect_err("nothing happens").to_string();
    assert!(error.contains("a scenario without a fault proves nothing"), "{error}");
}

#[test]
fn a_fault_after_the_limit_is_refused() {
    let text = SHIPPED.replace("at_s = 0 ", "at_s = 500 ");
    let error = Scenario::parse(&text, "x.toml").expect_err("never happens").to_string();
    assert!(error.contains("comes after the limit"), "{error}");
}
