//! What starts a function again and again.
//!
//! A schedule may call that one function and put aside what it could not start, where people find it.

use cdk::Scope;
use cfn::scheduler;
use cfn::scheduler::schedule::{DeadLetterConfig, FlexibleTimeWindow, RetryPolicy, Target};

use super::compute::failed_invocations;
use crate::place::Place;
use crate::policy::{Statement, role};

/// A schedule of one function.
pub(super) struct Schedule<'a> {
    /// The function, by its purpose.
    pub(super) function: &'a str,
    /// Purpose of the role under which it is started.
    pub(super) role: &'a str,
    /// The schedule's own name.
    pub(super) name: String,
    /// How often.
    pub(super) every_s: u64,
    /// How often a start that failed is tried again.
    pub(super) attempts: u32,
    /// Seconds after which a start is too late to be tried again.
    pub(super) late_s: u64,
}

impl Schedule<'_> {
    /// Adds its role and itself.
    pub(super) fn add(self, scope: &mut Scope<'_>, place: &Place<'_>) {
        let function = place.function_arn(self.function);
        let failed = place.queue_arn(&failed_invocations(place));
        let role = role(
            scope,
            "Role",
            &place.names().function_role(self.role, place.region),
            "scheduler.amazonaws.com",
            &[
                Statement::allow(&["lambda:InvokeFunction"], [function.clone()]),
                Statement::allow(&["sqs:SendMessage"], [failed.clone()]),
            ],
        );
        let retries = RetryPolicy::new()
            .maximum_retry_attempts(self.attempts)
            .maximum_event_age_in_seconds(self.late_s as f64);
        let target = Target::new(function, role.attribute("Arn"))
            .retry_policy(retries)
            .dead_letter_config(DeadLetterConfig::new().arn(failed));
        let off = FlexibleTimeWindow::new("OFF");
        scope.add("Schedule", scheduler::Schedule::new(off, rate(self.every_s), target).name(self.name));
    }
}

/// EventBridge Scheduler counts in whole minutes.
///
/// <https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#rate-based>
fn rate(seconds: u64) -> String {
    match seconds.div_ceil(60).max(1) {
        1 => "rate(1 minute)".to_owned(),
        minutes if minutes % 60 != 0 => format!("rate({minutes} minutes)"),
        60 => "rate(1 hour)".to_owned(),
        minutes => format!("rate({} hours)", minutes / 60),
    }
}

#[cfg(test)]
mod tests {
    //! Goal: what is rounded is rounded up, in Scheduler's own words. Method: times around its units.

    use super::*;

    #[test]
    fn a_rate_is_in_whole_minutes_or_hours() {
        for (seconds, said) in [
            (0, "rate(1 minute)"),
            (60, "rate(1 minute)"),
            (61, "rate(2 minutes)"),
            (900, "rate(15 minutes)"),
            (3600, "rate(1 hour)"),
            (5400, "rate(90 minutes)"),
            (7200, "rate(2 hours)"),
        ] {
            assert_eq!(rate(seconds), said);
        }
    }
}
