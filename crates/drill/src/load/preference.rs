//! Which region a client that knows both turns to: home, unless home failed it a moment ago.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use super::held;

/// How long a client that home has failed waits before it tries home again. Without it, one slow
/// answer long before a fault would leave the client where the fault cannot reach it.
const HOME_AGAIN: Duration = Duration::from_secs(10);

/// Index of the region, and since when it is not home.
#[derive(Debug, Default)]
pub(super) struct Preference(Mutex<Option<Instant>>);

impl Preference {
    /// Where the next operation begins: 0 is home.
    pub(super) fn first(&self, now: Instant) -> usize {
        let mut away_since = held(&self.0);
        match *away_since {
            None => 0,
            // Only this operation tries; the others go on until it has succeeded.
            Some(since) if now.duration_since(since) >= HOME_AGAIN => {
                *away_since = Some(now);
                0
            }
            Some(_) => 1,
        }
    }

    /// A region has answered.
    pub(super) fn answered(&self, at: usize, now: Instant) {
        let mut away_since = held(&self.0);
        *away_since = if at == 0 { None } else { away_since.or(Some(now)) };
    }
}

#[cfg(test)]
mod tests {
    // Goal: a client leaves home when the other region answers it, tries home now and then with a
    // single operation, and stays when home answers. Method: moments by hand.
    use super::*;

    #[test]
    fn a_client_comes_home() {
        let (preference, start) = (Preference::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(preference.first(at(0)), 0);
        preference.answered(1, at(0));
        assert_eq!(preference.first(at(9)), 1);
        preference.answered(1, at(9));
        assert_eq!((preference.first(at(10)), preference.first(at(10))), (0, 1));
        preference.answered(1, at(11));
        assert_eq!((preference.first(at(19)), preference.first(at(20))), (1, 0));
        preference.answered(0, at(20));
        assert_eq!(preference.first(at(21)), 0);
    }
}
