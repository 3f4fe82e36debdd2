//! Waits of a deployment that a rehearsal makes shorter, and says so.

use serde::{Deserialize, Serialize};

use crate::deployment::Deployment;

/// Waits of the deployment that a rehearsal makes shorter, in seconds. A wait that is shorter already
/// stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Hurry {
    /// Instead of `lease.cooldown_s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cooldown_s: Option<u64>,
    /// Instead of `failback.dwell_s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dwell_s: Option<u64>,
    /// Instead of `lease.database_patience_s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database_patience_s: Option<u64>,
}

/// One wait that a rehearsal made shorter, in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Hurried {
    /// The setting, as the deployment file writes it.
    pub setting: String,
    /// What it was.
    pub deployed_s: u64,
    /// What it is in the rehearsal.
    pub rehearsed_s: u64,
}

impl Hurry {
    /// Every wait that may be made shorter, by the name of its field, with what is asked for.
    pub fn waits(&self) -> [(&'static str, Option<u64>); 3] {
        [
            ("cooldown_s", self.cooldown_s),
            ("dwell_s", self.dwell_s),
            ("database_patience_s", self.database_patience_s),
        ]
    }

    /// Makes the waits of a deployment shorter; returns those that became so.
    pub fn apply(&self, deployment: &mut Deployment) -> Vec<Hurried> {
        let settings = [
            ("lease.cooldown_s", &mut deployment.lease.cooldown_s, self.cooldown_s),
            ("failback.dwell_s", &mut deployment.failback.dwell_s, self.dwell_s),
            (
                "lease.database_patience_s",
                &mut deployment.lease.database_patience_s,
                self.database_patience_s,
            ),
        ];
        let shorten = |(setting, wait, asked): (&str, &mut u64, Option<u64>)| {
            let rehearsed_s = asked.filter(|asked| asked < wait)?;
            let deployed_s = std::mem::replace(wait, rehearsed_s);
            Some(Hurried { setting: setting.to_owned(), deployed_s, rehearsed_s })
        };
        settings.into_iter().filter_map(shorten).collect()
    }
}

impl std::fmt::Display for Hurried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { setting, deployed_s, rehearsed_s } = self;
        write!(f, "{setting}: {rehearsed_s} s instead of {deployed_s} s")
    }
}
