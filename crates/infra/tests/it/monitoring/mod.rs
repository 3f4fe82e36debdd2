//! R08, R19: alarms, who is told, dashboards.
//!
//! Method: read the alarms of each region back from the templates, as CloudWatch would, and compare what
//! they name with what the other templates make and with AWS's own list of metrics.

mod alarms;
mod arithmetic;
mod coverage;
mod dashboards;
mod documentation;
mod published;
mod silence;
mod topic;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::Template;

const REGIONS: [&str; 2] = ["us-east-1", "us-east-2"];

/// A metric as an alarm or a widget names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Named {
    namespace: String,
    name: String,
    dimensions: BTreeMap<String, String>,
}

impl Named {
    fn is(&self, namespace: &str, name: &str) -> bool {
        self.namespace == namespace && self.name == name
    }

    /// The value of a dimension; empty when the metric has no such.
    fn of(&self, dimension: &str) -> &str {
        self.dimensions.get(dimension).map_or("", String::as_str)
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// Metric, and the dimension by which it is asked for, of `SELECT MAX(metric) FROM "namespace" WHERE dimension = 'value'`.
fn of_query(query: &str) -> Named {
    let between = |start: &str, end: &str| -> String {
        let (_, rest) = query.split_once(start).expect("a query of our form");
        rest.split_once(end).expect("a query of our form").0.to_owned()
    };
    Named {
        namespace: between("FROM \"", "\""),
        name: between("SELECT MAX(", ")"),
        dimensions: BTreeMap::from([(between("WHERE ", " = "), between(" = '", "'"))]),
    }
}

/// Metric and names of dimensions of `…(SEARCH('{namespace,dimension,…} MetricName="metric" …', 'statistic', 60))`;
/// which resources are found is not known before.
fn of_search(search: &str) -> Named {
    let inner = search.split_once("SEARCH('{").expect("a search").1;
    let (schema, rest) = inner.split_once('}').expect("a schema");
    let mut parts = schema.split(',').map(str::to_owned);
    Named {
        namespace: parts.next().expect("a namespace"),
        name: rest.split('"').nth(1).expect("a metric").to_owned(),
        dimensions: parts.map(|dimension| (dimension, String::new())).collect(),
    }
}

fn of_metric(metric: &Value) -> Named {
    let dimensions = metric["Dimensions"].as_array().map_or(&[][..], Vec::as_slice);
    Named {
        namespace: text(&metric["Namespace"]),
        name: text(&metric["MetricName"]),
        dimensions: dimensions.iter().map(|one| (text(&one["Name"]), text(&one["Value"]))).collect(),
    }
}

/// Every metric that an alarm looks at.
fn metrics(alarm: &Value) -> Vec<Named> {
    let Some(queries) = alarm.get("Metrics").and_then(Value::as_array) else { return vec![of_metric(alarm)] };
    let found = queries.iter().filter_map(|query| match query.get("MetricStat") {
        Some(stat) => Some(of_metric(&stat["Metric"])),
        None => query["Expression"].as_str().filter(|text| text.starts_with("SELECT")).map(of_query),
    });
    found.collect()
}

/// The alarms of a region by purpose: `alarm-{purpose}-production`.
pub(crate) fn alarms<'t>(
    templates: &'t [Template],
    region: &str,
    kind: &'t str,
) -> BTreeMap<String, &'t Value> {
    let of_region = templates.iter().filter(|template| template.region == region);
    let all = of_region.flat_map(|template| template.all(kind));
    let purpose = |alarm: &Value| {
        let name = text(&alarm["AlarmName"]);
        let name = name.strip_prefix("alarm-").and_then(|name| name.strip_suffix("-production"));
        name.expect("a name of ours").to_owned()
    };
    let alarms: Vec<_> = all.map(|alarm| (purpose(alarm), alarm)).collect();
    let by_purpose: BTreeMap<_, _> = alarms.iter().cloned().collect();
    assert_eq!(by_purpose.len(), alarms.len(), "each has a name of its own in {region}");
    by_purpose
}

pub(crate) const METRIC_ALARM: &str = "AWS::CloudWatch::Alarm";
const COMPOSITE_ALARM: &str = "AWS::CloudWatch::CompositeAlarm";

/// Names of the tables, which both regions have and one manages.
fn tables(templates: &[Template]) -> BTreeSet<String> {
    let all = templates.iter().flat_map(|template| template.all("AWS::DynamoDB::GlobalTable"));
    all.map(|table| text(&table["TableName"])).collect()
}

/// The values of a property of every resource of one type in a region.
fn names(templates: &[Template], region: &str, kind: &str, property: &str) -> BTreeSet<String> {
    let of_region = templates.iter().filter(|template| template.region == region);
    of_region.flat_map(|template| template.all(kind)).map(|properties| text(&properties[property])).collect()
}
