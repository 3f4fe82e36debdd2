//! How a service's size follows its load: target tracking, pure.
//!
//! AWS makes two alarms for each policy. The upper one rings when the metric was above the target in each
//! of the last three minutes, the lower one when it was below nine tenths of it in each of the last
//! fifteen. One policy that asks for more is enough to grow; all have to agree to shrink. A service grows
//! in proportion to the metric and is never smaller or larger than its bounds.
//! <https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html>

use std::collections::VecDeque;

use super::plan::{Metric, ScalingPlan, TargetTracking};

/// Minutes above the target before a service grows.
pub const OUT_AFTER: usize = 3;
/// Minutes below before it shrinks.
pub const IN_AFTER: usize = 15;
/// Share of the target below which a metric counts as low.
pub const LOW_SHARE: f64 = 0.9;

/// A change of size.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The policy that asked for it.
    pub policy: String,
    /// What it looks at.
    pub metric: Metric,
    /// What it saw.
    pub measured: f64,
    /// Where it wants it.
    pub target: f64,
    /// Size before.
    pub from: u32,
    /// Size from now on.
    pub to: u32,
}

/// What the policies of one service have seen.
#[derive(Clone, Debug)]
pub struct Tracker {
    plan: ScalingPlan,
    seen: Vec<VecDeque<f64>>,
    /// Minutes since the last growth and the last change.
    since_out: Option<f64>,
    since_change: Option<f64>,
}

impl Tracker {
    /// Has seen nothing yet.
    #[must_use]
    pub fn new(plan: ScalingPlan) -> Self {
        let seen = plan.policies.iter().map(|_| VecDeque::with_capacity(IN_AFTER)).collect();
        Self { plan, seen, since_out: None, since_change: None }
    }

    /// From now on the service is as small or as large as this at most. One that is larger than its new least shrinks
    /// when its policies say so, as in AWS.
    pub fn bound(&mut self, (min, max): (u32, u32)) {
        (self.plan.min, self.plan.max) = (min, max);
    }

    /// One minute has passed; `read` is what a metric was in it. Says what size the service should have.
    pub fn minute(&mut self, size: u32, read: impl Fn(Metric) -> Option<f64>) -> Option<Change> {
        for since in [&mut self.since_out, &mut self.since_change] {
            *since = since.map(|minutes| minutes + 1.0);
        }
        for (policy, seen) in self.plan.policies.iter().zip(&mut self.seen) {
            let Some(value) = read(policy.metric) else { continue };
            seen.truncate(IN_AFTER - 1);
            seen.push_front(value);
        }
        let change = self.bounds(size).or_else(|| self.grows(size)).or_else(|| self.shrinks(size))?;
        self.since_change = Some(0.0);
        if change.to > change.from {
            self.since_out = Some(0.0);
        }
        Some(change)
    }

    /// Somebody set another size than the bounds allow.
    fn bounds(&self, size: u32) -> Option<Change> {
        let (policy, to) = (self.plan.policies.first()?, size.clamp(self.plan.min, self.plan.max));
        (to != size).then(|| change(policy, 0.0, size, to))
    }

    fn grows(&self, size: u32) -> Option<Change> {
        let asked = self.plan.policies.iter().zip(&self.seen).filter_map(|(policy, seen)| {
            let high =
                seen.len() >= OUT_AFTER && seen.iter().take(OUT_AFTER).all(|value| *value > policy.target);
            let rests = rests(self.since_out, policy.out_cooldown.as_secs_f64());
            let measured = *seen.front()?;
            (high && !rests).then(|| (policy, measured, self.wanted(size, measured, policy.target)))
        });
        let (policy, measured, to) = asked.max_by_key(|(_, _, to)| *to)?;
        (to > size).then(|| change(policy, measured, size, to))
    }

    fn shrinks(&self, size: u32) -> Option<Change> {
        let mut largest: Option<(&TargetTracking, f64, u32)> = None;
        for (policy, seen) in self.plan.policies.iter().zip(&self.seen) {
            let low = seen.len() >= IN_AFTER && seen.iter().all(|value| *value < LOW_SHARE * policy.target);
            if policy.never_in || !low || rests(self.since_change, policy.in_cooldown.as_secs_f64()) {
                return None;
            }
            let measured = *seen.front()?;
            let to = self.wanted(size, measured, policy.target);
            if largest.is_none_or(|(_, _, other)| to > other) {
                largest = Some((policy, measured, to));
            }
        }
        let (policy, measured, to) = largest?;
        (to < size).then(|| change(policy, measured, size, to))
    }

