//! One injected failure: what, where, from when until when.

use serde::{Deserialize, Serialize};

use super::kind::FaultKind;
use super::step::{KilledStep, WorkflowStep};

/// One injected failure.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Seconds after the end of the steady phase at which it strikes; absent with `during`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_s: Option<u64>,
    /// The step of a workflow with whose beginning it strikes, instead of at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub during: Option<WorkflowStep>,
    /// Seconds after which it ends; absent: it stays, or ends as `until` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_s: Option<u64>,
    /// What ends it, when no time does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Until>,
    /// How many times it strikes.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub times: u32,
    /// Seconds between two beginnings; exactly when it strikes more than once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every_s: Option<u64>,
    /// Which region it strikes.
    pub region: Place,
    /// What it does.
    pub kind: FaultKind,
    /// The service that it harms, by the name of its binary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The zone that it takes away, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<u32>,
    /// Share of the requests that fail: above 0, at most 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
    /// Milliseconds by which every answer is late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// Seconds by which the region's clock is ahead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ahead_s: Option<u64>,
    /// The step in whose middle the function dies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<KilledStep>,
}

fn once() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_once(times: &u32) -> bool {
    *times == 1
}

/// A region by its place in the deployment, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The region the deployment prefers as primary.
    Home,
    /// The other one.
    Standby,
    /// Home and standby.
    Both,
}

impl Place {
    /// Whether a region is struck: home when `home`, else the standby.
    pub fn strikes(self, home: bool) -> bool {
        match self {
            Self::Home => home,
            Self::Standby => !home,
            Self::Both => true,
        }
    }
}

/// What ends a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    /// Orders are accepted and settled again.
    Recovered,
}

/// When a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// So many seconds after the end of the steady phase.
    At(u64),
    /// When this step of a workflow begins.
    During(WorkflowStep),
}

impl Fault {
    /// A fault of this kind that strikes once at a time and stays, with nothing more said.
    pub fn new(at_s: u64, region: Place, kind: FaultKind) -> Self {
        Self {
            at_s: Some(at_s),
            during: None,
            for_s: None,
            until: None,
            times: 1,
            every_s: None,
            region,
            kind,
            service: None,
            zone: None,
            share: None,
            delay_ms: None,
            ahead_s: None,
            step: None,
        }
    }

    /// When it strikes for the first time.
    pub fn begins(&self) -> Beginning {
        match self.during {
            Some(step) => Beginning::During(step),
            None => Beginning::At(self.at_s.unwrap_or_default()),
        }
    }

    /// Every beginning in seconds after the first one, with the end that belongs to it if a time ends it.
    pub fn strikes(&self) -> impl Iterator<Item = (u64, Option<u64>)> + use<> {
        let (every_s, for_s) = (self.every_s.unwrap_or_default(), self.for_s);
        (0..u64::from(self.times)).map(move |time| {
            let begins_s = time.saturating_mul(every_s);
            (begins_s, for_s.map(|for_s| begins_s.saturating_add(for_s)))
        })
    }

    /// Whether it never ends by itself: neither a time nor the recovery ends it, and it is no moment's.
    pub fn stays(&self) -> bool {
        self.for_s.is_none() && self.until.is_none() && !self.kind.is_momentary()
    }
}
