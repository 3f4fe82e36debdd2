//! What is broken now: one value that every gateway obeys from the moment it changes.

use std::collections::{BTreeMap, BTreeSet};

use recovery::Region;
use tokio::sync::watch;

/// One injected fault.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// The region is dead: open connections are reset, new ones are refused.
    Refuse {
        /// The region.
        region: Region,
    },
    /// The region accepts connections and never answers until it is thawed.
    Freeze {
        /// The region.
        region: Region,
    },
    /// Every request takes longer.
    Delay {
        /// The region.
        region: Region,
        /// By this many milliseconds.
        delay_ms: u64,
    },
    /// Some requests end in a connection reset.
    Drop {
        /// The region.
        region: Region,
        /// Share of requests, 0 to 1.
        share: f64,
    },
    /// Whoever comes from outside is reset: clients, health checkers, the peer's probes.
    CutOff {
        /// The region.
        region: Region,
    },
    /// Some requests from outside fail, half of them after they have been carried out. Those for the
    /// region's health do not.
    Err {
        /// The region.
        region: Region,
        /// Share of requests, 0 to 1.
        share: f64,
    },
    /// Every request from outside is carried out and answered late.
    Late {
        /// The region.
        region: Region,
        /// By this many milliseconds.
        delay_ms: u64,
    },
    /// Calls to the strongly consistent table fail.
    NoJournal {
        /// The region.
        region: Region,
    },
    /// One region cannot reach another; the way back is a second fault.
    Cut {
        /// Where the call starts.
        from: Region,
        /// Where it would have gone.
        to: Region,
    },
    /// A service of AWS refuses what a region's functions ask of it.
    Deny {
        /// The region.
        region: Region,
        /// What is refused.
        what: Denied,
    },
}

/// A part of AWS that may be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Denied {
    /// The control plane of DNS: every call to Route 53.
    Dns,
    /// Receiving messages from queues, which containers do themselves.
    Messages,
}

impl Denied {
    const ALL: [Self; 2] = [Self::Dns, Self::Messages];

    /// In words, as in "… is refused".
    pub fn name(self) -> &'static str {
        match self {
            Self::Dns => "every call to the control plane of DNS",
            Self::Messages => "receiving messages",
        }
    }

    /// Whether a call to a service, by its name in signatures, is of this part.
    fn covers(self, service: &str, target: &str) -> bool {
        match self {
            Self::Dns => service == "route53",
            Self::Messages => service == "sqs" && target.ends_with(".ReceiveMessage"),
        }
    }
}

/// What befalls requests from outside: of clients, of health checkers, of the peer's probes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outside {
    /// Every one is reset.
    pub cut_off: bool,
    /// Share of them that fail, 0 to 1; those for the region's health do not.
    pub error_share: f64,
    /// Added to every answer, in milliseconds.
    pub late_ms: u64,
}

/// How one region behaves.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Condition {
    /// Everything is refused.
    pub refuse: bool,
    /// Nothing is answered.
    pub freeze: bool,
    /// Added to every request, in milliseconds.
    pub delay_ms: u64,
    /// Share of requests that are reset, 0 to 1.
    pub drop_share: f64,
    /// What of AWS refuses every call.
    pub denied: BTreeSet<Denied>,
    /// What befalls requests from outside alone.
    pub outside: Outside,
    /// Calls to the strongly consistent table fail.
    pub no_journal: bool,
}

/// Every fault that holds at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FaultState {
    conditions: BTreeMap<Region, Condition>,
    cuts: BTreeSet<(Region, Region)>,
}

impl FaultState {
    /// How a region behaves.
    #[must_use]
    pub fn condition(&self, region: &Region) -> Condition {
        self.conditions.get(region).cloned().unwrap_or_default()
    }

    /// Whether the region refuses everything.
    #[must_use]
    pub fn is_dead(&self, region: &Region) -> bool {
        self.conditions.get(region).is_some_and(|condition| condition.refuse)
    }

    /// Whether a call from one region arrives in the other: both live, and not cut apart.
    #[must_use]
    pub fn reaches(&self, from: &Region, to: &Region) -> bool {
        let cut = from != to && self.cuts.contains(&(from.clone(), to.clone()));
        !cut && !self.is_dead(from) && !self.is_dead(to)
    }

    /// Whether a call of a region's functions is refused: its service by its name in signatures, and its
    /// `X-Amz-Target`, if it has one.
    pub(super) fn denies(&self, region: &Region, service: &str, target: &str) -> bool {
        let denied = self.conditions.get(region).map(|condition| &condition.denied);
        let denies = |what: Denied| denied.is_some_and(|denied| denied.contains(&what));
        Denied::ALL.into_iter().any(|what| denies(what) && what.covers(service, target))
    }

