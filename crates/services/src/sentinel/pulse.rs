//! What a watch reports as metrics, every few seconds: that it watches, and how things stand.
//!
//! Watches overlap, so two of them may report the same standing. Nobody adds these figures up over
//! watches but the ticks and probes, of which only the absence and the share are looked at.

use std::time::Duration;

use recovery::metric::Metric;
use recovery::{Epoch, Region};
use tokio::time::Instant;

use crate::telemetry;

/// Between two reports of one watch: several per minute, which is CloudWatch's finest period for
/// alarms of the ordinary price, so that one that is lost does not look like a dead watch.
const INTERVAL: Duration = Duration::from_secs(15);

/// How things stand at a tick.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    /// Owner and epoch of the lease, if it could be read.
    pub(super) lease: Option<(Region, Epoch)>,
    /// How long its version is known to have stood still.
    pub(super) lease_age: Duration,
    /// Whether the switch lets Standfast act.
    pub(super) switch_on: bool,
    /// Whether this region could serve.
    pub(super) ready: bool,
}

/// What has gathered since the last report.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    reported: Option<Instant>,
    ticks: u64,
    lease_age_max: Duration,
    ready_always: Option<bool>,
    probes_answered: u64,
    probes_failed: u64,
}

impl Pulse {
    /// Counts probes that have ended.
    pub(super) fn probed(&mut self, answered: u64, failed: u64) {
        self.probes_answered += answered;
        self.probes_failed += failed;
    }

    /// Notes a tick; returns what is to be reported when a report is due, which the first tick's is.
    pub(super) fn beat(&mut self, own: &Region, standing: &Standing, now: Instant) -> Vec<(Metric, f64)> {
        self.ticks += 1;
        self.lease_age_max = self.lease_age_max.max(standing.lease_age);
        self.ready_always = Some(self.ready_always.unwrap_or(true) && standing.ready);
        if self.reported.is_some_and(|at| now.duration_since(at) < INTERVAL) {
            return Vec::new();
        }
        let figures = self.figures(own, standing);
        *self = Self { reported: Some(now), ..Self::default() };
        figures
    }

    fn figures(&self, own: &Region, standing: &Standing) -> Vec<(Metric, f64)> {
        let yes = |yes: bool| f64::from(u8::from(yes));
        let mut figures = vec![
            (Metric::WatchTicks, self.ticks as f64),
            (Metric::LeaseAge, self.lease_age_max.as_secs_f64()),
            (Metric::RegionReady, yes(self.ready_always.unwrap_or(false))),
            (Metric::SwitchedOn, yes(standing.switch_on)),
        ];
        if let Some((owner, epoch)) = &standing.lease {
            figures.push((Metric::LeaseOwned, yes(owner == own)));
            figures.push((Metric::LeaseEpoch, epoch.0 as f64));
        }
        // Only the standby probes: silence of these says that there was nothing to probe.
        if self.probes_answered + self.probes_failed > 0 {
            figures.push((Metric::ProbesAnswered, self.probes_answered as f64));
            figures.push((Metric::ProbesFailed, self.probes_failed as f64));
        }
        figures
    }
}

/// Reports what [`Pulse::beat`] gave.
pub(super) fn report(figures: &[(Metric, f64)]) {
    telemetry::gauges(super::SERVICE, figures);
}

#[cfg(test)]
mod tests {
    //! Goal: a watch reports at once and then every few seconds, the worst of what it saw.
    //! Method: ticks at hand-made moments.

    use super::*;

    fn standing(owner: Option<&str>, age_s: u64, ready: bool) -> Standing {
        let region = |name: &str| Region::new(name).expect("a valid name");
        Standing {
            lease: owner.map(|owner| (region(owner), Epoch(7))),
            lease_age: Duration::from_secs(age_s),
            switch_on: true,
            ready,
        }
    }

    fn value(figures: &[(Metric, f64)], metric: Metric) -> Option<f64> {
        figures.iter().find(|(known, _)| *known == metric).map(|(_, value)| *value)
    }

    #[test]
    fn a_report_holds_the_worst_since_the_last_one() {
        let own = Region::new("us-east-1").expect("a valid name");
        let start = Instant::now();
        let mut pulse = Pulse::default();
        let first = pulse.beat(&own, &standing(Some("us-east-1"), 0, true), start);
        assert_eq!(value(&first, Metric::WatchTicks), Some(1.0));
        assert_eq!(value(&first, Metric::LeaseOwned), Some(1.0));
        assert_eq!(value(&first, Metric::LeaseEpoch), Some(7.0));
        assert_eq!(value(&first, Metric::ProbesFailed), None, "nothing was probed");
        for (second, age_s, ready) in [(1, 4, true), (2, 9, false), (14, 1, true)] {
            let at = start + Duration::from_secs(second);
            assert!(pulse.beat(&own, &standing(Some("us-east-2"), age_s, ready), at).is_empty());
        }
        pulse.probed(1, 2);
        let next = pulse.beat(&own, &standing(None, 2, true), start + INTERVAL);
        assert_eq!(value(&next, Metric::WatchTicks), Some(4.0));
        assert_eq!(value(&next, Metric::LeaseAge), Some(9.0));
        assert_eq!(value(&next, Metric::RegionReady), Some(0.0));
        assert_eq!(value(&next, Metric::ProbesAnswered), Some(1.0));
        assert_eq!(value(&next, Metric::ProbesFailed), Some(2.0));
        assert_eq!(value(&next, Metric::LeaseOwned), None, "the lease could not be read");
        let after = pulse.beat(&own, &standing(None, 0, true), start + INTERVAL * 2);
        assert_eq!(value(&after, Metric::LeaseAge), Some(0.0), "a report begins anew");
        assert_eq!(value(&after, Metric::RegionReady), Some(1.0));
    }
}
