//! Which part of the journal is looked at: by a replay, and by a sweep. Ids carry their time, in
//! milliseconds since the Unix epoch; windows are of those times, both ends included.

use std::time::Duration;

use crate::lease::CLOCK_SLACK;
use crate::order::{ID_AGE_MS_MAX, ID_LEAD_MS_MAX};

/// Time an order has for its ordinary settlement, after the last moment its id is taken, in milliseconds.
const ORDINARY_MS: u64 = 60_000;
/// How far back a sweep reaches from there at least, in milliseconds. Watches begin every minute, so each
/// order is met by several. When nobody swept for longer, a sweep begins where the last one had come to.
const DEPTH_MS: u64 = 5 * 60_000;

/// Where a replay begins: at the database's watermark less the margin and the oldest id that was still
/// taken then. Never later than what an empty database needs: after a replay that was killed, the
/// watermark is that of the orders it settled itself.
pub fn replay_start(watermark_ms: Option<u64>, taken_at_ms: u64, margin: Duration) -> u64 {
    let margin_ms = u64::try_from(margin.as_millis()).unwrap_or(u64::MAX);
    let watermark_ms = watermark_ms.map_or(taken_at_ms, |watermark| watermark.min(taken_at_ms));
    watermark_ms.saturating_sub(margin_ms).saturating_sub(ID_AGE_MS_MAX)
}

/// Where a replay ends: at the youngest id that was taken before the lease moved, by the clock of a region
/// that may run ahead of this one's.
pub fn replay_end(watermark_ms: Option<u64>, now_ms: u64) -> u64 {
    let slack_ms = u64::try_from(CLOCK_SLACK.as_millis()).unwrap_or(u64::MAX);
    // A watermark far in the future is a broken clock's; it must not make the window endless.
    let latest_ms = watermark_ms.map_or(now_ms, |watermark| watermark.clamp(now_ms, now_ms + ID_AGE_MS_MAX));
    latest_ms.saturating_add(slack_ms).saturating_add(ID_LEAD_MS_MAX)
}

/// The ids that a sweep looks at. The upper end is so old that no further order can be put there, and
/// whatever was put had its time to be settled. The lower end is where the sweeps before have come to, or
/// five minutes before the upper one, if that is earlier: whatever was queued again is looked at again.
pub fn sweep(now_ms: u64, through_ms: Option<u64>) -> (u64, u64) {
    let to_ms = now_ms.saturating_sub(ID_AGE_MS_MAX + ORDINARY_MS);
    let recent_ms = to_ms.saturating_sub(DEPTH_MS);
    (through_ms.map_or(recent_ms, |through_ms| through_ms.min(recent_ms)), to_ms)
}

#[cfg(test)]
mod tests {
    //! Goal: a replay's window covers every order that may be missing, and every order that can be
    //! acknowledged at all is met by a sweep after its ordinary time, although sweeps come minutes apart.
    //! Method: chosen watermarks; any id the API takes, against sweeps up to five minutes apart.

    use proptest::prelude::*;

    use super::*;
    use crate::OrderId;
    use crate::order::{journal_partition, journal_partitions};

    const TAKEN: u64 = 1_700_000_000_000;

    #[test]
    fn the_window_starts_before_the_watermark_and_never_after_the_take_over() {
        let margin = Duration::from_secs(900);
        let reach = 900_000 + ID_AGE_MS_MAX;
        assert_eq!(replay_start(Some(TAKEN - 60_000), TAKEN, margin), TAKEN - 60_000 - reach);
        assert_eq!(replay_start(None, TAKEN, margin), TAKEN - reach);
        assert_eq!(replay_start(Some(TAKEN + 60_000), TAKEN, margin), TAKEN - reach, "replayed before");
        assert_eq!(replay_start(Some(5), TAKEN, margin), 0);
    }

    #[test]
    fn the_window_ends_after_the_youngest_id_of_a_clock_that_runs_ahead() {
        let reach = 60_000 + ID_LEAD_MS_MAX;
        assert_eq!(replay_end(None, TAKEN), TAKEN + reach);
        assert_eq!(replay_end(Some(TAKEN - 1), TAKEN), TAKEN + reach);
        assert_eq!(replay_end(Some(TAKEN + 90_000), TAKEN), TAKEN + 90_000 + reach);
        assert_eq!(replay_end(Some(u64::MAX), TAKEN), TAKEN + ID_AGE_MS_MAX + reach);
    }

    proptest! {
        #[test]
        fn every_order_is_met_after_it_was_put(
            put_ms in 1_700_000_000_000_u64..1_800_000_000_000,
            offset in 0..=ID_AGE_MS_MAX + ID_LEAD_MS_MAX,
            first_sweep in 0_u64..DEPTH_MS,
        ) {
            let made_ms = put_ms + ID_LEAD_MS_MAX - offset;
            let id = uuid::Builder::from_unix_timestamp_millis(made_ms, &[7; 10]).into_uuid();
            let id = OrderId::new(id).expect("version 7");
            prop_assert!(id.check_age(put_ms).is_ok());
            let met = (0..5).map(|n| put_ms + first_sweep + n * DEPTH_MS).find(|now_ms| {
                let (from_ms, to_ms) = sweep(*now_ms, None);
                journal_partitions(from_ms, to_ms, 4).any(|one| one == journal_partition(id, 4))
                    && now_ms - put_ms >= ORDINARY_MS / 2
            });
            prop_assert!(met.is_some());
        }

        #[test]
        fn nothing_is_left_out_however_long_nobody_swept(
            through_ms in 1_700_000_000_000_u64..1_800_000_000_000, idle_ms in 0_u64..90 * 86_400_000,
        ) {
            let (from_ms, to_ms) = sweep(through_ms + idle_ms, Some(through_ms));
            prop_assert!(from_ms <= through_ms && from_ms + DEPTH_MS <= to_ms);
        }
    }
}
