//! What was done to the system in one run, as the verdict wants it told.

use recovery::scenario::{AcceptedExpected, Expect};
use recovery::verdict::{self, Expectation, Harm};
use recovery::{Epoch, Region};

/// What was done to the system.
#[derive(Clone, Debug)]
pub enum Struck {
    /// The lease had to leave a region, or left it: the other one has to take over.
    Lost(verdict::Fault),
    /// Whatever happened, the lease stays where it is.
    Harmed(Harm),
}

/// How things stood when the first fault struck.
#[derive(Clone, Debug)]
pub struct Before {
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// Who owned the lease.
    pub owner: Region,
    /// The other region.
    pub other: Region,
    /// Under which epoch.
    pub epoch: Epoch,
}

impl Struck {
    /// `leaves` says whether the lease had to leave its owner, or has left it.
    pub fn of(before: &Before, leaves: bool, expect: &Expect) -> Self {
        let Before { at_ms, owner, other, epoch } = before.clone();
        if leaves {
            Self::Lost(verdict::Fault {
                at_ms,
                lost_region: owner,
                surviving_region: other,
                epoch,
                accepted_again: expect.accepted == Some(AcceptedExpected::Again),
                settled_again: expect.settled.is_some(),
            })
        } else {
            Self::Harmed(Harm { at_ms, region: owner, epoch })
        }
    }

    /// When, in milliseconds since the Unix epoch.
    pub fn at_ms(&self) -> u64 {
        match self {
            Self::Lost(fault) => fault.at_ms,
            Self::Harmed(harm) => harm.at_ms,
        }
    }

    /// What the verdict expects of the system.
    pub fn expectation(&self) -> Expectation {
        match self {
            Self::Lost(fault) => Expectation::Moves(fault.clone()),
            Self::Harmed(harm) => Expectation::Stays(harm.clone()),
        }
    }

    /// The region that settles orders after it.
    pub fn settles(&self) -> &Region {
        match self {
            Self::Lost(fault) => &fault.surviving_region,
            Self::Harmed(harm) => &harm.region,
        }
    }

    /// The region that the lease has left.
    pub fn lost_region(&self) -> Option<&Region> {
        match self {
            Self::Lost(fault) => Some(&fault.lost_region),
            Self::Harmed(_) => None,
        }
    }
}
