//! Goal: an alarm made of several metrics rings in the outage that it is for, when some of them have no data.
//! Method: the expressions of the templates, computed as CloudWatch documents its metric math, over made-up minutes.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html>

use std::collections::BTreeMap;

use serde_json::Value;

use super::{METRIC_ALARM, alarms, text};
use crate::at_finance;

/// One minute of an expression's metrics; what is not in it has no data.
struct Minute<'m> {
    text: &'m str,
    values: &'m BTreeMap<String, f64>,
}

impl Minute<'_> {
    /// Takes a word from the front: a name, a number or a sign.
    fn next(&mut self) -> &str {
        let text = self.text.trim_start();
        let long = text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '.').count();
        let (word, rest) = text.split_at(long.max(1).min(text.len()));
        self.text = rest;
        word
    }

    fn peek(&self) -> char {
        self.text.trim_start().chars().next().unwrap_or(')')
    }

    fn expect(&mut self, sign: &str) {
        assert_eq!(self.next(), sign);
    }

    /// A comparison gives 1 or 0; whatever is computed from no data has none.
    fn comparison(&mut self) -> Option<f64> {
        let left = self.sum();
        if self.peek() != '>' {
            return left;
        }
        self.next();
        let or_equal = self.text.starts_with('=');
        if or_equal {
            self.next();
        }
        let right = self.sum();
        let holds = |left, right| left > right || (or_equal && left == right);
        left.zip(right).map(|(left, right): (f64, f64)| f64::from(u8::from(holds(left, right))))
    }

    fn sum(&mut self) -> Option<f64> {
        let mut total = self.product();
        while ['+', '-'].contains(&self.peek()) {
            let sign = if self.next() == "-" { -1.0 } else { 1.0 };
            total = total.zip(self.product()).map(|(total, next)| total + sign * next);
        }
        total
    }

    fn product(&mut self) -> Option<f64> {
        let mut total = self.single();
        while ['*', '/'].contains(&self.peek()) {
            let divides = self.next() == "/";
            let next = self.single();
            total = total.zip(next).and_then(|(total, next)| match (divides, next) {
                (true, 0.0) => None,
                (true, _) => Some(total / next),
                (false, _) => Some(total * next),
            });
        }
        total
    }

    fn single(&mut self) -> Option<f64> {
        let word = self.next().to_owned();
        match word.as_str() {
            "(" => {
                let inner = self.comparison();
                self.expect(")");
                inner
            }
            "IF" | "FILL" => {
                self.expect("(");
                let first = self.comparison();
                self.expect(",");
                let second = self.comparison();
                if word == "FILL" {
                    self.expect(")");
                    return first.or(second);
                }
                self.expect(",");
                let third = self.comparison();
                self.expect(")");
                if first? == 0.0 { third } else { second }
            }
            _ => word.parse().ok().or_else(|| self.values.get(&word).copied()),
        }
    }
}

/// What an alarm compares with its threshold, by the names of its metrics, and whether that is bad.
fn rings(alarm: &Value, minute: &[(&str, f64)]) -> bool {
    let queries = alarm["Metrics"].as_array().expect("it is computed");
    let id_of = |name: &str| {
        let found = queries.iter().find(|query| query["MetricStat"]["Metric"]["MetricName"] == name);
        text(&found.unwrap_or_else(|| panic!("it does not look at {name}"))["Id"])
    };
    let values = minute.iter().map(|(name, value)| (id_of(name), *value)).collect();
    let expression = queries.iter().find_map(|query| query["Expression"].as_str()).expect("an expression");
    let value = Minute { text: expression, values: &values }.comparison();
    let threshold = alarm["Threshold"].as_f64().expect("a number");
    match (value, text(&alarm["ComparisonOperator"]).as_str()) {
        (None, _) => alarm["TreatMissingData"] == "breaching",
        (Some(value), "GreaterThanThreshold") => value > threshold,
        (Some(value), "GreaterThanOrEqualToThreshold") => value >= threshold,
        (Some(_), other) => panic!("{other} is not known here"),
    }
}

#[test]
fn callers_who_get_no_answer_ring_whether_or_not_a_task_could_be_chosen() {
    const OWN: &str = "HTTPCode_ELB_5XX_Count";
    const TAKEN: &str = "RequestCount";
    for (templates, region) in at_finance() {
        let alarm = alarms(templates, region, METRIC_ALARM)["api-server-errors"];
        assert_eq!(alarm["Threshold"], 1.0, "percent");
        // The load balancer counts no request for which it could choose no task.
        assert!(rings(alarm, &[(OWN, 240.0)]), "no task is left: everybody gets 503");
        assert!(rings(alarm, &[(OWN, 240.0), (TAKEN, 3.0)]), "all but a few");
        assert!(rings(alarm, &[(OWN, 5.0), (TAKEN, 240.0)]), "two of a hundred");
        assert!(!rings(alarm, &[(OWN, 1.0), (TAKEN, 240.0)]), "a few of a thousand");
        assert!(!rings(alarm, &[(TAKEN, 240.0)]), "none");
        assert!(!rings(alarm, &[]), "nobody asks");
    }
}

#[test]
fn one_refused_address_rings_whichever_rule_refused_it() {
    for (templates, region) in at_finance() {
        let alarm = alarms(templates, region, METRIC_ALARM)["address-refused"];
        assert!(rings(alarm, &[("BlockedRequests", 1.0)]));
        assert!(!rings(alarm, &[]));
    }
}
