//! Timings that must fit each other.

use super::reader::Reader;
use super::{Deployment, Sentinel};
use crate::budget::{SCHEDULE_PRECISION_S, Watch};

/// How far back the sentinel's sweep looks for unsettled orders, in seconds. An older one than the
/// watermark may be unsettled for as long as that, so a replay must not begin later.
const SWEEP_REACH_S: u64 = 660;

/// Rules on the lease, the sentinel and the health checks.
pub(super) fn check(deployment: &Deployment, reader: &mut Reader<'_>) {
    check_lease(deployment, reader);
    check_sentinel(deployment, reader);
    let margin = deployment.journal.replay_margin_s;
    let reason = format!("a replay margin of {margin} s does not reach as far back as the sweep");
    let hint = format!(
        "make replay_margin_s at least {SWEEP_REACH_S}: orders of the last {} minutes may still wait \
         for the sweep that would have queued them again",
        SWEEP_REACH_S / 60
    );
    reader.refuse_if(margin < SWEEP_REACH_S, &["journal.replay_margin_s"], reason, &hint);
    let interval_s = deployment.health_check.interval_s;
    let reason = format!("Route 53 cannot check every {interval_s} s");
    reader.refuse_if(!matches!(interval_s, 10 | 30), &["health_check.interval_s"], reason, "use 10 or 30");
}

fn check_lease(deployment: &Deployment, reader: &mut Reader<'_>) {
    let lease = &deployment.lease;
    let (renew, ttl, margin) = (lease.renew_s, lease.ttl_s, lease.margin_s);
    let reason = format!("a TTL of {ttl} s is shorter than two renewals of {renew} s");
    let hint = "one lost renewal must not cost the lease: make ttl_s at least 2 × renew_s";
    reader.refuse_if(ttl < 2 * renew, &["lease.ttl_s", "lease.renew_s"], reason, hint);
    let reason = format!("a margin of {margin} s is not less than half the TTL of {ttl} s");
    let hint = "make margin_s less than ttl_s / 2";
    reader.refuse_if(2 * margin >= ttl, &["lease.margin_s", "lease.ttl_s"], reason, hint);
    let serving = ttl.saturating_sub(margin);
    let reason = format!("an owner is sure of its lease for {serving} s, and renews it only every {renew} s");
    let hint = "make ttl_s − margin_s more than renew_s";
    let fields = ["lease.margin_s", "lease.ttl_s", "lease.renew_s"];
    reader.refuse_if(serving <= renew, &fields, reason, hint);
    let cooldown = lease.cooldown_s;
    let reason = format!("a cooldown of {cooldown} s is over before a lease can expire again");
    let hint = "make cooldown_s at least ttl_s + margin_s, or the lease may move to and fro";
    let fields = ["lease.cooldown_s", "lease.ttl_s", "lease.margin_s"];
    reader.refuse_if(cooldown < ttl + margin, &fields, reason, hint);
}

/// Seconds of failed outside probes that count as an outage.
pub(super) fn outage_noticed_s(sentinel: &Sentinel) -> u64 {
    sentinel.probe_interval_s * u64::from(sentinel.probe_failures)
}

fn check_sentinel(deployment: &Deployment, reader: &mut Reader<'_>) {
    let (lease, sentinel) = (&deployment.lease, &deployment.sentinel);
    let (schedule, watch) = (sentinel.schedule_s, sentinel.watch_s);
    let reason = format!("a schedule of {schedule} s is not a whole number of minutes");
    reader.refuse_if(schedule % 60 != 0, &["sentinel.schedule_s"], reason, "use 60, 120, …");
    let needed = Watch {
        ttl_s: lease.ttl_s,
        margin_s: lease.margin_s,
        renew_s: lease.renew_s,
        schedule_s: schedule,
        watch_s: watch,
    }
    .covering_s();
    let reason = format!(
        "a watch of {watch} s leaves gaps in which no watch has seen a whole TTL, when the next one starts late"
    );
    let hint = format!(
        "make watch_s at least {needed}: schedule_s, the {SCHEDULE_PRECISION_S} s by which a start may be late, \
         ttl_s, margin_s and two looks"
    );
    let fields = ["sentinel.watch_s", "sentinel.schedule_s", "lease.ttl_s", "lease.margin_s"];
    reader.refuse_if(watch < needed, &fields, reason, &hint);
    let probing = outage_noticed_s(sentinel);
    let reason =
        format!("{} probes take {probing} s, longer than a watch of {watch} s", sentinel.probe_failures);
    let hint = "make probe_interval_s × probe_failures at most watch_s, or no watch ever sees so many";
    let fields = ["sentinel.probe_failures", "sentinel.probe_interval_s", "sentinel.watch_s"];
    reader.refuse_if(probing > watch, &fields, reason, hint);
}
