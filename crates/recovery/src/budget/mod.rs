//! The recovery budget: how long a recovery takes at worst, part by part, each with
//! its kind and its source, and what would have to change for an objective to be met.
//!
//! The figures come in as arguments. Who judges a deployment reads them from its
//! templates, so that a template that was changed is judged as it is.

mod accept;
mod figure;
mod lever;
mod route;
mod settle;

pub use accept::{Dns, Ttl, follows_dns, knows_both_regions};
pub use figure::{AURORA_FAILOVER_S, SCHEDULE_PRECISION_S};
pub use lever::{Change, Lever};
pub use route::{NoRoute, Route, Step, route};
pub use settle::{Replay, Watch, settled};

use serde::Serialize;

/// Where a figure comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Read in the templates.
    Configured,
    /// Ours: a limit in the code, or a reading of something that nobody publishes as a figure.
    Assumed,
    /// AWS publishes it.
    Published,
    /// Computed from others.
    Derived,
}

/// One part of a budget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// What takes the time.
    pub name: String,
    /// How long it takes at worst.
    pub seconds: u64,
    /// Where the figure comes from.
    pub kind: Kind,
    /// The same in words: which settings, which page, which reasoning.
    pub source: String,
    /// What can be turned to shorten it.
    #[serde(skip)]
    pub levers: Vec<Lever>,
}

/// The parts of one worst case, beside its objective.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// What is waited for, such as `orders accepted again`.
    pub question: &'static str,
    /// What the deployment file promises, in seconds.
    pub objective_s: u64,
    /// One after another.
    pub parts: Vec<Part>,
    /// Worth knowing, and not judged.
    pub beside: Vec<Part>,
}

impl Part {
    /// A part that nothing can shorten.
    pub fn new(name: impl Into<String>, seconds: u64, kind: Kind, source: impl Into<String>) -> Self {
        Self { name: name.into(), seconds, kind, source: source.into(), levers: Vec::new() }
    }

    /// Adds what can be turned to shorten it.
    #[must_use]
    pub fn turned_by(mut self, lever: Lever) -> Self {
        self.levers.push(lever);
        self
    }
}

impl Budget {
    /// The worst case, in seconds.
    pub fn total_s(&self) -> u64 {
        self.parts.iter().fold(0, |sum, part| sum.saturating_add(part.seconds))
    }

    /// Whether the objective can be met.
    pub fn met(&self) -> bool {
        self.total_s() <= self.objective_s
    }

    /// What could change so that the objective can be met, the most helpful first; empty when it can.
    pub fn changes(&self) -> Vec<Change> {
        let over_s = self.total_s().saturating_sub(self.objective_s);
        if over_s == 0 {
            return Vec::new();
        }
        let levers = self.parts.iter().flat_map(|part| &part.levers);
        let mut changes: Vec<Change> = levers.filter_map(|lever| lever.change(over_s)).collect();
        changes.sort_by_key(|change| (!change.enough, std::cmp::Reverse(change.saves_s)));
        changes
    }
}

#[cfg(test)]
mod tests;
