//! What adds up, what is left out, and what a change of the templates changes.

use infra::check::{Inventory, Stack};
use infra::cost::{Assumptions, Estimate, Prices, Purpose};
use proptest::prelude::*;
use recovery::Deployment;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{estimate, reports, trading, usd};
use crate::check::inventory;
use crate::deployment;
use crate::mutations::edit;

/// Asserts that everything is the sum of what it is said to be the sum of.
fn adds_up(estimate: &Estimate) {
    let mut total = Decimal::ZERO;
    for item in &estimate.items {
        assert_eq!(item.quantity * item.unit_price_usd, item.monthly_usd, "{item:?}");
        assert!(item.quantity > Decimal::ZERO && item.monthly_usd > Decimal::ZERO, "{item:?}");
        total += item.monthly_usd;
    }
    assert_eq!(total, estimate.total_usd);
    for subtotals in [&estimate.regions, &estimate.purposes, &estimate.services] {
        let sum: Decimal = subtotals.iter().map(|subtotal| subtotal.monthly_usd).sum();
        assert_eq!(sum, total, "{subtotals:?}");
    }
}

#[test]
fn every_resource_of_every_deployment_is_priced_or_free_for_a_reason() {
    assert!(reports().len() >= 2);
    for report in reports() {
        adds_up(&report.estimate);
        assert_eq!(report.estimate.not_priced, [], "{} {}", report.deployment, report.environment);
    }
}

/// A number of the report, which is written as a text so that nobody reads it as a float.
fn number(value: &Value) -> Decimal {
    usd(value.as_str().expect("amounts are texts"))
}

#[test]
fn the_total_can_be_computed_again_from_what_is_printed() {
    let printed: Value = serde_json::to_value(trading()).expect("plain data");
    let items = printed["items"].as_array().expect("items");
    assert!(items.len() > 60, "{}", items.len());
    let amount = |item: &Value| number(&item["quantity"]) * number(&item["unit_price_usd"]);
    assert_eq!(items.iter().map(amount).sum::<Decimal>(), number(&printed["total_usd"]));
    for (field, list) in [("region", "regions"), ("purpose", "purposes"), ("service", "services")] {
        for subtotal in printed[list].as_array().expect("subtotals") {
            let own = items.iter().filter(|item| item[field] == subtotal["of"]);
            let sum: Decimal = own.map(amount).sum();
            assert_eq!(sum, number(&subtotal["monthly_usd"]), "{subtotal}");
        }
    }
}

#[test]
fn an_estimate_says_what_its_prices_are() {
    let report = trading();
    let label = &report.prices.label;
    assert!(label.contains("compiled by hand, not fetched: check before use"), "{label}");
    assert!(label.contains(&report.prices.as_of), "{label}");
    let prices = Prices::ours();
    for item in &report.estimate.items {
        let price = prices.of(&item.price, &item.region).expect("it came from the table");
        assert_eq!((price.usd, &price.per), (item.unit_price_usd, &item.unit));
    }
}

#[test]
fn the_standby_and_the_replication_have_their_price() {
    let deployment = deployment();
    let estimate = estimate(&inventory(&deployment), &deployment);
    let [serving, standby, replication, recovery] = Purpose::ALL.map(|purpose| estimate.purpose_usd(purpose));
    assert!(serving > standby && standby > replication && replication > recovery, "{estimate:?}");
    let home = deployment.regions.home.as_str();
    for item in &estimate.items {
        match item.purpose {
            Purpose::Standby => assert_eq!(item.region, deployment.regions.standby.as_str(), "{item:?}"),
            Purpose::Serving if item.service != "Route 53" => assert_eq!(item.region, home, "{item:?}"),
            _ => {}
        }
    }
}

#[test]
fn without_a_nat_gateway_it_costs_exactly_its_hours_less() {
    let deployment = deployment();
    let whole = inventory(&deployment);
    let mut without = whole.clone();
    edit::remove(&mut without, "us-east-1", "AWS::EC2::NatGateway", |one| {
        one["Metadata"]["aws:cdk:path"].as_str().is_some_and(|path| path.contains("Zone2"))
    });
    assert_ne!(whole, without);
    let [before, after] = [&whole, &without].map(|inventory| estimate(inventory, &deployment));
    // 729.6 h at 0.045 $; its data goes through the others.
    assert_eq!(before.total_usd - after.total_usd, usd("32.832"));
    let of = |estimate: &Estimate| {
        let gateways =
            estimate.items.iter().find(|item| item.region == "us-east-1" && item.price == "nat-hours");
        gateways.map(|item| (item.resources, item.quantity)).expect("there are some")
    };
    assert_eq!((of(&before), of(&after)), ((3, usd("2188.8")), (2, usd("1459.2"))));
}

