//! Differences, counted by what they are and what explains them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Difference, Explanation, Kind};

/// Examples of one finding at most.
pub const EXAMPLES_MAX: usize = 5;

/// Differences of one kind with one explanation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What they are.
    pub kind: Kind,
    /// Why they are well; `null`: nothing explains them.
    pub explanation: Option<Explanation>,
    /// How many there are.
    pub count: u64,
    /// The first of them in order, at most [`EXAMPLES_MAX`].
    pub examples: Vec<String>,
}

/// Every difference that was found, in order of kind and explanation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// One for each kind and explanation that was met.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Counts `differences`, in whatever order they come.
    pub fn of<'d>(differences: impl IntoIterator<Item = &'d Difference>) -> Self {
        let mut counted = Self::default();
        for one in differences {
            let found = Finding {
                kind: one.kind,
                explanation: one.explanation,
                count: 1,
                examples: vec![one.example.clone()],
            };
            counted.add(found);
        }
        counted.in_order()
    }

    /// This report and another one of other parts.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        other.findings.into_iter().for_each(|finding| self.add(finding));
        self.in_order()
    }

    fn add(&mut self, found: Finding) {
        let same = |one: &&mut Finding| (one.kind, one.explanation) == (found.kind, found.explanation);
        match self.findings.iter_mut().find(same) {
            None => self.findings.push(found),
            Some(one) => {
                one.count = one.count.saturating_add(found.count);
                one.examples.extend(found.examples);
                one.examples.sort();
                one.examples.truncate(EXAMPLES_MAX);
            }
        }
    }

    fn in_order(mut self) -> Self {
        self.findings.sort_by_key(|finding| (finding.kind, finding.explanation));
        self
    }

    /// How many there are of each kind that was met.
    pub fn by_kind(&self) -> BTreeMap<Kind, u64> {
        let mut counts = BTreeMap::new();
        for finding in &self.findings {
            *counts.entry(finding.kind).or_insert(0) += finding.count;
        }
        counts
    }

    /// How many there are.
    pub fn found(&self) -> u64 {
        self.findings.iter().map(|finding| finding.count).sum()
    }

    /// Those that nothing explains.
    pub fn unexplained(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.explanation.is_none())
    }

    /// How many of them nothing explains.
    pub fn unexplained_count(&self) -> u64 {
        self.unexplained().map(|finding| finding.count).sum()
    }

    /// Those that nothing explains, in words; empty when there is none.
    pub fn words(&self) -> String {
        let word = |finding: &Finding| {
            let example = finding.examples.first().map_or("", String::as_str);
            format!("{} {}, such as {example}", finding.count, finding.kind.name())
        };
        self.unexplained().map(word).collect::<Vec<_>>().join("; ")
    }
}
