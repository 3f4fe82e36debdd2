//! An alarm: when it rings, what that means, and what to do first.

use cdk::{Handle, Scope};
use cfn::cloudwatch;

use super::metric::Measure;
use crate::place::Place;

/// Seconds of the shortest period of an alarm at the ordinary price.
const MINUTE_S: i64 = 60;

/// When a value is bad.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bad {
    /// Greater than this.
    Above(f64),
    /// This or greater.
    AtLeast(f64),
    /// Less than this.
    Below(f64),
}

impl Bad {
    fn operator(self) -> &'static str {
        match self {
            Self::Above(_) => "GreaterThanThreshold",
            Self::AtLeast(_) => "GreaterThanOrEqualToThreshold",
            Self::Below(_) => "LessThanThreshold",
        }
    }

    fn threshold(self) -> f64 {
        match self {
            Self::Above(value) | Self::AtLeast(value) | Self::Below(value) => value,
        }
    }
}

/// What a period without data says, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// All is well.
    Well(&'static str),
    /// That alone is bad.
    Bad(&'static str),
    /// Nothing: the alarm stays as it is.
    Nothing(&'static str),
}

impl Missing {
    fn treatment(self) -> &'static str {
        match self {
            Self::Well(_) => "notBreaching",
            Self::Bad(_) => "breaching",
            Self::Nothing(_) => "ignore",
        }
    }

    fn reason(self) -> &'static str {
        match self {
            Self::Well(reason) | Self::Bad(reason) | Self::Nothing(reason) => reason,
        }
    }
}

/// One alarm of one region.
#[derive(Clone, Debug, PartialEq)]
pub struct Alarm {
    /// What it is on; its name is `alarm-{purpose}-{suffix}`.
    pub purpose: String,
    /// What is wrong when it rings, in a sentence.
    pub meaning: String,
    /// What to do first, in a sentence.
    pub first: &'static str,
    /// What it looks at.
    pub measure: Measure,
    /// When that is bad.
    pub bad: Bad,
    /// Seconds of one period.
    pub period_s: i64,
    /// Bad periods …
    pub datapoints: i64,
    /// … out of so many.
    pub periods: i64,
    /// What a period without data says.
    pub missing: Missing,
}

impl Alarm {
    /// Rings when one minute is bad, and says nothing yet.
    pub fn new(purpose: impl Into<String>, measure: Measure, bad: Bad, missing: Missing) -> Self {
        Self {
            purpose: purpose.into(),
            meaning: String::new(),
            first: "",
            measure,
            bad,
            period_s: MINUTE_S,
            datapoints: 1,
            periods: 1,
            missing,
        }
    }

    /// Rings when so many periods out of so many are bad.
    #[must_use]
    pub fn lasting(mut self, datapoints: i64, periods: i64) -> Self {
        self.datapoints = datapoints;
        self.periods = periods;
        self
    }

    /// Looks at periods of so many seconds.
    #[must_use]
    pub fn every(mut self, period_s: i64) -> Self {
        self.period_s = period_s;
        self
    }

    /// Says what is wrong, and what to do first.
    #[must_use]
    pub fn says(mut self, meaning: impl Into<String>, first: &'static str) -> Self {
        self.meaning = meaning.into();
        self.first = first;
        self
    }

    /// What people read when it rings.
    pub fn description(&self) -> String {
        format!("{} First: {} No data: {}", self.meaning, self.first, self.missing.reason())
    }

    /// Adds it; it tells the region's topic when it rings and when all is well again.
    pub(in crate::stack) fn add(&self, scope: &mut Scope<'_>, place: &Place<'_>) -> Handle {
        let topic = place.alert_topic_arn();
        let mut alarm = cloudwatch::Alarm::new()
            .alarm_name(name(place, &self.purpose))
            .alarm_description(self.description())
            .comparison_operator(self.bad.operator())
            .threshold(self.bad.threshold())
            .evaluation_periods(self.periods)
            .datapoints_to_alarm(self.datapoints)
            .treat_missing_data(self.missing.treatment())
            .alarm_actions([topic.clone()])
            .ok_actions([topic]);
        alarm = match &self.measure {
            Measure::One(metric) => {
                let alarm = alarm
                    .namespace(metric.namespace)
                    .metric_name(metric.name)
                    .dimensions(metric.listed())
                    .period(self.period_s);
                if metric.statistic.starts_with('p') {
                    alarm.extended_statistic(metric.statistic)
                } else {
                    alarm.statistic(metric.statistic)
                }
            }
            computed => alarm.metrics(computed.queries(self.period_s)),
        };
        scope.add(&self.purpose, alarm)
    }
}

/// Physical name of the alarm for a purpose.
pub fn name(place: &Place<'_>, purpose: &str) -> String {
    place.names().resource("alarm", purpose)
}
