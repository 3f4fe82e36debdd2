//! What a scenario may say: only what happens at some time, and can be judged.

mod fault;

use std::ops::RangeInclusive;

use super::{Expect, FaultKind, LeaseExpected, Place, Scenario};

/// Longest time that a scenario may name, in seconds.
const LONGEST_S: u64 = 3600;
/// Longest replication lag, in milliseconds.
const LONGEST_LAG_MS: u64 = 600_000;
/// Longest text that is looked for in what the system says.
const TEXT_CHARS_MAX: usize = 200;

/// Refuses a figure that is out of its range.
fn within(what: &str, value: u64, range: RangeInclusive<u64>) -> Result<(), String> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(format!("{what} must lie in {}..={}, not {value}", range.start(), range.end()))
}

impl Scenario {
    /// The first thing that keeps it from being run, in words.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.name.trim().is_empty() {
            return Err("a scenario needs a name".to_owned());
        }
        self.check_phases()?;
        self.check_faults()?;
        self.check_burst()?;
        for (field, asked) in self.hurry.waits() {
            asked.map_or(Ok(()), |asked| within(&format!("hurry.{field}"), asked, 1..=86_400))?;
        }
        if let Some(cached_s) = self.clients.dns_cache_s {
            within("clients.dns_cache_s", cached_s, 0..=86_400)?;
        }
        self.expect.as_ref().map_or(Ok(()), check_expected)
    }

    fn check_phases(&self) -> Result<(), String> {
        within("load.steady_s", self.load.steady_s, 5..=LONGEST_S)?;
        within("load.limit_s", self.load.limit_s, 30..=LONGEST_S)?;
        within("load.after_recovery_s", self.load.after_recovery_s, 0..=LONGEST_S)?;
        let [there_ms, back_ms] = self.replication.wal_delays_ms();
        within("replication.wal_delay_ms", there_ms, 0..=LONGEST_LAG_MS)?;
        within("replication.wal_delay_back_ms", back_ms, 0..=LONGEST_LAG_MS)?;
        within("replication.session_lag_ms", self.replication.session_lag_ms, 0..=LONGEST_LAG_MS)?;
        within("cloudwatch_minute_s", self.cloudwatch_minute_s, 5..=60)
    }

    fn check_faults(&self) -> Result<(), String> {
        let has = |wanted: fn(FaultKind) -> bool| self.faults.iter().any(|fault| wanted(fault.kind));
        if self.faults.is_empty() && self.burst.is_none() {
            return Err("a scenario without a fault proves nothing".to_owned());
        }
        let lost_for_good = |place: Place| {
            let mut lost = self.faults.iter().filter(|fault| fault.kind.loses_the_region() && fault.stays());
            lost.any(|fault| fault.region == place)
        };
        if lost_for_good(Place::Home) && lost_for_good(Place::Standby) {
            return Err("both regions are lost: none could take over".to_owned());
        }
        if has(FaultKind::is_about_containers) && has(|kind| !kind.is_about_containers()) {
            return Err("what containers suffer beside another fault cannot be judged".to_owned());
        }
        self.faults.iter().try_for_each(|fault| fault::check(fault, self.load.limit_s))
    }

    fn check_burst(&self) -> Result<(), String> {
        let Some(burst) = self.burst else { return Ok(()) };
        within("burst.times", u64::from(burst.times), 2..=100)?;
        within("burst.for_s", burst.for_s, 10..=self.load.limit_s)
    }
}

/// Says something that can come true.
fn check_expected(expect: &Expect) -> Result<(), String> {
    let texts = [("expect.held_because", &expect.held_because), ("expect.told", &expect.told)];
    for (field, text) in texts.into_iter().filter_map(|(field, text)| Some((field, text.as_ref()?))) {
        if text.trim().is_empty() || text.chars().count() > TEXT_CHARS_MAX {
            return Err(format!("{field} must have 1 to {TEXT_CHARS_MAX} characters"));
        }
    }
    let stays = expect.lease == Some(LeaseExpected::Stays);
    if stays && expect.goes_home == Some(true) {
        return Err("expect: a lease that stays does not go home".to_owned());
    }
    if stays && expect.writes_refused == Some(true) {
        return Err("expect: the fence refuses nobody while the lease stays".to_owned());
    }
    if *expect == Expect::default() {
        return Err("expect says nothing; leave it out".to_owned());
    }
    Ok(())
}