    /// In proportion to the metric, rounded up, within the bounds.
    fn wanted(&self, size: u32, measured: f64, target: f64) -> u32 {
        let wanted = (f64::from(size) * measured / target).ceil().max(1.0);
        let wanted = if wanted >= f64::from(u32::MAX) { u32::MAX } else { wanted as u32 };
        wanted.clamp(self.plan.min, self.plan.max)
    }
}

/// Whether a cooldown, in seconds of AWS's time, is not over.
fn rests(since_minutes: Option<f64>, cooldown_s: f64) -> bool {
    since_minutes.is_some_and(|minutes| minutes * 60.0 < cooldown_s)
}

fn change(policy: &TargetTracking, measured: f64, from: u32, to: u32) -> Change {
    let (policy, metric, target) = (policy.name.clone(), policy.metric, policy.target);
    Change { policy, metric, measured, target, from, to }
}

#[cfg(test)]
mod tests {
    // Goal: a service grows after three minutes above its target, shrinks after fifteen below when all
    // policies agree, keeps its cooldowns and its bounds. Method: minutes by hand.
    use std::time::Duration;

    use super::*;

    fn policy(metric: Metric, target: f64) -> TargetTracking {
        let (out_cooldown, in_cooldown) = (Duration::from_secs(120), Duration::from_secs(300));
        let name = metric.as_str().to_owned();
        TargetTracking { name, metric, target, out_cooldown, in_cooldown, never_in: false }
    }

    fn tracker() -> Tracker {
        let policies = vec![policy(Metric::Cpu, 60.0), policy(Metric::RequestsPerTarget, 600.0)];
        Tracker::new(ScalingPlan { min: 3, max: 12, policies, timed: Vec::new() })
    }

    fn minutes(tracker: &mut Tracker, mut size: u32, cpu: f64, requests: f64, count: usize) -> Vec<u32> {
        let read = |metric| Some(if metric == Metric::Cpu { cpu } else { requests });
        let one = |_| {
            size = tracker.minute(size, read).map_or(size, |change| change.to);
            size
        };
        (0..count).map(one).collect()
    }

    #[test]
    fn three_minutes_above_the_target_make_it_grow_in_proportion() {
        let mut tracker = tracker();
        assert_eq!(minutes(&mut tracker, 3, 10.0, 1500.0, 3), [3, 3, 8]);
    }

    #[test]
    fn a_quiet_minute_begins_the_count_anew() {
        let mut tracker = tracker();
        assert_eq!(minutes(&mut tracker, 3, 10.0, 1500.0, 2), [3, 3]);
        assert_eq!(minutes(&mut tracker, 3, 10.0, 100.0, 1), [3]);
        assert_eq!(minutes(&mut tracker, 3, 10.0, 1500.0, 2), [3, 3]);
    }

    #[test]
    fn growth_has_a_cooldown_and_a_bound() {
        let mut tracker = tracker();
        assert_eq!(minutes(&mut tracker, 3, 90.0, 0.0, 6), [3, 3, 5, 5, 8, 8]);
        assert_eq!(minutes(&mut tracker, 8, 900.0, 0.0, 2), [12, 12]);
    }

    #[test]
    fn all_policies_have_to_agree_to_shrink() {
        let mut busy = tracker();
        assert!(minutes(&mut busy, 9, 10.0, 590.0, 40).iter().all(|size| *size == 9));
        let mut quiet = tracker();
        let sizes = minutes(&mut quiet, 9, 30.0, 100.0, 15);
        assert_eq!((sizes[13], sizes[14]), (9, 5));
        assert_eq!(minutes(&mut quiet, 5, 1.0, 1.0, 6), [5, 5, 5, 5, 3, 3]);
    }

    #[test]
    fn a_size_out_of_bounds_is_brought_back() {
        assert_eq!(minutes(&mut tracker(), 2, 10.0, 10.0, 1), [3]);
        assert_eq!(minutes(&mut tracker(), 13, 10.0, 10.0, 1), [12]);
    }
}
