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

/// The shipped loss of a region that stays lost, and does not say what it expects.
fn for_good() -> String {
    let (text, _) = SHIPPED.split_once("\n[expect]\n").expect("it says what it expects");
    let lines = text.lines().filter(|line| !line.starts_with("until"));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn what_cannot_be_judged_is_refused() {
    let both = format!("{}\n[[fault]]\nat_s = 1\nregion = \"standby\"\nkind = \"lost\"\n", for_good());
    let beside =
        format!("{SHIPPED}\n[[fault]]\nat_s = 1\nregion = \"home\"\nkind = \"zone_lost\"\nzone = 1\n");
    let unnamed = SHIPPED.replace("name = \"region-loss\"", "name = \" \"");
    for (text, reason) in [
        (both, "both regions are lost"),
        (beside, "what containers suffer beside another fault cannot be judged"),
        (unnamed, "a scenario needs a name"),
    ] {
        let error = Scenario::parse(&text, "x.toml").expect_err(reason).to_string();
        assert!(error.starts_with(&format!("x.toml: {reason}")), "{error}");
    }
}

#[test]
fn a_burst_may_go_with_a_lost_region_and_alone_it_is_about_containers() {
    let burst = format!("{SHIPPED}\n[burst]\ntimes = 10\nfor_s = 60\n");
    let scenario = Scenario::parse(&burst, "x.toml").expect("both at once");
    let functions = deployment(include_str!("../../../../deployments/trading.toml"));
    assert_eq!(scenario.fits(&functions), Ok(()));
}

#[test]
fn a_fault_names_what_it_strikes_and_nothing_else() {
    let [(_, killed), _, (_, zone), (_, burst)] = OF_CONTAINERS;
    let service = "service = \"orders-service\"";
    for (text, reason) in [
        (killed.replace(service, ""), "task_killed needs service"),
        (killed.replace(service, "service = \"ledger\""), "there is no service ledger"),
        (killed.replace(service, &format!("{service}\nzone = 1")), "task_killed has no zone"),
        (zone.replace("zone = 2", ""), "zone_lost needs zone"),
        (zone.replace("zone = 2", "zone = 0"), "zones are counted from 1"),
        (zone.replace("zone = 2", &format!("zone = 2\n{service}")), "zone_lost has no service"),
        (zone.replace("\"home\"", "\"standby\""), "zone_lost strikes home, not the standby"),
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

/// The shipped scenario with this fault instead of its own.
fn with_fault(fault: &str) -> Result<Scenario, InvalidScenario> {
    let before = SHIPPED.split("[[fault]]").next().expect("a text has a beginning");
    Scenario::parse(&format!("{before}[[fault]]\n{fault}\n"), "x.toml")
}

#[test]
fn a_fault_has_a_time_or_a_step_to_begin_with_and_one_way_to_end() {
    let home = "region = \"home\"";
    for (fault, reason) in [
        ("kind = \"lost\"", "lost needs at_s or during"),
        ("kind = \"lost\"\nat_s = 1\nduring = \"failover:OwnLease\"", "either at_s or during"),
        ("kind = \"lost\"\nduring = \"failover:OwnLaese\"", "the failover has no step `OwnLaese`; there are"),
        ("kind = \"lost\"\nduring = \"OwnLease\"", "`OwnLease` names no step"),
        ("kind = \"frozen\"\nat_s = 0\nfor_s = 0", "for_s must lie in 1..=3600"),
        ("kind = \"frozen\"\nat_s = 0\nfor_s = 9\nuntil = \"recovered\"", "not both"),
        ("kind = \"switchover\"\nat_s = 0\nfor_s = 9", "switchover is over at once"),
        ("kind = \"frozen\"\nat_s = 0\nfor_s = 9\ntimes = 2", "it needs every_s"),
        ("kind = \"frozen\"\nat_s = 0\nfor_s = 9\nevery_s = 20", "every_s needs times of 2 or more"),
        ("kind = \"frozen\"\nat_s = 0\nevery_s = 20\ntimes = 2", "it needs for_s"),
        ("kind = \"frozen\"\nat_s = 0\nfor_s = 9\ntimes = 2\nevery_s = 9", "it would never end"),
        ("kind = \"frozen\"\nat_s = 0\nfor_s = 9\ntimes = 9\nevery_s = 60", "the last frozen at 480 s"),
        ("kind = \"errors\"\nat_s = 0", "errors needs share"),
        ("kind = \"errors\"\nat_s = 0\nshare = nan", "share must be above 0"),
        ("kind = \"slow\"\nat_s = 0\ndelay_ms = 0", "delay_ms must lie in"),
        ("kind = \"clock_ahead\"\nat_s = 0\nahead_s = 100000", "ahead_s must lie in"),
        ("kind = \"step_killed\"\nat_s = 0\nstep = \"all\"", "no workflow has a step `all`"),
        ("kind = \"partitioned\"\nat_s = 0", "partitioned is between two"),
    ] {
        let error = with_fault(&format!("{home}\n{fault}")).expect_err(reason).to_string();
        assert!(error.contains(reason), "{error}");
    }
    let both = with_fault("region = \"both\"\nkind = \"frozen\"\nat_s = 0").expect_err("one at a time");
    assert!(both.to_string().contains("frozen strikes one region, not both"), "{both}");
}

#[test]
fn a_fault_that_comes_back_says_when_each_time() {
    let flapping = "region = \"home\"\nkind = \"lost\"\nat_s = 5\nfor_s = 20\ntimes = 3\nevery_s = 60";
    let scenario = with_fault(flapping).expect("it ends before it strikes again");
    let fault = &scenario.faults[0];
    assert_eq!(fault.begins(), Beginning::At(5));
    let strikes: Vec<_> = fault.strikes().collect();
    assert_eq!(strikes, [(0, Some(20)), (60, Some(80)), (120, Some(140))]);
    assert!(!fault.stays());
}

#[test]
fn what_is_expected_is_what_the_file_says_or_follows_from_its_faults() {
    let home = Scenario::parse(SHIPPED, "x.toml").expect("it is shipped").expected();
    assert_eq!((home.lease, home.goes_home), (Some(LeaseExpected::Moves), Some(true)));
    let lost = Scenario::parse(&for_good(), "x.toml").expect("it is valid").expected();
    assert_eq!((lost.lease, lost.goes_home), (Some(LeaseExpected::Moves), None));
    let zone = Scenario::parse(OF_CONTAINERS[2].1, "x.toml").expect("it is shipped").expected();
    assert_eq!((zone.lease, zone.accepted), (Some(LeaseExpected::Stays), None));
    let said = |expect: &str| Scenario::parse(&format!("{}\n[expect]\n{expect}\n", for_good()), "x.toml");
    let expect = said("accepted = \"refused\"").expect("one field").expected();
    assert_eq!(
        expect,
        Expect { accepted: Some(AcceptedExpected::Refused), ..Expect::default() },
        "what is not said is not checked"
    );
    for (expect, reason) in [
        ("", "expect says nothing"),
        ("told = \" \"", "expect.told must have 1 to 200 characters"),
        ("lease = \"stays\"\ngoes_home = true", "a lease that stays does not go home"),
        ("lease = \"stays\"\nwrites_refused = true", "the fence refuses nobody"),
        ("lease = \"flies\"", "unknown variant `flies`"),
    ] {
        let error = said(expect).expect_err(reason).to_string();
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn a_hurry_shortens_waits_and_tells_which() {
    let mut hurried = deployment(include_str!("../../../../deployments/trading.toml"));
    let deployed = hurried.clone();
    let hurry = Hurry { cooldown_s: Some(20), dwell_s: Some(1_000_000), database_patience_s: None };
    let told: Vec<String> = hurry.apply(&mut hurried).iter().map(Hurried::to_string).collect();
    assert_eq!(told, [format!("lease.cooldown_s: 20 s instead of {} s", deployed.lease.cooldown_s)]);
    assert_eq!(hurried.lease.cooldown_s, 20);
    assert_eq!(hurried.failback, deployed.failback, "nothing becomes longer");
}

#[test]
fn every_kind_is_written_as_it_is_read() {
    for kind in FaultKind::ALL {
        assert_eq!(serde_json::to_value(kind).expect("a word"), kind.name());
        let places = [Place::Home, Place::Standby, Place::Both];
        assert!(places.into_iter().any(|place| kind.may_strike(place)), "{kind} strikes nowhere");
    }
}

#[test]
fn a_fault_after_the_limit_is_refused() {
    let text = SHIPPED.replace("at_s = 0 ", "at_s = 500 ");
    let error = Scenario::parse(&text, "x.toml").expect_err("never happens").to_string();
    assert!(error.contains("comes after the limit"), "{error}");
}
