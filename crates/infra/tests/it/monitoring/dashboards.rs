//! Goal: CloudWatch can draw the dashboards, and each shows both regions, the business first.
//! Method: read the body back as JSON.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{COMPOSITE_ALARM, Named, REGIONS, alarms, of_query, of_search, text};
use crate::{Template, everywhere, peer_of, trading};

/// The widgets of a region's dashboard.
fn widgets(templates: &[Template], region: &str) -> Vec<Value> {
    let of_region = templates.iter().filter(|template| template.region == region);
    let all: Vec<&Value> = of_region.flat_map(|t| t.all("AWS::CloudWatch::Dashboard")).collect();
    assert_eq!(all.len(), 1, "{region}");
    assert_eq!(
        all[0]["DashboardName"],
        format!("dashboard-{region}-production"),
        "dashboards are the account's"
    );
    let body: Value = serde_json::from_str(&text(&all[0]["DashboardBody"])).expect("a body in JSON");
    body["widgets"].as_array().expect("widgets").clone()
}

/// Each line of a widget: the metric and the region it is read in.
fn lines(widget: &Value) -> Vec<(Named, String)> {
    let line = |line: &Value| {
        let parts = line.as_array().expect("a list");
        let options = parts.last().expect("options");
        let region = text(&options["region"]);
        if let Some(expression) = options.get("expression") {
            let expression = text(expression);
            let searched = expression.contains("SEARCH(");
            return (if searched { of_search(&expression) } else { of_query(&expression) }, region);
        }
        let texts: Vec<String> = parts[..parts.len() - 1].iter().map(text).collect();
        let dimensions = texts[2..].chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
        (Named { namespace: texts[0].clone(), name: texts[1].clone(), dimensions }, region)
    };
    let metrics = widget["properties"]["metrics"].as_array();
    metrics.into_iter().flatten().map(line).collect()
}

/// Every metric that a region's dashboard shows.
pub(super) fn metrics(templates: &[Template], region: &str) -> Vec<Named> {
    widgets(templates, region).iter().flat_map(lines).map(|(metric, _)| metric).collect()
}

#[test]
fn widgets_fit_the_grid_and_do_not_overlap() {
    for (templates, region) in everywhere() {
        let mut taken = BTreeSet::new();
        let widgets = widgets(templates, region);
        assert!(widgets.len() > 20 && widgets.len() <= 100, "{} widgets", widgets.len());
        for widget in &widgets {
            let number = |property: &str| widget[property].as_u64().expect("a place on the grid");
            let (x, y) = (number("x"), number("y"));
            let (width, height) = (number("width"), number("height"));
            assert!(width >= 1 && x + width <= 24 && (1..=1000).contains(&height), "{widget}");
            for column in x..x + width {
                for row in y..y + height {
                    assert!(taken.insert((column, row)), "two widgets at {column}, {row}");
                }
            }
        }
        let rows = taken.iter().map(|(_, row)| row + 1).max().expect("some");
        assert_eq!(taken.len() as u64, 24 * rows, "no hole");
    }
}

#[test]
fn every_graph_shows_both_regions_and_the_resources_of_each() {
    for (templates, region) in everywhere() {
        for widget in widgets(templates, region).iter().filter(|widget| widget["type"] == "metric") {
            let lines = lines(widget);
            let shown: BTreeSet<&str> = lines.iter().map(|(_, region)| region.as_str()).collect();
            assert_eq!(shown, BTreeSet::from([region, peer_of(templates, region)]), "{widget}");
            for (metric, at) in &lines {
                let cluster = metric.of("DBClusterIdentifier");
                assert!(cluster.is_empty() || cluster.contains(at.as_str()), "{metric:?} in {at}");
                assert_ne!(metric.of("ReceivingRegion"), at, "{metric:?}");
                let machine = metric.of("StateMachineArn");
                assert!(machine.is_empty() || machine.contains(&format!(":{at}:")), "{metric:?} in {at}");
            }
        }
    }
}

#[test]
fn the_business_comes_first() {
    for (templates, region) in everywhere() {
        let widgets = widgets(templates, region);
        let first = |name: &str| {
            let shows = |widget: &&Value| lines(widget).iter().any(|(metric, _)| metric.name == name);
            let y = widgets.iter().filter(shows).filter_map(|widget| widget["y"].as_u64()).min();
            y.unwrap_or_else(|| panic!("{name} is not shown"))
        };
        let business =
            ["OrdersAccepted", "OrdersSettled", "SettlementLag", "OrdersReplayed", "OrdersUnavailable"];
        let last = business.map(first).into_iter().max().expect("five");
        let by_api = templates.iter().any(|template| template.name.contains("-Api-"));
        let latency = if by_api { "Latency" } else { "TargetResponseTime" };
        let parts = ["LeaseEpoch", latency, "Errors", "CPUUtilization", "AuroraGlobalDBReplicationLag"];
        assert!(parts.map(first).into_iter().all(|y| y > last));
    }
}

#[test]
fn the_state_of_both_regions_is_shown_by_alarms_that_exist() {
    let templates = trading();
    let expected: BTreeSet<String> = REGIONS
        .into_iter()
        .flat_map(|region| {
            let purposes = alarms(&templates, region, COMPOSITE_ALARM).into_keys();
            purposes
                .map(move |purpose| {
                    format!("arn:aws:cloudwatch:{region}:111122223333:alarm:alarm-{purpose}-production")
                })
                .collect::<Vec<_>>()
        })
        .collect();
    for region in REGIONS {
        let mut shown = BTreeSet::new();
        for widget in widgets(&templates, region).iter().filter(|widget| widget["type"] == "alarm") {
            shown.extend(widget["properties"]["alarms"].as_array().expect("ARNs").iter().map(text));
        }
        assert_eq!(shown, expected, "{region}");
    }
}
