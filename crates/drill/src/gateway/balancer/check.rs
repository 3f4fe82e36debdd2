//! The health checks of one target.

use std::net::SocketAddr;

use bytes::Bytes;
use http::header::{HOST, USER_AGENT};
use http::{Method, Request};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::super::upstream::Upstream;
use super::plan::TargetCheck;
use super::target::TargetHealth;

/// Checks at every interval until nobody listens any more. The first check comes at once.
pub(super) async fn watch(check: TargetCheck, address: SocketAddr, health: watch::Sender<TargetHealth>) {
    // A client of its own: a check says something about connections that are yet to be made.
    let upstream = Upstream::checking(address);
    let mut mind = Mind { health: TargetHealth::Initial, good: 0, bad: 0 };
    let mut ticks = interval(check.interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let good = is_good(&check, address, &upstream).await;
        if mind.hear(good, &check) && health.send(mind.health).is_err() {
            return;
        }
    }
}

async fn is_good(check: &TargetCheck, address: SocketAddr, upstream: &Upstream) -> bool {
    let request = Request::builder()
        .method(Method::GET)
        .uri(&check.path)
        .header(HOST, address.to_string())
        .header(USER_AGENT, "ELB-HealthChecker/2.0")
        .body(());
    let Ok(request) = request else { return false };
    let (parts, ()) = request.into_parts();
    let answered = timeout(check.timeout, upstream.send(parts, Bytes::new())).await;
    answered.is_ok_and(|answer| answer.is_ok_and(|answer| check.is_good(answer.status())))
}

/// What the checks so far have come to.
struct Mind {
    health: TargetHealth,
    good: u32,
    bad: u32,
}

impl Mind {
    /// True when this result changed it.
    fn hear(&mut self, good: bool, check: &TargetCheck) -> bool {
        (self.good, self.bad) = if good { (self.good + 1, 0) } else { (0, self.bad + 1) };
        let needed = if self.health == TargetHealth::Initial { 1 } else { check.healthy_threshold };
        let now = match self.health {
            TargetHealth::Healthy | TargetHealth::Initial if self.bad >= check.unhealthy_threshold => {
                TargetHealth::Unhealthy
            }
            TargetHealth::Unhealthy | TargetHealth::Initial if self.good >= needed => TargetHealth::Healthy,
            same => same,
        };
        std::mem::replace(&mut self.health, now) != now
    }
}

#[cfg(test)]
mod tests {
    // Goal: one good check lets a new target in; after that the thresholds count, in a row, both ways.
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_new_target_needs_one_good_check_and_a_failed_one_the_threshold() {
        let check = TargetCheck {
            path: "/".to_owned(),
            interval: Duration::from_secs(5),
            timeout: Duration::from_secs(2),
            healthy_threshold: 2,
            unhealthy_threshold: 2,
            success: vec![200..=299],
        };
        let mut mind = Mind { health: TargetHealth::Initial, good: 0, bad: 0 };
        let heard = [false, true, false, true, false, false, true, true].map(|good| {
            mind.hear(good, &check);
            mind.health
        });
        use TargetHealth::{Healthy, Initial, Unhealthy};
        let told = [Initial, Healthy, Healthy, Healthy, Healthy, Unhealthy, Unhealthy, Healthy];
        assert_eq!(heard, told);
    }
}
