//! The one source of chance: SplitMix64, so that a seed replays every choice.

/// A deterministic stream of numbers.
#[derive(Clone, Debug)]
pub struct Seeded(u64);

impl Seeded {
    /// The stream of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// An independent stream for one purpose: what it draws never depends on
    /// how much other purposes draw.
    #[must_use]
    pub fn stream(seed: u64, purpose: u64) -> Self {
        let mut mixed = Self(seed ^ purpose.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        mixed.draw();
        Self(mixed.draw())
    }

    /// The next 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to but without `bound`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.draw()) * u128::from(bound);
        u64::try_from(wide >> 64).expect("the product's upper half is below the bound")
    }

    /// A number from 0 up to but without 1.
    pub fn unit(&mut self) -> f64 {
        (self.draw() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    // Goal: a seed replays, purposes do not disturb each other, numbers stay in range.
    use super::*;

    #[test]
    fn a_seed_replays_and_streams_differ() {
        let draw = |mut seeded: Seeded| (0..8).map(|_| seeded.draw()).collect::<Vec<_>>();
        assert_eq!(draw(Seeded::stream(7, 1)), draw(Seeded::stream(7, 1)));
        assert_ne!(draw(Seeded::stream(7, 1)), draw(Seeded::stream(7, 2)));
        assert_ne!(draw(Seeded::stream(7, 1)), draw(Seeded::stream(8, 1)));
    }

    #[test]
    fn numbers_stay_in_range_and_fill_it() {
        let mut seeded = Seeded::new(1);
        let drawn: Vec<u64> = (0..1000).map(|_| seeded.below(3)).collect();
        assert!((0..3).all(|value| drawn.contains(&value)) && drawn.iter().all(|value| *value < 3));
        assert!((0..1000).map(|_| seeded.unit()).all(|value| (0.0..1.0).contains(&value)));
    }
}
