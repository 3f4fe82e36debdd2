//! Goal: a reader sees the sum, what it is made of, and what each saving does to a recovery. Method: made-up
//! reports as plain text.

use infra::cost::proposal::Effect;
use infra::cost::{Assumption, Estimate, Free, NotPriced, Subtotal, Table};

use super::*;

fn usd(text: &str) -> Decimal {
    text.parse().expect("a number")
}

fn item(region: &str, purpose: Purpose, what: &str, quantity: &str, price: &str) -> Item {
    Item {
        region: region.to_owned(),
        service: "Aurora".to_owned(),
        what: what.to_owned(),
        purpose,
        resources: 2,
        quantity: usd(quantity),
        unit: "hour".to_owned(),
        unit_price_usd: usd(price),
        price: "aurora-instance".to_owned(),
        monthly_usd: usd(quantity) * usd(price),
    }
}

fn subtotal(of: &str, monthly_usd: &str) -> Subtotal {
    Subtotal { of: of.to_owned(), monthly_usd: usd(monthly_usd) }
}

fn estimate() -> Estimate {
    Estimate {
        items: vec![
            item("us-east-1", Purpose::Serving, "instances", "1459.2", "10.255"),
            item("us-east-1", Purpose::Replication, "log to the standby", "2", "0.02"),
            item("us-east-2", Purpose::Standby, "instances", "0.5", "0.01"),
        ],
        regions: vec![subtotal("us-east-1", "14964.136"), subtotal("us-east-2", "0.005")],
        purposes: vec![
            subtotal("serving", "14964.096"),
            subtotal("standby", "0.005"),
            subtotal("replication", "0.04"),
            subtotal("recovery", "0"),
        ],
        services: vec![subtotal("Aurora", "14964.141")],
        total_usd: usd("14964.141"),
        not_priced: Vec::new(),
        free: vec![Free { kind: "AWS::IAM::Role".to_owned(), resources: 34, why: "configuration" }],
    }
}

fn report() -> Report {
    let effect = Effect { question: "orders accepted again", before_s: 49, after_s: 89, objective_s: 60 };
    let proposal = Proposal {
        id: "slower-health-checks",
        title: "health checks every 30 s",
        how: "health_check.interval_s = 30".to_owned(),
        saves_usd: usd("30.5"),
        objectives_met: false,
        budget: vec![effect],
        budget_unchanged: None,
        rules_broken: Vec::new(),
        risk: "clients stay with the lost region for longer",
        needs: None,
    };
    let other = Proposal {
        id: "shorter-logs",
        title: "keep logs for a week",
        budget: Vec::new(),
        budget_unchanged: Some("nothing reads a log"),
        objectives_met: true,
        saves_usd: usd("1.005"),
        rules_broken: vec!["a-rule"],
        needs: Some("a setting"),
        ..proposal.clone()
    };
    Report {
        deployment: "trading".to_owned(),
        environment: "production".to_owned(),
        prices: Table {
            label: "published list prices as of 2025-06-30".to_owned(),
            as_of: "2025-06-30".to_owned(),
            compiled: "2026-11-20".to_owned(),
        },
        month_hours: usd("729.6"),
        estimate: estimate(),
        proposals: vec![proposal, other],
        assumptions: vec![Assumption { name: "order_bytes", value: 900, unit: "bytes", why: "an order" }],
    }
}

fn plain(report: &Report, all: bool) -> String {
    anstream::adapter::strip_str(&render(report, all)).to_string()
}

#[test]
fn an_estimate_with_its_proposals() {
    insta::assert_snapshot!("estimate", plain(&report(), false));
}

#[test]
fn what_is_not_priced_and_what_is_assumed_is_named() {
    let mut report = report();
    report.estimate.not_priced = vec![NotPriced {
        region: "us-east-1".to_owned(),
        kind: "AWS::New::Thing".to_owned(),
        path: "S/Thing".to_owned(),
        why: "nobody has said what this type costs".to_owned(),
    }];
    insta::assert_snapshot!("estimate_with_everything", plain(&report, true));
}

#[test]
fn cents_are_rounded_and_thousands_set_apart() {
    for (exact, shown) in [
        ("0", "0.00"),
        ("0.005", "0.01"),
        ("0.0049", "0.00"),
        ("999.995", "1,000.00"),
        ("1234567.8", "1,234,567.80"),
        ("100", "100.00"),
    ] {
        assert_eq!(money(usd(exact)), shown);
    }
}
