//! Until orders are settled again.

use asl::StateMachine;

use super::figure::{AURORA_FAILOVER_S, REPLAYED_PER_SECOND, SCHEDULE_PRECISION_S, TAKE_OVER_S, TICK_S};
use super::route::{NoRoute, Route, Step, route};
use super::{Budget, Kind, Lever, Part};
use crate::step::Action;

/// The lease, and who watches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watch {
    /// Seconds without a renewal after which the lease may be taken.
    pub ttl_s: u64,
    /// Safety on both sides of that, in seconds.
    pub margin_s: u64,
    /// Seconds between two renewals.
    pub renew_s: u64,
    /// Seconds between two starts of a watch.
    pub schedule_s: u64,
    /// Seconds one watch lasts.
    pub watch_s: u64,
}

impl Watch {
    /// Seconds that a watch has to last for another one to have seen a whole TTL and margin before it ends, even
    /// when it began on time and the next one begins as late as it may. A shorter watch costs a standby the time
    /// that nobody has seen whole, and an owner its lease: between two of its watches nobody renews it.
    pub fn covering_s(&self) -> u64 {
        let expires_s = self.ttl_s.saturating_add(self.margin_s).saturating_add(2 * TICK_S);
        self.schedule_s.saturating_add(SCHEDULE_PRECISION_S).saturating_add(expires_s)
    }

    /// Watches that may run at once: those that begin while one lasts, the first of them late.
    pub fn at_once(&self) -> u64 {
        self.watch_s.saturating_add(SCHEDULE_PRECISION_S).div_ceil(self.schedule_s.max(1))
    }
}

/// What a replay has to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replay {
    /// Seconds before the database's watermark at which it starts.
    pub margin_s: u64,
    /// Orders placed per second.
    pub orders_per_second: u64,
}

/// The worst case: the region is lost at the worst moment, every step of the surviving region's workflow fails
/// as often as it may and then succeeds, each attempt uses its whole limit, and Aurora takes as long as we read
/// AWS to say.
///
/// # Errors
/// When the workflow never enables settlement.
pub fn settled(
    watch: &Watch,
    replay: &Replay,
    workflow: &StateMachine,
    objective_s: u64,
) -> Result<Budget, NoRoute> {
    let route = route(workflow, Action::EnableSettlement)?;
    let mut parts = detection(watch);
    for step in &route.steps {
        parts.extend(of_step(step));
        if step.action == Some(Action::ReplayJournal) {
            let so_far = parts.iter().map(|part| part.seconds).sum();
            parts.push(of_replay(replay, so_far));
        }
    }
    let beside = beside(&parts, &route, workflow);
    Ok(Budget { question: "orders settled again", objective_s, parts, beside })
}

fn detection(watch: &Watch) -> Vec<Part> {
    let Watch { ttl_s, margin_s, renew_s, schedule_s, watch_s } = *watch;
    let expires_s = ttl_s.saturating_add(margin_s);
    let needed_s = watch.covering_s();
    let unseen_s = needed_s.saturating_sub(watch_s);
    vec![
        Part::new(
            "the lease expires",
            expires_s,
            Kind::Configured,
            format!("TTL {ttl_s} s + margin {margin_s} s in the sentinel's environment"),
        )
        .turned_by(Lever::less("lease.ttl_s", ttl_s, 2 * renew_s, 1)),
        Part::new(
            "the sentinel looks before and after",
            2 * TICK_S,
            Kind::Assumed,
            format!("a look every {TICK_S} s; it has to see the last renewal, and that there was no other"),
        ),
        Part::new(
            "no watch has seen the whole of it",
            unseen_s,
            Kind::Derived,
            format!(
                "a watch of {watch_s} s starts every {schedule_s} s, and up to {SCHEDULE_PRECISION_S} s late \
                 (published: EventBridge Scheduler User Guide)"
            ),
        )
        .turned_by(Lever {
            setting: "sentinel.watch_s".to_owned(),
            now: watch_s,
            choices: (watch_s.saturating_add(1)..=needed_s.min(840)).collect(),
            seconds_each: 1,
        }),
        Part::new(
            "the lease is taken and the workflow started",
            TAKE_OVER_S,
            Kind::Assumed,
            "limits of the two calls in the sentinel",
        ),
    ]
}

/// A step that waits for Aurora has a part for that beside its own.
fn of_step(step: &Step) -> Vec<Part> {
    let attempts = step.attempts;
    let each_s = step.timeout_s.saturating_add(step.pauses_s / attempts.max(1));
    let source = match (attempts, step.pauses_s) {
        (1, _) => format!("one attempt of {} s", step.timeout_s),
        (_, pauses) => {
            format!("{attempts} attempts of {} s, and pauses of {pauses} s in all", step.timeout_s)
        }
    };
    let lever = Lever::less(format!("attempts at {}", step.state), attempts, 1, each_s);
    let own = Part::new(&step.state, step.retried_s(), Kind::Configured, source).turned_by(lever);
    match step.action {
        Some(Action::AwaitWriter) => vec![
            own,
            Part::new(
                "Aurora promotes the database",
                AURORA_FAILOVER_S,
                Kind::Assumed,
                "AWS publishes \"in the order of minutes\" (Aurora User Guide) and no figure; read as five",
            ),
            Part::new("it is noticed", step.poll_s, Kind::Configured, "longest pause between two questions"),
        ],
        _ if step.patience_s > 0 => {
            let waits = format!("{} waits", step.state);
            let source = "every pause between its questions";
            vec![own, Part::new(waits, step.patience_s, Kind::Configured, source)]
        }
        _ => vec![own],
    }
}

/// A replay goes back from the watermark, and takes in what was acknowledged meanwhile.
fn of_replay(replay: &Replay, so_far_s: u64) -> Part {
    let lead_s = (crate::order::ID_AGE_MS_MAX + crate::order::ID_LEAD_MS_MAX) / 1000;
    let slack_s = crate::lease::CLOCK_SLACK.as_secs();
    let window_s = replay.margin_s.saturating_add(lead_s).saturating_add(slack_s).saturating_add(so_far_s);
    let orders = window_s.saturating_mul(replay.orders_per_second);
    Part::new(
        "the journal is replayed",
        orders.div_ceil(REPLAYED_PER_SECOND),
        Kind::Derived,
        format!("{orders} orders of {window_s} s at {REPLAYED_PER_SECOND} a second (assumed)"),
    )
}

/// How it goes when nothing fails, how long the workflow waits for Aurora, and when it ends whatever happens.
fn beside(parts: &[Part], route: &Route, workflow: &StateMachine) -> Vec<Part> {
    let total: u64 = parts.iter().map(|part| part.seconds).sum();
    let retries: u64 = route.steps.iter().map(|step| step.retried_s() - step.once_s()).sum();
    let mut beside = vec![Part::new(
        "when every step succeeds at its first attempt",
        total.saturating_sub(retries),
        Kind::Derived,
        "the same parts without the attempts that fail",
    )];
    if let Some(wait) = route.steps.iter().find(|step| step.action == Some(Action::AwaitWriter)) {
        beside.push(Part::new(
            "the workflow waits for Aurora at most",
            wait.patience_s,
            Kind::Configured,
            format!("every pause of {}; then it escalates", wait.state),
        ));
    }
    beside.extend(workflow.timeout_seconds.map(|limit| {
        Part::new(
            "an execution ends at the latest",
            limit,
            Kind::Configured,
            "TimeoutSeconds of the state machine; the sentinel starts another",
        )
    }));
    beside
}
