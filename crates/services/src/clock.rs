//! What time it is, though this process's own clock may be wrong.
//!
//! No clock decides who owns the system, but several things carry a time that is judged: an order's id, a
//! signature, a login. A region whose clock is an hour off would refuse every order, and every call to it would
//! be refused. So each answer of AWS, which carries its time, is compared with the own clock; where the two are
//! far apart, AWS's is believed. The SDK does the same for its signatures, and for nothing else.
//!
//! The own clock alone measures how long something takes.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::primitives::{DateTime, DateTimeFormat};
use aws_smithy_async::time::TimeSource;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use uuid::{NoContext, Timestamp, Uuid};

/// A clock that is less far off counts as right: the times that are judged have more slack.
const RIGHT_MS: u64 = 20_000;
/// An answer that took longer says nothing: its time may be that of its beginning or of its end.
const ROUND_TRIP_MS_MAX: u64 = 5_000;

/// Milliseconds that have to be added to the own clock.
static CORRECTION_MS: AtomicI64 = AtomicI64::new(0);

/// Now, as far as it is known.
pub fn now() -> SystemTime {
    corrected(SystemTime::now(), CORRECTION_MS.load(Ordering::Relaxed))
}

/// Now, in milliseconds since the Unix epoch.
pub fn now_ms() -> u64 {
    milliseconds(now())
}

/// A new version 7 UUID of this time.
pub fn new_id() -> Uuid {
    let since = now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Uuid::new_v7(Timestamp::from_unix(NoContext, since.as_secs(), since.subsec_nanos()))
}

fn corrected(own: SystemTime, correction_ms: i64) -> SystemTime {
    let by = Duration::from_millis(correction_ms.unsigned_abs());
    let corrected = if correction_ms < 0 { own.checked_sub(by) } else { own.checked_add(by) };
    corrected.unwrap_or(own)
}

fn milliseconds(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// What an answer says about the own clock, by which it was asked for at `sent_ms` and came at `received_ms`:
/// milliseconds to add, 0 for a clock that is right; `None` when it says nothing. `date_s` is the time in the
/// answer, in whole seconds. All since the Unix epoch.
fn correction(sent_ms: u64, received_ms: u64, date_s: i64) -> Option<i64> {
    let took_ms = received_ms.checked_sub(sent_ms).filter(|took_ms| *took_ms <= ROUND_TRIP_MS_MAX)?;
    let own_ms = i64::try_from(sent_ms + took_ms / 2).ok()?;
    // In the middle of its second.
    let told_ms = date_s.checked_mul(1000)?.checked_add(500)?;
    let off_ms = told_ms.checked_sub(own_ms)?;
    Some(if off_ms.unsigned_abs() <= RIGHT_MS { 0 } else { off_ms })
}

/// Believes an answer.
fn note(correction_ms: i64) {
    let before = CORRECTION_MS.swap(correction_ms, Ordering::Relaxed);
    let news = before.abs_diff(correction_ms) > RIGHT_MS;
    if news && correction_ms == 0 {
        tracing::info!("the own clock agrees with AWS again");
    } else if news {
        tracing::warn!(correction_ms, "the own clock is wrong; AWS's is believed");
    }
}

/// The time for a signature that no answer follows, such as a login's. Not for calls: the SDK corrects those
/// itself, by a clock that must not jump between a call and its answer.
#[derive(Debug)]
pub(crate) struct Believed;

impl TimeSource for Believed {
    fn now(&self) -> SystemTime {
        now()
    }
}

/// Makes calls as another client does, and compares clocks by every answer.
#[derive(Debug)]
pub(crate) struct Comparing(pub(crate) SharedHttpClient);

impl HttpClient for Comparing {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(ComparingConnector(self.0.http_connector(settings, components)))
    }
}

struct ComparingConnector(SharedHttpConnector);

impl fmt::Debug for ComparingConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl HttpConnector for ComparingConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (sent_ms, answer) = (milliseconds(SystemTime::now()), self.0.call(request));
        HttpConnectorFuture::new(async move {
            let answer = answer.await?;
            let date = answer.headers().get("date");
            let date = date.and_then(|date| DateTime::from_str(date, DateTimeFormat::HttpDate).ok());
            let received_ms = milliseconds(SystemTime::now());
            if let Some(found_ms) = date.and_then(|date| correction(sent_ms, received_ms, date.secs())) {
                note(found_ms);
            }
            Ok(answer)
        })
    }
}

#[cfg(test)]
mod tests {
    //! Goal: a clock that is off is put right to the second, one that is right is left alone, and an answer
    //! that says nothing changes nothing. Method: chosen times; any clocks.

    use proptest::prelude::*;

    use super::*;

    const NOW_S: i64 = 1_795_168_800;
    const NOW_MS: u64 = 1_795_168_800_000;

    #[test]
    fn an_hour_is_noticed_and_a_few_seconds_are_not() {
        let hour_ms = 3_600_000;
        assert_eq!(correction(NOW_MS + hour_ms, NOW_MS + hour_ms, NOW_S), Some(-3_599_500));
        assert_eq!(correction(NOW_MS - hour_ms, NOW_MS - hour_ms, NOW_S), Some(3_600_500));
        assert_eq!(correction(NOW_MS + 15_000, NOW_MS + 15_200, NOW_S), Some(0));
    }

    #[test]
    fn a_late_answer_and_a_clock_that_jumps_meanwhile_say_nothing() {
        assert_eq!(correction(NOW_MS, NOW_MS + 5001, NOW_S), None);
        assert_eq!(correction(NOW_MS, NOW_MS + 3_600_000, NOW_S), None);
        assert_eq!(correction(NOW_MS, NOW_MS - 1, NOW_S), None);
        assert_eq!(correction(0, 0, i64::MAX), None);
    }

    #[test]
    fn an_id_is_of_the_time_that_is_believed() {
        let id = recovery::OrderId::new(new_id()).expect("version 7");
        assert!(id.made_at_ms().abs_diff(now_ms()) < 10_000);
        assert_ne!(new_id(), new_id());
    }

    proptest! {
        /// Whatever the own clock says, what is believed is right by the slack that counts as right.
        #[test]
        fn what_is_believed_is_right(
            off_ms in -100_000_000_i64..100_000_000, took_ms in 0_u64..ROUND_TRIP_MS_MAX, part in 0_u64..1000,
        ) {
            let own = |true_ms: u64| true_ms.checked_add_signed(off_ms).expect("far from the epoch");
            let (sent_ms, received_ms) = (own(NOW_MS + part), own(NOW_MS + part + took_ms));
            let date_s = NOW_S + i64::try_from((part + took_ms / 2) / 1000).expect("seconds");
            let found_ms = correction(sent_ms, received_ms, date_s).expect("it says something");
            let believed = received_ms.checked_add_signed(found_ms).expect("far from the epoch");
            prop_assert!(believed.abs_diff(NOW_MS + part + took_ms) <= RIGHT_MS + 1000);
        }
    }
}
