//! The functions: errors, throttles, time, and invocations that were given up.

use super::alarm::{Alarm, Bad, Missing};
use super::catalogue::lambda;
use super::metric::{Known, Measure};
use crate::packages::{self, ORDER_PROCESSOR, ORDERS_API, RECOVERY_STEP, SENTINEL, STACK_HOOK};
use crate::place::Place;
use crate::stack::{compute, hook};

/// Percent of its timeout that an invocation may take. The sentinel uses 80 as a matter of course.
const DURATION_PERCENT: f64 = 90.0;
/// Percent of the account's instances in this region that may be claimed.
const CONCURRENCY_PERCENT: f64 = 80.0;

const IDLE: Missing = Missing::Well("Lambda reports what was invoked.");

/// How a function is invoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// All the time, by somebody who waits: one error is not worth a call, a share is.
    Steady,
    /// All the time, and nobody waits.
    SteadyAlone,
    /// By a workflow, to which an error is an answer (`NotYet`): its executions are alarmed on.
    Step,
    /// Now and then, and nobody waits: one error is worth a look.
    Rare,
}

fn use_of(function: &str) -> Use {
    match function {
        ORDERS_API | ORDER_PROCESSOR => Use::Steady,
        SENTINEL => Use::SteadyAlone,
        RECOVERY_STEP => Use::Step,
        _ => Use::Rare,
    }
}

/// Seconds one invocation may take.
fn timeout_s(place: &Place<'_>, name: &str) -> f64 {
    match name {
        STACK_HOOK => hook::TIMEOUT_S as f64,
        _ => compute::timeout_s(place, name) as f64,
    }
}

/// Alarms on every function, and on what they share.
pub(super) fn alarms(place: &Place<'_>) -> Vec<Alarm> {
    let names = packages::functions(place.deployment).into_iter();
    names.flat_map(|name| function(place, name)).chain([concurrency()]).collect()
}

fn function(place: &Place<'_>, name: &str) -> Vec<Alarm> {
    let of = |known: &Known<1>| known.of([place.names().function(name)]);
    let steady = !matches!(use_of(name), Use::Rare | Use::Step);
    let lasting = |alarm: Alarm, bad, of| if steady { alarm.lasting(bad, of) } else { alarm };
    let duration_max = timeout_s(place, name) * 1000.0 * DURATION_PERCENT / 100.0;
    let throttles = Measure::One(of(&lambda::THROTTLES));
    let throttles = Alarm::new(format!("{name}-throttles"), throttles, Bad::AtLeast(1.0), IDLE);
    let duration = Measure::One(of(&lambda::DURATION).by("Maximum"));
    let duration = Alarm::new(format!("{name}-duration"), duration, Bad::Above(duration_max), IDLE);
    let mut alarms = vec![
        lasting(throttles, 2, 5).says(
            format!("Invocations of {name} find no instance."),
            "see `concurrency`, and which function of the account uses up the instances; reservations are in the compute stack.",
        ),
        lasting(duration, 3, 5).says(
            format!("An invocation of {name} takes more than {DURATION_PERCENT} % of its timeout."),
            "see its traces for the call that is slow; what is cut off is tried again by whoever invoked it.",
        ),
    ];
    alarms.extend(errors(place, name));
    if matches!(use_of(name), Use::SteadyAlone | Use::Rare) {
        let lost = Measure::sum([of(&lambda::DROPPED), of(&lambda::NOT_DELIVERED)]);
        alarms.push(Alarm::new(format!("{name}-lost"), lost, Bad::AtLeast(1.0), IDLE).says(
            format!("Invocations of {name} that nobody waits for were given up."),
            "read the queue of failed invocations; if it is empty, the queue itself could not be reached.",
        ));
    }
    alarms
}

fn errors(place: &Place<'_>, name: &str) -> Option<Alarm> {
    let of = |known: &Known<1>| known.of([place.names().function(name)]);
    let purpose = format!("{name}-errors");
    let first = "read its log from the first error on; the trace says which call failed.";
    match use_of(name) {
        Use::Step => None,
        Use::Rare => Some(
            Alarm::new(purpose, Measure::One(of(&lambda::ERRORS)), Bad::AtLeast(1.0), IDLE)
                .every(300)
                .says(format!("{name} has failed."), first),
        ),
        Use::Steady | Use::SteadyAlone => {
            let percent = place.deployment.alarms.error_percent;
            let share = Measure::percent(of(&lambda::ERRORS), of(&lambda::INVOCATIONS));
            Some(Alarm::new(purpose, share, Bad::Above(percent), IDLE).lasting(3, 5).says(
                format!("More than {percent} % of the invocations of {name} fail, for minutes."),
                first,
            ))
        }
    }
}

/// Of the whole account in this region, against its quota.
fn concurrency() -> Alarm {
    let usage = ["Lambda", "Resource", "ConcurrentExecutions", "None"].map(str::to_owned);
    let measure = Measure::Math {
        expression: "100 * claimed / SERVICE_QUOTA(usage)".to_owned(),
        metrics: vec![
            ("claimed".to_owned(), lambda::CLAIMED.of([]).by("Maximum")),
            ("usage".to_owned(), lambda::USAGE.of(usage).by("Maximum")),
        ],
    };
    Alarm::new("concurrency", measure, Bad::Above(CONCURRENCY_PERCENT), IDLE).lasting(3, 5).says(
        format!("More than {CONCURRENCY_PERCENT} % of the instances that Lambda gives this account here are claimed."),
        "see which function grows; ask AWS for a higher quota in both regions, for a failover brings the other's load.",
    )
}
