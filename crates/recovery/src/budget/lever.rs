//! Settings that shorten a part.

use std::fmt;

use serde::Serialize;

/// A setting that shortens a part when it is turned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lever {
    /// Its name, as whoever turns it writes it.
    pub setting: String,
    /// Its value now.
    pub now: u64,
    /// Other values it may have, from the nearest to the one that saves most.
    pub choices: Vec<u64>,
    /// Seconds that one unit of it is worth.
    pub seconds_each: u64,
}

/// One setting turned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Name of the setting.
    pub setting: String,
    /// Its value now.
    pub from: u64,
    /// The value that it could have.
    pub to: u64,
    /// Seconds that this saves.
    pub saves_s: u64,
    /// Whether this alone meets the objective.
    pub enough: bool,
}

impl Lever {
    /// A setting that shortens its part with every unit less, down to `least`.
    pub fn less(setting: impl Into<String>, now: u64, least: u64, seconds_each: u64) -> Self {
        let choices = (least.min(now)..now).rev().collect();
        Self { setting: setting.into(), now, choices, seconds_each }
    }

    /// The nearest value that saves so many seconds, or else the one that saves most.
    pub(super) fn change(&self, over_s: u64) -> Option<Change> {
        let saves = |to: u64| self.now.abs_diff(to).saturating_mul(self.seconds_each);
        let enough = self.choices.iter().copied().find(|choice| saves(*choice) >= over_s);
        let to = enough.or_else(|| self.choices.last().copied())?;
        let change = Change {
            setting: self.setting.clone(),
            from: self.now,
            to,
            saves_s: saves(to),
            enough: enough.is_some(),
        };
        Some(change).filter(|change| change.saves_s > 0)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { setting, from, to, saves_s, enough } = self;
        let enough = if *enough { ", which is enough" } else { "" };
        write!(f, "{setting} {from} → {to} saves {saves_s} s{enough}")
    }
}
