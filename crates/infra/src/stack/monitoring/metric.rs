//! A metric in CloudWatch, and what is computed from several.

use cfn::Value;
use cfn::cloudwatch::alarm::{Dimension, Metric as OneMetric, MetricDataQuery, MetricStat};

/// A metric as its service publishes it. The number of dimensions is part of the type, for a metric with
/// one dimension too few is another metric, which has no data.
#[derive(Clone, Copy, Debug)]
pub struct Known<const N: usize> {
    /// Such as `AWS/Lambda`.
    pub namespace: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Names of its dimensions.
    pub dimensions: [&'static str; N],
}

impl<const N: usize> Known<N> {
    /// A metric by its namespace, its name and its dimensions.
    pub const fn new(namespace: &'static str, name: &'static str, dimensions: [&'static str; N]) -> Self {
        Self { namespace, name, dimensions }
    }

    /// The metric of one resource, by the values of its dimensions; summed up until told otherwise.
    pub fn of(&self, values: [String; N]) -> Metric {
        let dimensions = self.dimensions.into_iter().zip(values).collect();
        Metric { namespace: self.namespace, name: self.name, dimensions, statistic: "Sum" }
    }
}

/// The metric of one resource, with a statistic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Such as `AWS/Lambda`.
    pub namespace: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Names and values of its dimensions.
    pub dimensions: Vec<(&'static str, String)>,
    /// Such as `Sum` or `p99`.
    pub statistic: &'static str,
}

impl Metric {
    /// By another statistic.
    #[must_use]
    pub fn by(mut self, statistic: &'static str) -> Self {
        self.statistic = statistic;
        self
    }

    /// Name and value of each dimension, as an alarm writes them.
    pub(super) fn listed(&self) -> Vec<Dimension> {
        self.dimensions.iter().map(|(name, value)| Dimension::new(*name, value.clone())).collect()
    }

    /// One of several metrics of an expression.
    fn query(&self, id: &str, period_s: i64) -> MetricDataQuery {
        let metric =
            OneMetric::new().namespace(self.namespace).metric_name(self.name).dimensions(self.listed());
        MetricDataQuery::new(id)
            .metric_stat(MetricStat::new(metric, period_s, self.statistic))
            .return_data(false)
    }
}

/// What an alarm looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Measure {
    /// One metric.
    One(Metric),
    /// An expression over at most ten metrics, each by its id.
    ///
    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create-alarm-on-metric-math-expression.html>
    Math {
        /// In CloudWatch's metric math.
        expression: String,
        /// The metrics by the ids that the expression uses.
        metrics: Vec<(String, Metric)>,
    },
    /// The greatest value of a metric over every set of its dimensions in which one has this value: for a
    /// metric whose other dimensions AWS does not document.
    ///
    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-querylanguage.html>
    Greatest(Metric),
}

impl Measure {
    /// A share in percent; 0 while there is nothing to have a share of.
    pub fn percent(part: Metric, whole: Metric) -> Self {
        Self::Math {
            expression: "IF(whole > 0, 100 * FILL(part, 0) / whole, 0)".to_owned(),
            metrics: vec![("part".to_owned(), part), ("whole".to_owned(), whole)],
        }
    }

    /// The sum of several metrics, of which any may be missing.
    pub fn sum(metrics: impl IntoIterator<Item = Metric>) -> Self {
        Self::numbered(metrics, |ids| {
            ids.iter().map(|id| format!("FILL({id}, 0)")).collect::<Vec<_>>().join(" + ")
        })
    }

    /// The greatest of several metrics, of which any may be missing.
    pub fn greatest_of(metrics: impl IntoIterator<Item = Metric>) -> Self {
        Self::numbered(metrics, |ids| format!("MAX([{}])", ids.join(", ")))
    }

    fn numbered(metrics: impl IntoIterator<Item = Metric>, expression: impl Fn(&[String]) -> String) -> Self {
        let metrics: Vec<_> =
            metrics.into_iter().enumerate().map(|(number, metric)| (format!("m{number}"), metric)).collect();
        let ids: Vec<String> = metrics.iter().map(|(id, _)| id.clone()).collect();
        Self::Math { expression: expression(&ids), metrics }
    }

    /// What CloudWatch computes, when that is not a metric as it is.
    pub fn expression(&self) -> Option<String> {
        match self {
            Self::One(_) => None,
            Self::Math { expression, .. } => Some(expression.clone()),
            Self::Greatest(Metric { namespace, name, dimensions, .. }) => {
                let filters: Vec<String> =
                    dimensions.iter().map(|(name, value)| format!("{name} = '{value}'")).collect();
                Some(format!("SELECT MAX({name}) FROM \"{namespace}\" WHERE {}", filters.join(" AND ")))
            }
        }
    }

    /// The queries of an alarm on it; empty for a metric as it is.
    pub(super) fn queries(&self, period_s: i64) -> Vec<MetricDataQuery> {
        let Some(expression) = self.expression() else { return Vec::new() };
        let mut result = MetricDataQuery::new("result")
            .expression(Value::from(expression))
            .label("what is compared")
            .return_data(true);
        let Self::Math { metrics, .. } = self else {
            result = result.period(period_s);
            return vec![result];
        };
        let metrics = metrics.iter().map(|(id, metric)| metric.query(id, period_s));
        [result].into_iter().chain(metrics).collect()
    }
}
