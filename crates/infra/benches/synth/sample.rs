//! Repeated measurements on a machine that is not quiet.
//!
//! Runs are interleaved, so that what else the machine does meets every run alike; of each run the median
//! is told, with the least and the greatest beside it.

use std::fmt;

/// Measurements of one thing, in seconds or as a ratio.
#[derive(Clone, Debug, Default)]
pub struct Sample(Vec<f64>);

impl Sample {
    /// Adds one.
    pub fn add(&mut self, value: f64) {
        self.0.push(value);
    }

    /// The middle one; of an even number, the mean of the two in the middle.
    pub fn median(&self) -> f64 {
        let sorted = self.sorted();
        let middle = sorted.len() / 2;
        match sorted.len() {
            0 => f64::NAN,
            odd if odd % 2 == 1 => sorted[middle],
            _ => (sorted[middle - 1] + sorted[middle]) / 2.0,
        }
    }

    /// The least and the greatest.
    pub fn range(&self) -> [f64; 2] {
        let sorted = self.sorted();
        [0, sorted.len().saturating_sub(1)].map(|at| sorted.get(at).copied().unwrap_or(f64::NAN))
    }

    /// Round by round, this by that: both met the same noise.
    pub fn over(&self, that: &Self) -> Self {
        Self(self.0.iter().zip(&that.0).map(|(one, other)| one / other).collect())
    }

    fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted
    }
}

/// A median with its range, as cells of a table.
pub struct Cells<'s>(pub &'s Sample, pub usize);

impl fmt::Display for Cells<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(sample, digits) = *self;
        let [least, greatest] = sample.range();
        write!(formatter, "{:.digits$} | {least:.digits$} … {greatest:.digits$}", sample.median())
    }
}
