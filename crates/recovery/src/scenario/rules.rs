//! What a scenario may say: only what a verdict can judge is run.

use super::{Fault, FaultKind, Place, SERVICES, Scenario};

impl Scenario {
    /// The first thing that keeps it from being run, in words.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.name.trim().is_empty() {
            return Err("a scenario needs a name".to_owned());
        }
        self.check_faults()?;
        self.check_burst()?;
        let phases = &self.load;
        if phases.steady_s < 5 || phases.steady_s > 3600 {
            return Err(format!("load.steady_s must lie in 5..=3600, not {}", phases.steady_s));
        }
        if phases.limit_s < 30 || phases.limit_s > 3600 {
            return Err(format!("load.limit_s must lie in 30..=3600, not {}", phases.limit_s));
        }
        if phases.after_recovery_s > 3600 {
            return Err("load.after_recovery_s must be at most 3600".to_owned());
        }
        if self.replication.wal_delay_ms > 600_000 || self.replication.session_lag_ms > 600_000 {
            return Err("a replication lag must be at most 600000 ms".to_owned());
        }
        if !(5..=60).contains(&self.cloudwatch_minute_s) {
            let seconds = self.cloudwatch_minute_s;
            return Err(format!("cloudwatch_minute_s must lie in 5..=60, not {seconds}"));
        }
        Ok(())
    }

    fn check_faults(&self) -> Result<(), String> {
        let limit_s = self.load.limit_s;
        let strikes = |place: Place| self.faults.iter().any(|fault| fault.region == place);
        if self.faults.is_empty() && self.burst.is_none() {
            return Err("a scenario without a fault proves nothing".to_owned());
        }
        let lost = |place: Place| {
            self.faults.iter().any(|fault| fault.region == place && fault.kind.loses_the_region())
        };
        if lost(Place::Home) && lost(Place::Standby) {
            return Err("both regions are lost: none could take over".to_owned());
        }
        if strikes(Place::Standby) {
            return Err("a fault on the standby cannot be judged yet".to_owned());
        }
        if self.loses_a_region() && self.faults.iter().any(|fault| !fault.kind.loses_the_region()) {
            return Err(
                "a region is lost, and what its containers suffer beside that cannot be judged".to_owned()
            );
        }
        if let Some(fault) = self.faults.iter().find(|fault| fault.at_s > limit_s) {
            return Err(format!("a fault at {} s comes after the limit of {limit_s} s", fault.at_s));
        }
        self.faults.iter().try_for_each(check_fault)
    }

    fn check_burst(&self) -> Result<(), String> {
        let Some(burst) = self.burst else { return Ok(()) };
        if self.loses_a_region() {
            return Err("a burst while a region is lost cannot be judged yet".to_owned());
        }
        if !(2..=100).contains(&burst.times) {
            return Err(format!("burst.times must lie in 2..=100, not {}", burst.times));
        }
        if !(10..=self.load.limit_s).contains(&burst.for_s) {
            let limit_s = self.load.limit_s;
            return Err(format!(
                "burst.for_s must lie in 10..=load.limit_s ({limit_s}), not {}",
                burst.for_s
            ));
        }
        Ok(())
    }
}

/// Names what it strikes, and nothing that it does not.
fn check_fault(fault: &Fault) -> Result<(), String> {
    let (needs_service, needs_zone) = match fault.kind {
        FaultKind::Lost => (false, false),
        FaultKind::TaskKilled | FaultKind::BadDeployment => (true, false),
        FaultKind::ZoneLost => (false, true),
    };
    match &fault.service {
        None if needs_service => return Err("a fault of this kind needs a service".to_owned()),
        Some(_) if !needs_service => return Err("a fault of this kind has no service".to_owned()),
        Some(service) if !SERVICES.contains(&service.as_str()) => {
            return Err(format!("there is no service {service}; there are {}", SERVICES.join(" and ")));
        }
        _ => {}
    }
    match fault.zone {
        None if needs_zone => Err("a fault of this kind needs a zone".to_owned()),
        Some(_) if !needs_zone => Err("a fault of this kind has no zone".to_owned()),
        Some(0) => Err("zones are counted from 1".to_owned()),
        _ => Ok(()),
    }
}
