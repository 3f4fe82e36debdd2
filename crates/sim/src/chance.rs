//! The one source of chance: SplitMix64 streams, one per purpose, so that a seed replays every choice on any
//! machine and what one purpose draws does not depend on another.

use crate::latency::Latency;

/// What a number is drawn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Purpose {
    /// Which faults strike, and when.
    Faults,
    /// What clients do and when.
    Load,
    /// Calls of the sentinels.
    Sentinel,
    /// Clocks and starts of watches.
    Schedule,
    /// Clients' requests.
    Client,
    /// The processors and their queues.
    Queue,
    /// The database and its replication.
    Database,
    /// Health checkers and DNS.
    Dns,
    /// Steps of the workflows.
    Step,
    /// Sessions.
    Session,
    /// Jitter of the workflows' retries.
    Jitter,
    /// Small mishaps: messages twice, answers lost, processes paused.
    Mishap,
}

const PURPOSES: usize = Purpose::Mishap as usize + 1;

/// One stream per purpose.
#[derive(Clone, Debug)]
pub(crate) struct Chance([u64; PURPOSES]);

fn mix(mut mixed: u64) -> u64 {
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

impl Chance {
    /// Every stream of `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        let stream =
            |purpose: usize| mix(mix(seed) ^ (purpose as u64 + 1).wrapping_mul(0xD6E8_FEB8_6659_FD93));
        Self(std::array::from_fn(stream))
    }

    /// The next 64 bits.
    pub(crate) fn draw(&mut self, purpose: Purpose) -> u64 {
        let state = &mut self.0[purpose as usize];
        *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(*state)
    }

    /// A number from 0 up to but without `bound`; 0 when `bound` is 0.
    pub(crate) fn below(&mut self, purpose: Purpose, bound: u64) -> u64 {
        let wide = u128::from(self.draw(purpose)) * u128::from(bound);
        (wide >> 64) as u64
    }

    /// Whether something happens that happens so many times in a million.
    pub(crate) fn strikes(&mut self, purpose: Purpose, per_million: u32) -> bool {
        per_million > 0 && self.below(purpose, 1_000_000) < u64::from(per_million)
    }

    /// A time in microseconds, as a latency is distributed.
    pub(crate) fn takes(&mut self, purpose: Purpose, latency: &Latency) -> u64 {
        latency.at(self.draw(purpose))
    }
}

#[cfg(test)]
mod tests {
    //! Goal: a seed replays on any machine, and purposes do not disturb each other. Method: streams side by
    //! side, and one number written down.

    use super::*;

    #[test]
    fn a_seed_replays_and_purposes_do_not_disturb_each_other() {
        let (mut one, mut other) = (Chance::new(7), Chance::new(7));
        for _ in 0..9 {
            other.draw(Purpose::Load);
        }
        assert_eq!(one.draw(Purpose::Faults), other.draw(Purpose::Faults));
        assert_ne!(one.draw(Purpose::Faults), Chance::new(8).draw(Purpose::Faults));
        assert_eq!(Chance::new(1).draw(Purpose::Faults), WRITTEN_DOWN);
    }

    const WRITTEN_DOWN: u64 = 3_454_979_728_728_066_205;

    #[test]
    fn numbers_stay_below_their_bound_and_fill_it() {
        let mut chance = Chance::new(3);
        let drawn: Vec<u64> = (0..1000).map(|_| chance.below(Purpose::Load, 3)).collect();
        assert!((0..3).all(|value| drawn.contains(&value)) && drawn.iter().all(|value| *value < 3));
        assert_eq!(chance.below(Purpose::Load, 0), 0);
        assert!(!chance.strikes(Purpose::Load, 0) && chance.strikes(Purpose::Load, 1_000_000));
    }
}