#[test]
fn without_its_last_nat_gateway_a_region_pays_for_no_data_through_one() {
    let deployment = deployment();
    let whole = inventory(&deployment);
    let mut without = whole.clone();
    edit::remove(&mut without, "us-east-2", "AWS::EC2::NatGateway", |_| true);
    let [before, after] = [&whole, &without].map(|inventory| estimate(inventory, &deployment));
    let nat = |estimate: &Estimate| -> Decimal {
        let items =
            estimate.items.iter().filter(|item| item.region == "us-east-2" && item.price.starts_with("nat-"));
        items.map(|item| item.monthly_usd).sum()
    };
    assert!(nat(&before) > usd("98.496"));
    assert_eq!(nat(&after), Decimal::ZERO);
    assert_eq!(before.total_usd - after.total_usd, nat(&before));
}

#[test]
fn what_nobody_has_a_price_for_is_listed_and_not_dropped() {
    let deployment = deployment();
    let mut strange = inventory(&deployment);
    let total = estimate(&strange, &deployment).total_usd;
    edit::add(&mut strange, "us-east-1", "Compute", "AWS::Elsewhere::Thing", json!({}));
    let classes = edit::of(&mut strange, "us-east-2", "AWS::RDS::DBInstance");
    edit::set(classes, "DBInstanceClass", json!("db.x9.large"));
    let groups = edit::of(&mut strange, "us-east-2", "AWS::Logs::LogGroup");
    edit::set(edit::named(groups, "LogGroupName", "/aws/rds/"), "LogGroupName", json!("/somebody/else"));
    let estimate = estimate(&strange, &deployment);
    let said: Vec<String> = estimate
        .not_priced
        .iter()
        .map(|one| format!("{} in {}: {}", one.kind, one.region, one.why))
        .collect();
    let expected = [
        "AWS::Elsewhere::Thing in us-east-1: nobody has said what this type costs",
        "AWS::Logs::LogGroup in us-east-2: nobody states what is written to this log group",
        "AWS::RDS::DBInstance in us-east-2: the table has no price `aurora-instance-db.x9.large` for us-east-2",
        "AWS::RDS::DBInstance in us-east-2: the table has no price `aurora-instance-db.x9.large` for us-east-2",
    ];
    assert_eq!(said, expected);
    assert!(estimate.total_usd < total);
    adds_up(&estimate);
}

#[test]
fn a_region_that_the_table_is_not_for_is_not_priced_at_another_one_s_prices() {
    let deployment = deployment();
    let mut elsewhere = inventory(&deployment);
    for stack in elsewhere.stacks.iter_mut().filter(|stack| stack.region == "us-east-1") {
        stack.region = "eu-central-1".to_owned();
    }
    let estimate = estimate(&elsewhere, &deployment);
    let priced = estimate.items.iter().filter(|item| item.region == "eu-central-1").count();
    assert_eq!(priced, 0);
    assert!(estimate.not_priced.iter().any(|one| one.why.ends_with("for eu-central-1")));
}

/// A kind of resource, by number.
fn resource(kind: u8) -> Value {
    let (kind, properties) = match kind % 9 {
        0 => ("AWS::EC2::NatGateway", json!({})),
        1 => ("AWS::EC2::VPCEndpoint", json!({ "VpcEndpointType": "Interface", "SubnetIds": ["a", "b"] })),
        2 => (
            "AWS::RDS::DBInstance",
            json!({ "DBInstanceClass": "db.r6g.large", "Engine": "aurora-postgresql" }),
        ),
        3 => ("AWS::RDS::DBCluster", json!({})),
        4 => ("AWS::KMS::Key", json!({})),
        5 => ("AWS::ApiGateway::Stage", json!({})),
        6 => ("AWS::SQS::Queue", json!({ "QueueName": "queue-orders-production" })),
        7 => ("AWS::IAM::Role", json!({})),
        _ => ("AWS::Elsewhere::Thing", json!({})),
    };
    json!({ "Type": kind, "Properties": properties })
}

fn made(resources: &[(bool, u8)]) -> Inventory {
    let stack = |region: &str, standby: bool| {
        let own = resources.iter().enumerate().filter(|(_, (where_, _))| *where_ == standby);
        let own = own.map(|(id, (_, kind))| (format!("R{id}"), resource(*kind)));
        Stack {
            name: format!("TapStack-Made-{region}-production"),
            account: "111122223333".to_owned(),
            region: region.to_owned(),
            template: json!({ "Resources": own.collect::<serde_json::Map<_, _>>() }),
        }
    };
    Inventory { stacks: vec![stack("us-east-1", false), stack("us-east-2", true)] }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn totals_are_sums_and_a_resource_more_never_costs_less(
        resources in prop::collection::vec((any::<bool>(), any::<u8>()), 0..40),
        orders in 0..1_000_u32,
        bytes in 0..100_000_u64,
    ) {
        let mut deployment: Deployment = deployment();
        deployment.load.orders_per_second = orders;
        let mut assumed = Assumptions::stated();
        assumed.order_database_bytes = bytes;
        let of = |resources: &[(bool, u8)]| {
            Estimate::new(&made(resources), &deployment, &assumed, &Prices::ours())
        };
        let all = of(&resources);
        adds_up(&all);
        let strange = resources.iter().filter(|(_, kind)| kind % 9 == 8).count();
        prop_assert_eq!(all.not_priced.len(), strange);
        let fewer = of(&resources[..resources.len().saturating_sub(1)]);
        prop_assert!(fewer.total_usd <= all.total_usd);
    }
}
