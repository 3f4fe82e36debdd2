//! When the system goes home by itself.

use super::reader::{Reader, Section};
use super::{Deployment, timing};

/// The gates before a failback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failback {
    /// Whether the owner starts it by itself; people may start it either way.
    pub automatic: bool,
    /// Seconds for which home must have been well.
    pub dwell_s: u64,
    /// Milliseconds by which home's database may lag behind when settlement is stopped.
    pub lag_ms_max: u64,
}

pub(super) fn read<'t>(root: &Section<'_, 't>, reader: &mut Reader<'t>) -> Failback {
    let section = reader.section(root, "failback", &["automatic", "dwell_s", "lag_ms_max"]);
    let lag = "milliseconds; settlement is stopped until home's database has caught up";
    Failback {
        automatic: reader.flag(&section, "automatic"),
        dwell_s: reader.number(&section, "dwell_s", 1..=604_800, "seconds, at most a week"),
        lag_ms_max: reader.number(&section, "lag_ms_max", 10..=60_000, lag),
    }
}

/// A dwell in which an outage would not be noticed is none.
pub(super) fn check(deployment: &Deployment, reader: &mut Reader<'_>) {
    let (dwell, noticed) = (deployment.failback.dwell_s, timing::outage_noticed_s(&deployment.sentinel));
    let reason = format!("a dwell of {dwell} s is over before an outage of home is noticed");
    let hint = "make dwell_s at least probe_interval_s × probe_failures";
    let fields = ["failback.dwell_s", "sentinel.probe_interval_s", "sentinel.probe_failures"];
    reader.refuse_if(dwell < noticed, &fields, reason, hint);
}
