//! What the template says of a load balancer.

use std::ops::RangeInclusive;
use std::time::Duration;

use http::{Method, StatusCode};

use super::rule::matches;

/// A load balancer with one group of targets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalancerPlan {
    /// How a target is found healthy.
    pub check: TargetCheck,
    /// Deregistration delay: how long a deregistered target may go on answering.
    pub drain: Duration,
    /// Which target is next.
    pub algorithm: Algorithm,
    /// Rules of the listener, in the order of their priorities; the first that fits decides.
    pub rules: Vec<Rule>,
    /// What is done when no rule fits.
    pub default: Action,
    /// How long a target may be silent.
    pub idle: Duration,
}

/// How a target is found healthy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetCheck {
    /// What is asked for.
    pub path: String,
    /// From one check to the next.
    pub interval: Duration,
    /// Longest answer.
    pub timeout: Duration,
    /// Good checks in a row that make an unhealthy target healthy; a new one needs a single one.
    pub healthy_threshold: u32,
    /// Bad checks in a row that make it unhealthy.
    pub unhealthy_threshold: u32,
    /// Statuses that are good.
    pub success: Vec<RangeInclusive<u16>>,
}

/// Which target is next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// One after the other.
    #[default]
    RoundRobin,
    /// The one with the fewest requests in flight.
    LeastOutstanding,
}

/// One rule of the listener: all conditions must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What it asks of a request.
    pub conditions: Vec<Condition>,
    /// What it does then.
    pub action: Action,
}

/// What a rule asks of a request: one of the values. `*` stands for any characters, `?` for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Of the name it was sent to, whatever its case.
    Host(Vec<String>),
    /// Of its path.
    Path(Vec<String>),
    /// Of its method, to the letter.
    Method(Vec<String>),
}

/// What is done with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// To a target.
    Forward,
    /// Answered by the load balancer.
    Fixed {
        /// Its status.
        status: StatusCode,
        /// Type of the body.
        content_type: Option<String>,
        /// The body.
        body: String,
    },
}

impl BalancerPlan {
    /// What is done with a request.
    pub(super) fn action(&self, host: &str, method: &Method, path: &str) -> &Action {
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name).to_ascii_lowercase();
        let holds = |condition: &Condition| match condition {
            Condition::Host(values) => values.iter().any(|value| matches(&value.to_ascii_lowercase(), &name)),
            Condition::Path(values) => values.iter().any(|value| matches(value, path)),
            Condition::Method(values) => values.iter().any(|value| value == method.as_str()),
        };
        let fits = |rule: &&Rule| rule.conditions.iter().all(holds);
        self.rules.iter().find(fits).map_or(&self.default, |rule| &rule.action)
    }
}

impl TargetCheck {
    pub(super) fn is_good(&self, status: StatusCode) -> bool {
        self.success.iter().any(|range| range.contains(&status.as_u16()))
    }
}

#[cfg(test)]
mod tests {
    // Goal: the first rule whose conditions all hold decides, and the default where none does.
    use super::*;

    fn plan() -> BalancerPlan {
        let not_found =
            Action::Fixed { status: StatusCode::NOT_FOUND, content_type: None, body: "{}".to_owned() };
        let path = |values: &[&str]| Condition::Path(values.iter().map(|v| (*v).to_owned()).collect());
        let post = Condition::Method(vec!["POST".to_owned()]);
        let gone = Action::Fixed { status: StatusCode::GONE, content_type: None, body: String::new() };
        BalancerPlan {
            check: TargetCheck {
                path: "/health/live".to_owned(),
                interval: Duration::from_secs(5),
                timeout: Duration::from_secs(2),
                healthy_threshold: 2,
                unhealthy_threshold: 2,
                success: vec![200..=200],
            },
            drain: Duration::from_secs(30),
            algorithm: Algorithm::RoundRobin,
            rules: vec![
                Rule { conditions: vec![Condition::Host(vec!["old.*".to_owned()])], action: gone },
                Rule { conditions: vec![path(&["/orders"]), post], action: Action::Forward },
                Rule { conditions: vec![path(&["/orders/*", "/health/*"])], action: Action::Forward },
            ],
            default: not_found,
            idle: super::super::IDLE,
        }
    }

    #[test]
    fn the_first_rule_that_fits_decides() {
        let plan = plan();
        let forwards =
            |host: &str, method: Method, path: &str| *plan.action(host, &method, path) == Action::Forward;
        assert!(forwards("orders.west.finance.example", Method::POST, "/orders"));
        assert!(!forwards("orders.west.finance.example", Method::GET, "/orders"));
        assert!(forwards("x", Method::GET, "/orders/1/legs"));
        assert!(!forwards("x", Method::GET, "/admin"));
        assert!(!forwards("OLD.example:8443", Method::POST, "/orders"));
    }
}
