//! How long EventBridge goes on delivering what its target does not take.
//!
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html>

use cfn::events::rule::RetryPolicy;

/// Seconds for which a delivery is tried again: the most EventBridge allows.
const LONGEST_S: i64 = 86_400;
/// Deliveries tried in that time: as many.
const ATTEMPTS_MAX: i64 = 185;

/// The longest that there is.
pub(super) fn longest() -> RetryPolicy {
    RetryPolicy::new().maximum_retry_attempts(ATTEMPTS_MAX).maximum_event_age_in_seconds(LONGEST_S)
}