    fn set(&mut self, fault: &Fault, holds: bool) {
        let mut change = |region: &Region, apply: &dyn Fn(&mut Condition)| {
            apply(self.conditions.entry(region.clone()).or_default());
        };
        match fault {
            Fault::Refuse { region } => change(region, &|condition| condition.refuse = holds),
            Fault::Freeze { region } => change(region, &|condition| condition.freeze = holds),
            Fault::Delay { region, delay_ms } => {
                change(region, &|condition| condition.delay_ms = if holds { *delay_ms } else { 0 });
            }
            Fault::Drop { region, share } => {
                let share = if holds { share.clamp(0.0, 1.0) } else { 0.0 };
                change(region, &|condition| condition.drop_share = share);
            }
            Fault::Deny { region, what } => change(region, &|condition| {
                if holds {
                    condition.denied.insert(*what);
                } else {
                    condition.denied.remove(what);
                }
            }),
            Fault::CutOff { region } => change(region, &|condition| condition.outside.cut_off = holds),
            Fault::Err { region, share } => {
                let share = if holds { share.clamp(0.0, 1.0) } else { 0.0 };
                change(region, &|condition| condition.outside.error_share = share);
            }
            Fault::Late { region, delay_ms } => {
                let late_ms = if holds { *delay_ms } else { 0 };
                change(region, &|condition| condition.outside.late_ms = late_ms);
            }
            Fault::NoJournal { region } => change(region, &|condition| condition.no_journal = holds),
            Fault::Cut { from, to } => {
                let way = (from.clone(), to.clone());
                if holds {
                    self.cuts.insert(way);
                } else {
                    self.cuts.remove(&way);
                }
            }
        }
    }
}

/// The shared handle: whoever holds a clone may inject and lift.
#[derive(Clone, Debug)]
pub struct Faults(watch::Sender<FaultState>);

impl Default for Faults {
    fn default() -> Self {
        Self::new()
    }
}

impl Faults {
    /// Nothing is broken.
    #[must_use]
    pub fn new() -> Self {
        Self(watch::Sender::new(FaultState::default()))
    }

    /// From now on this fault holds.
    pub fn inject(&self, fault: &Fault) {
        self.0.send_modify(|state| state.set(fault, true));
    }

    /// From now on it does not. Only its kind and its regions matter.
    pub fn lift(&self, fault: &Fault) {
        self.0.send_modify(|state| state.set(fault, false));
    }

    /// What holds now.
    #[must_use]
    pub fn now(&self) -> FaultState {
        self.0.borrow().clone()
    }

    /// Hears of every change.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<FaultState> {
        self.0.subscribe()
    }

    /// Returns once `holds` is true of the state.
    pub async fn until(&self, holds: impl FnMut(&FaultState) -> bool) {
        // The sender lives in `self`, so waiting ends only when the condition holds.
        let _ = self.subscribe().wait_for(holds).await;
    }
}

#[cfg(test)]
mod tests {
    // Goal: faults of one region leave the others alone, and lifting undoes exactly one kind.
    use super::*;

    fn region(name: &str) -> Region {
        Region::new(name).expect("a region name")
    }

    #[test]
    fn a_dead_region_reaches_nothing_and_nothing_reaches_it() {
        let (home, standby) = (region("us-east-1"), region("us-east-2"));
        let faults = Faults::new();
        faults.inject(&Fault::Refuse { region: home.clone() });
        let state = faults.now();
        assert!(!state.reaches(&home, &standby) && !state.reaches(&standby, &home));
        assert!(state.reaches(&standby, &standby));
        faults.lift(&Fault::Refuse { region: home.clone() });
        assert!(faults.now().reaches(&home, &standby));
    }

    #[test]
    fn a_cut_has_a_direction() {
        let (home, standby) = (region("us-east-1"), region("us-east-2"));
        let faults = Faults::new();
        faults.inject(&Fault::Cut { from: home.clone(), to: standby.clone() });
        assert!(!faults.now().reaches(&home, &standby));
        assert!(faults.now().reaches(&standby, &home));
    }

    #[test]
    fn what_is_denied_is_denied_to_one_region_only() {
        let (home, standby) = (region("us-east-1"), region("us-east-2"));
        let faults = Faults::new();
        faults.inject(&Fault::Deny { region: home.clone(), what: Denied::Dns });
        faults.inject(&Fault::Deny { region: home.clone(), what: Denied::Messages });
        let state = faults.now();
        assert!(state.denies(&home, "route53", "") && !state.denies(&standby, "route53", ""));
        assert!(state.denies(&home, "sqs", "AmazonSQS.ReceiveMessage"));
        assert!(!state.denies(&home, "sqs", "AmazonSQS.SendMessage") && !state.denies(&home, "rds", ""));
        faults.lift(&Fault::Deny { region: home.clone(), what: Denied::Dns });
        assert!(!faults.now().denies(&home, "route53", ""));
        assert!(faults.now().denies(&home, "sqs", "AmazonSQS.ReceiveMessage"));
    }

    #[test]
    fn lifting_undoes_one_kind_only() {
        let home = region("us-east-1");
        let faults = Faults::new();
        faults.inject(&Fault::Delay { region: home.clone(), delay_ms: 40 });
        faults.inject(&Fault::Drop { region: home.clone(), share: 7.0 });
        faults.lift(&Fault::Delay { region: home.clone(), delay_ms: 0 });
        let condition = faults.now().condition(&home);
        assert_eq!((condition.delay_ms, condition.drop_share), (0, 1.0));
    }
}
