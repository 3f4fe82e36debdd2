//! Exponential backoff with full jitter.

use std::time::Duration;

use crate::seeded::Seeded;

const FIRST_MS: u64 = 100;
const MAX_MS: u64 = 3_000;

/// The pauses of one operation.
pub(super) struct Backoff {
    failures: u32,
    seeded: Seeded,
}

impl Backoff {
    pub(super) fn new(seeded: Seeded) -> Self {
        Self { failures: 0, seeded }
    }

    /// From nothing up to 100 ms, doubling with each failure up to 3 s.
    pub(super) fn next(&mut self) -> Duration {
        let ceiling_ms = (FIRST_MS << self.failures.min(10)).min(MAX_MS);
        self.failures += 1;
        Duration::from_millis(self.seeded.below(ceiling_ms + 1))
    }
}

#[cfg(test)]
mod tests {
    // Goal: pauses grow to the ceiling and never beyond it, however many there are.
    use super::*;

    #[test]
    fn pauses_stay_under_a_growing_ceiling() {
        let mut backoff = Backoff::new(Seeded::new(1));
        let pauses: Vec<u64> =
            (0..500).map(|_| u64::try_from(backoff.next().as_millis()).expect("short")).collect();
        assert!(pauses[0] <= 100 && pauses[1] <= 200 && pauses[2] <= 400);
        let longest = pauses.iter().max().expect("many");
        assert!((2_500..=3_000).contains(longest), "{longest}");
    }
}
