//! Scenarios: what happens to the two regions, and what must and must not follow.

use serde::{Deserialize, Serialize};

/// One scenario, as its TOML file says. Unknown fields are refused.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Name on the command line.
    pub name: String,
    /// One line for the list.
    pub summary: String,
    /// What has to happen, in words: for people. Nothing reads it to judge a run; the
    /// [verdict](crate::verdict) has invariants of its own.
    pub must: Vec<String>,
    /// What must never happen, in words: for people, like `must`.
    pub must_not: Vec<String>,
    /// How long load runs before and after.
    pub load: LoadPhases,
    /// How far replication runs behind.
    pub replication: Replication,
    /// What is done to the regions, in order of time.
    #[serde(rename = "fault")]
    pub faults: Vec<Fault>,
}

/// Durations of the phases of load, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LoadPhases {
    /// Load before the first fault.
    pub steady_s: u64,
    /// Load after the recovery has been observed.
    pub after_recovery_s: u64,
    /// Longest time after the first fault that a recovery is waited for.
    pub limit_s: u64,
}

/// Lag of the asynchronous replications, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Replication {
    /// Of the database's write-ahead log.
    pub wal_delay_ms: u64,
    /// Of the session table.
    pub session_lag_ms: u64,
}

/// One injected failure.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Seconds after the end of the steady phase.
    pub at_s: u64,
    /// Which region it strikes.
    pub region: Place,
    /// What it does.
    pub kind: FaultKind,
}

/// A region by its place in the deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The region the deployment prefers as primary.
    Home,
    /// The other one.
    Standby,
}

/// What a fault does to a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Every call is refused, the database is killed, the functions are cut off.
    Lost,
}

/// A scenario that cannot be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidScenario {
    /// Not TOML, or not of the scenario's form; the message names line and column.
    #[error("{file}:{line}:{column}: {reason}")]
    Form {
        /// File the text came from.
        file: String,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong.
        reason: String,
    },
    /// Well formed, and yet not to be run.
    #[error("{file}: {reason}")]
    Meaning {
        /// File the text came from.
        file: String,
        /// What is wrong.
        reason: String,
    },
}

impl Scenario {
    /// Reads a scenario; `file` is only named in errors.
    pub fn parse(text: &str, file: &str) -> Result<Self, InvalidScenario> {
        let scenario: Self = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let before = text.get(..start).unwrap_or_default();
            InvalidScenario::Form {
                file: file.to_owned(),
                line: before.matches('\n').count() + 1,
                column: before.chars().rev().take_while(|c| *c != '\n').count() + 1,
                reason: error.message().to_owned(),
            }
        })?;
        scenario.check().map_err(|reason| InvalidScenario::Meaning { file: file.to_owned(), reason })?;
        Ok(scenario)
    }

    fn check(&self) -> Result<(), String> {
        if self.name.trim().is_empty() {
            return Err("a scenario needs a name".to_owned());
        }
        self.check_faults()?;
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
        Ok(())
    }

    /// Only what the verdict can judge is run: the loss of home, for the standby has to take over.
    fn check_faults(&self) -> Result<(), String> {
        let limit_s = self.load.limit_s;
        let strikes = |place: Place| self.faults.iter().any(|fault| fault.region == place);
        if self.faults.is_empty() {
            return Err("a scenario without a fault proves nothing".to_owned());
        }
        if strikes(Place::Home) && strikes(Place::Standby) {
            return Err("both regions are lost: none could take over".to_owned());
        }
        if strikes(Place::Standby) {
            return Err("a fault on the standby cannot be judged yet".to_owned());
        }
        if let Some(fault) = self.faults.iter().find(|fault| fault.at_s > limit_s) {
            return Err(format!("a fault at {} s comes after the limit of {limit_s} s", fault.at_s));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    // Goal: a scenario file that would not do what it says is refused with its place.
    // Method: break the shipped scenario in one place at a time.
    use super::*;

    const SHIPPED: &str = include_str!("../../../scenarios/region-loss.toml");

    #[test]
    fn the_shipped_scenario_is_valid() {
        let scenario = Scenario::parse(SHIPPED, "region-loss.toml").expect("it is shipped");
        assert_eq!(scenario.faults[0].kind, FaultKind::Lost);
    }

    #[test]
    fn an_unknown_field_is_named_with_its_line() {
        let text = SHIPPED.replace("steady_s", "stedy_s");
        let error = Scenario::parse(&text, "x.toml").expect_err("unknown field").to_string();
        let line = text.lines().position(|line| line.starts_with("stedy_s")).expect("replaced above") + 1;
        assert!(error.contains("stedy_s") && error.starts_with(&format!("x.toml:{line}:1: ")), "{error}");
    }

    #[test]
    fn what_cannot_be_judged_yet_is_refused() {
        let on_the_standby = SHIPPED.replace("region = \"home\"", "region = \"standby\"");
        let both = format!("{SHIPPED}\n[[fault]]\nat_s = 1\nregion = \"standby\"\nkind = \"lost\"\n");
        let unnamed = SHIPPED.replace("name = \"region-loss\"", "name = \" \"");
        for (text, reason) in [
            (on_the_standby, "a fault on the standby cannot be judged yet"),
            (both, "both regions are lost"),
            (unnamed, "a scenario needs a name"),
        ] {
            let error = Scenario::parse(&text, "x.toml").expect_err(reason).to_string();
            assert!(error.starts_with(&format!("x.toml: {reason}")), "{error}");
        }
    }

    #[test]
    fn a_fault_after_the_limit_is_refused() {
        let text = SHIPPED.replace("at_s = 0 ", "at_s = 500 ");
        let error = Scenario::parse(&text, "x.toml").expect_err("never happens").to_string();
        assert!(error.contains("comes after the limit"), "{error}");
    }
}
