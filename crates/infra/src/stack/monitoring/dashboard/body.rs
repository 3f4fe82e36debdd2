//! The body of a dashboard, as CloudWatch reads it.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html>

use cfn::Json;
use serde_json::json;

use crate::stack::monitoring::metric::Metric;

/// Columns of a dashboard.
const COLUMNS: u32 = 24;
/// Seconds of one point of a graph.
const PERIOD_S: u32 = 60;

/// One line of a graph, in one region.
#[derive(Clone, Debug)]
pub struct Line {
    /// The region that publishes it.
    pub region: String,
    /// How it is called beside the graph.
    pub label: String,
    /// What it shows.
    pub shows: Shows,
}

/// What a line shows.
#[derive(Clone, Debug)]
pub enum Shows {
    /// A metric as it is.
    Metric(Metric),
    /// An expression without metrics of its own, such as a query.
    Expression(String),
}

impl Line {
    fn to_json(&self) -> Json {
        match &self.shows {
            Shows::Metric(metric) => {
                let mut line = vec![json!(metric.namespace), json!(metric.name)];
                line.extend(metric.dimensions.iter().flat_map(|(name, value)| [json!(name), json!(value)]));
                line.push(json!({ "label": self.label, "region": self.region, "stat": metric.statistic }));
                Json::Array(line)
            }
            Shows::Expression(expression) => {
                json!([{ "expression": expression, "label": self.label, "region": self.region }])
            }
        }
    }
}

/// How a graph draws its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// As figures: the latest value of each.
    Figures,
    /// As lines over time.
    Lines,
}

/// What a widget holds.
#[derive(Clone, Debug)]
pub enum Content {
    /// Words, in Markdown.
    Text(String),
    /// The state of alarms, by ARN.
    Alarms {
        /// Above it.
        title: String,
        /// The alarms, in order.
        arns: Vec<String>,
    },
    /// Metrics.
    Graph {
        /// Above it.
        title: String,
        /// How they are drawn.
        view: View,
        /// What is drawn.
        lines: Vec<Line>,
        /// A value to compare with, and what it is.
        limit: Option<(String, f64)>,
    },
}

impl Content {
    fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Alarms { .. } => "alarm",
            Self::Graph { .. } => "metric",
        }
    }

    fn to_json(&self, region: &str) -> Json {
        match self {
            Self::Text(markdown) => json!({ "markdown": markdown }),
            Self::Alarms { title, arns } => json!({ "title": title, "alarms": arns }),
            Self::Graph { title, view, lines, limit } => {
                let mut properties = json!({
                    "title": title,
                    "view": if *view == View::Figures { "singleValue" } else { "timeSeries" },
                    "stacked": false,
                    "region": region,
                    "period": PERIOD_S,
                    "stat": "Sum",
                    "metrics": lines.iter().map(Line::to_json).collect::<Vec<_>>(),
                });
                if *view == View::Lines {
                    properties["yAxis"] = json!({ "left": { "min": 0 } });
                }
                if let Some((label, value)) = limit {
                    properties["annotations"] = json!({ "horizontal": [{ "label": label, "value": value }] });
                }
                properties
            }
        }
    }
}

/// Widgets beside each other, of one height, which share the columns evenly.
#[derive(Clone, Debug)]
pub struct Row {
    /// In rows of the grid.
    pub height: u32,
    /// From left to right; their number divides 24.
    pub widgets: Vec<Content>,
}

/// The whole body; `region` is where a widget without a region of its own looks.
pub fn body(rows: &[Row], region: &str) -> Json {
    let mut widgets = Vec::new();
    let mut y = 0;
    for row in rows {
        let width = COLUMNS / u32::try_from(row.widgets.len()).unwrap_or(COLUMNS).max(1);
        for (x, content) in (0..).step_by(width as usize).zip(&row.widgets) {
            widgets.push(json!({
                "type": content.kind(),
                "x": x,
                "y": y,
                "width": width,
                "height": row.height,
                "properties": content.to_json(region),
            }));
        }
        y += row.height;
    }
    json!({ "start": "-PT3H", "periodOverride": "inherit", "widgets": widgets })
}
