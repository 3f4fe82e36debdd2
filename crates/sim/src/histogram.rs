//! Exact counts of times in steps of 10 ms: memory is bounded by the longest time, not by how many there are.

/// Milliseconds of one step.
const STEP_MS: u64 = 10;
/// Longest time that is told apart, in steps: three hours.
const STEPS_MAX: usize = 1_080_000;

/// How often each time came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    counts: Vec<u32>,
    count: u64,
    sum_us: u128,
    worst_us: u64,
}

impl Histogram {
    /// Counts a time, in microseconds.
    pub(crate) fn add(&mut self, us: u64) {
        let step = usize::try_from(us / 1000 / STEP_MS).unwrap_or(STEPS_MAX).min(STEPS_MAX);
        if self.counts.len() <= step {
            self.counts.resize(step + 1, 0);
        }
        self.counts[step] += 1;
        self.count += 1;
        self.sum_us += u128::from(us);
        self.worst_us = self.worst_us.max(us);
    }

    /// Adds what another one has counted.
    pub fn merge(&mut self, other: &Self) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.count += other.count;
        self.sum_us += other.sum_us;
        self.worst_us = self.worst_us.max(other.worst_us);
    }

    /// How many times were counted.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their mean, in seconds; `None` when there are none.
    pub fn mean_s(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum_us as f64 / self.count as f64 / 1e6)
    }

    /// The longest, in seconds.
    pub fn worst_s(&self) -> Option<f64> {
        (self.count > 0).then(|| self.worst_us as f64 / 1e6)
    }

    /// The time that this share of a thousand kept to, in seconds, rounded up to a step.
    pub fn quantile_s(&self, per_mille: u64) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        let wanted = (self.count * per_mille).div_ceil(1000).max(1);
        let mut seen = 0;
        let step = self.counts.iter().position(|count| {
            seen += u64::from(*count);
            seen >= wanted
        })?;
        let upper_s = (step as u64 + 1) as f64 * STEP_MS as f64 / 1000.0;
        Some(upper_s.min(self.worst_us as f64 / 1e6))
    }

    /// Counts in equal bars from 0 to the longest time: what each bar begins at, in seconds, and how many.
    pub fn bars(&self, bars: usize) -> Vec<(f64, u64)> {
        let steps = self.counts.len().max(1).div_ceil(bars.max(1));
        let begins_s = |bar: usize| (bar * steps) as f64 * STEP_MS as f64 / 1000.0;
        let sum = |part: &[u32]| part.iter().map(|count| u64::from(*count)).sum();
        self.counts.chunks(steps).enumerate().map(|(bar, part)| (begins_s(bar), sum(part))).collect()
    }
}

#[cfg(test)]
mod tests {
    //! Goal: quantiles are those of the times counted, also after merging. Method: known times in two halves.

    use super::*;

    #[test]
    fn quantiles_are_exact_to_a_step_and_merging_changes_none() {
        let (mut whole, mut parts) = (Histogram::default(), [Histogram::default(), Histogram::default()]);
        for ms in 1..=1000_u64 {
            whole.add(ms * 1000);
            parts[ms as usize % 2].add(ms * 1000);
        }
        let [mut merged, other] = parts;
        merged.merge(&other);
        assert_eq!(merged, whole);
        assert_eq!(whole.quantile_s(500), Some(0.51));
        assert_eq!(whole.quantile_s(990), Some(1.0));
        assert_eq!((whole.worst_s(), whole.mean_s(), whole.count()), (Some(1.0), Some(0.5005), 1000));
        assert_eq!(whole.bars(4).iter().map(|(_, count)| count).sum::<u64>(), 1000);
        assert_eq!(Histogram::default().quantile_s(500), None);
    }
}
