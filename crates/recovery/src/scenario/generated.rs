//! Goal: no text makes the reader panic, and a scenario that is valid survives its file.
//! Method: random texts, shipped files with random damage, and generated scenarios written and read.

use proptest::prelude::*;

use super::*;
use crate::step::Action;

const SHIPPED: &str = include_str!("../../../../scenarios/region-loss.toml");

fn places() -> impl Strategy<Value = Place> {
    prop_oneof![Just(Place::Home), Just(Place::Standby), Just(Place::Both)]
}

fn workflow_steps() -> impl Strategy<Value = WorkflowStep> {
    let of = |workflow: WorkflowName| {
        proptest::sample::select(workflow.actions()).prop_map(move |action| WorkflowStep { workflow, action })
    };
    prop_oneof![of(WorkflowName::Failover), of(WorkflowName::Failback)]
}

/// A fault of any kind with just what its kind needs, which may still be at the wrong place or time.
fn faults() -> impl Strategy<Value = Fault> {
    let killed = prop_oneof![
        Just(KilledStep::Each),
        proptest::sample::select(&Action::FAILOVER).prop_map(KilledStep::Named)
    ];
    let kind = proptest::sample::select(&FaultKind::ALL);
    let time = (0_u64..40, proptest::option::of(workflow_steps()), proptest::option::of(1_u64..9), 1_u32..4);
    (kind, places(), time, 1_u32..9, 0.01_f64..1.0, 1_u64..5000, killed).prop_map(
        |(kind, region, (at_s, during, for_s, times), count, share, span, killed)| {
            let needs = |parameter| kind.parameter() == Some(parameter);
            Fault {
                at_s: during.is_none().then_some(at_s),
                during,
                for_s: for_s.filter(|_| !kind.is_momentary()),
                until: (for_s.is_none() && !kind.is_momentary() && count > 4).then_some(Until::Recovered),
                times,
                every_s: (times > 1).then_some(10),
                service: needs(Parameter::Service).then(|| SERVICES[0].to_owned()),
                zone: needs(Parameter::Zone).then_some(count),
                share: needs(Parameter::Share).then_some(share),
                delay_ms: needs(Parameter::DelayMs).then_some(span),
                ahead_s: needs(Parameter::AheadS).then_some(span),
                step: needs(Parameter::Step).then_some(killed),
                ..Fault::new(at_s, region, kind)
            }
        },
    )
}

fn scenarios() -> impl Strategy<Value = Scenario> {
    let burst = proptest::option::of((2_u32..20, 10_u64..60));
    let seconds = || proptest::option::of(1_u64..1000);
    let told = proptest::option::of("[a-z\"\\\\ ]{1,20}");
    (proptest::collection::vec(faults(), 1..4), burst, seconds(), seconds(), told).prop_map(
        |(faults, burst, cooldown_s, dns_cache_s, told)| Scenario {
            burst: burst.map(|(times, for_s)| Burst { times, for_s }),
            hurry: Hurry { cooldown_s, ..Hurry::default() },
            clients: Clients { dns_cache_s },
            expect: told.map(|told| Expect { told: Some(told), ..Expect::default() }),
            faults,
            ..Scenario::parse(SHIPPED, "region-loss.toml").expect("it is shipped")
        },
    )
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in ".{0,400}") {
        let _ = Scenario::parse(&text, "x.toml");
    }

    #[test]
    fn damage_to_a_file_gives_an_error_or_a_scenario(
        start in 0..SHIPPED.len(), length in 0_usize..30, put in "[a-z0-9=\"\\[\\].\n -]{0,20}",
    ) {
        let end = (start + length).min(SHIPPED.len());
        prop_assume!(SHIPPED.is_char_boundary(start) && SHIPPED.is_char_boundary(end));
        let text = [&SHIPPED[..start], &put, &SHIPPED[end..]].concat();
        if let Err(error) = Scenario::parse(&text, "x.toml") {
            prop_assert!(error.to_string().starts_with("x.toml:"), "{error}");
        }
    }

    #[test]
    fn a_valid_scenario_survives_its_file(scenario in scenarios()) {
        let text = toml::to_string(&scenario).expect("plain data");
        match (scenario.check(), Scenario::parse(&text, "x.toml")) {
            (Ok(()), Ok(read)) => prop_assert_eq!(read, scenario),
            (Err(reason), Err(error)) => prop_assert_eq!(error.to_string(), format!("x.toml: {reason}")),
            (checked, read) => prop_assert!(false, "{checked:?} and {read:?} for\n{text}"),
        }
    }
}
