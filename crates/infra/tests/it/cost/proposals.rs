//! Where it could cost less, and what that does to a recovery.

use infra::cost::{Proposal, Report};
use rust_decimal::Decimal;

use super::{estimate, reports, trading, usd};
use crate::check::inventory;
use crate::deployment;
use crate::mutations::edit;

fn proposal<'r>(report: &'r Report, id: &str) -> &'r Proposal {
    let found = report.proposals.iter().find(|proposal| proposal.id == id);
    found.unwrap_or_else(|| panic!("no proposal {id}"))
}

#[test]
fn every_deployment_has_three_savings_that_keep_every_objective() {
    for report in reports() {
        let sound = report
            .proposals
            .iter()
            .filter(|one| one.objectives_met && one.rules_broken.is_empty() && one.saves_usd > usd("1"));
        assert!(sound.count() >= 3, "{}: {:#?}", report.deployment, report.proposals);
        for proposal in &report.proposals {
            assert!(Decimal::ZERO < proposal.saves_usd && proposal.saves_usd < report.estimate.total_usd);
            assert!(proposal.risk.len() > 20 && !proposal.how.is_empty(), "{proposal:?}");
            // Either the budget changes, or it says why it does not.
            assert_eq!(proposal.budget.is_empty(), proposal.budget_unchanged.is_some(), "{proposal:?}");
        }
        assert!(report.proposals.is_sorted_by(|one, next| one.saves_usd >= next.saves_usd));
    }
}

#[test]
fn a_saving_that_misses_an_objective_says_so_with_both_figures() {
    let report = trading();
    let slower = proposal(report, "slower-health-checks");
    assert!(!slower.objectives_met);
    let effects: Vec<_> =
        slower.budget.iter().map(|effect| (effect.before_s, effect.after_s, effect.objective_s)).collect();
    assert_eq!(effects, [(49, 89, 60)]);
}

#[test]
fn a_saving_is_the_difference_of_two_estimates() {
    let report = trading();
    let mut turned = deployment();
    turned.health_check.interval_s = 30;
    let after = estimate(&inventory(&turned), &turned);
    let slower = proposal(report, "slower-health-checks");
    assert_eq!(slower.saves_usd, report.estimate.total_usd - after.total_usd);
    // Two gateways and two addresses in each region, for 729.6 h.
    assert_eq!(proposal(report, "one-nat-gateway").saves_usd, usd("145.92"));
    // Four instances of 189.696, of which 30 % are assumed to be saved.
    assert_eq!(proposal(report, "reserved-database").saves_usd, usd("227.6352"));
}

#[test]
fn what_is_so_already_is_not_proposed() {
    let mut thrifty = deployment();
    thrifty.health_check.interval_s = 30;
    thrifty.compute.architecture = recovery::deployment::Architecture::Arm64;
    let report = Report::new(&thrifty).expect("it can be synthesised");
    for id in ["slower-health-checks", "graviton", "smaller-database"] {
        assert!(report.proposals.iter().all(|one| one.id != id), "{id}");
    }
    // A class that has a smaller one: half the price.
    let mut large = deployment();
    large.database.instance_class = "db.r6g.xlarge".to_owned();
    let report = Report::new(&large).expect("it can be synthesised");
    // Four instances, 729.6 h, 0.519 less 0.26.
    assert_eq!(proposal(&report, "smaller-database").saves_usd, usd("755.8656"));
}

#[test]
fn an_expiring_journal_pays_for_its_deletions() {
    let report = trading();
    let expires = proposal(report, "journal-expires");
    let gross = {
        let items = report.estimate.items.iter().filter(|item| item.what.contains("table-journal"));
        let kept =
            items.filter(|item| ["dynamodb-storage", "dynamodb-restorable"].contains(&item.price.as_str()));
        // Nine of twelve months.
        kept.map(|item| item.monthly_usd).sum::<Decimal>() * usd("0.75")
    };
    let writes = report
        .estimate
        .items
        .iter()
        .filter(|item| item.price == "dynamodb-write" && item.what.contains("journal"));
    let deletions: Decimal = writes.map(|item| item.monthly_usd).sum();
    let less = gross - expires.saves_usd;
    assert!(less > deletions && less < deletions + usd("5"), "{less} for {deletions}");
}

#[test]
fn fewer_endpoints_cost_their_hours_less() {
    let deployment = deployment();
    let whole = inventory(&deployment);
    let mut without = whole.clone();
    for region in ["us-east-1", "us-east-2"] {
        edit::remove(&mut without, region, "AWS::EC2::VPCEndpoint", |one| {
            let name = one["Properties"]["ServiceName"].as_str().unwrap_or_default();
            [".sts", ".lambda", ".events"].iter().any(|service| name.ends_with(service))
        });
    }
    let saved = estimate(&whole, &deployment).total_usd - estimate(&without, &deployment).total_usd;
    // Three services in two regions, three zones each: 18 × 729.6 h × 0.01.
    assert_eq!(saved, usd("131.328"));
    assert_eq!(proposal(trading(), "rare-calls-through-nat").saves_usd, saved);
}

#[test]
fn a_saving_that_breaks_a_rule_says_which_and_what_it_does_to_a_settlement() {
    let deployment = deployment();
    let report = trading();
    let shorter = proposal(report, "shorter-watches");
    let least_s = deployment.sentinel.schedule_s + deployment.lease.ttl_s + deployment.lease.margin_s;
    let left_s = deployment.sentinel.watch_s - least_s;
    let [effect] = shorter.budget.as_slice() else { panic!("{shorter:?}") };
    assert!(effect.after_s >= effect.before_s + left_s, "{effect:?}");
    assert_eq!(effect.question, "orders settled again");
    assert_eq!(shorter.objectives_met, effect.after_s <= effect.objective_s);
    assert_eq!(shorter.rules_broken, ["watches-overlap"]);
    // Two regions, 43,776 watches of half a GB, and the seconds that are left.
    let time = usd("43776") * Decimal::from(left_s) * usd("0.0000166667");
    assert!(
        shorter.saves_usd > time,
        "{} is more than {time}: probes and reads of the lease, too",
        shorter.saves_usd
    );
}
