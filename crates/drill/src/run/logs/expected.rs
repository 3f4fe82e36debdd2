//! The lines of WARN and ERROR that a drill provokes and that are therefore no reason to fail it.
//!
//! Short on purpose: an entry that is not needed any more hides the next mistake.

use recovery::scenario::FaultKind;

use super::Complaint;

/// When a line is to be expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// At any time.
    Always,
    /// From the fault until a little after the system had recovered.
    DuringRecovery,
    /// In a region that one of these strikes, while it lasts and a little after.
    Here(&'static [FaultKind]),
    /// Anywhere, while one of these lasts and a little after.
    Anywhere(&'static [FaultKind]),
}

/// One kind of line.
pub(super) struct Expected {
    /// Part of the name of the function, or `emulator`; empty: any function.
    from: &'static str,
    /// Part of the line.
    says: &'static str,
    pub(super) when: When,
    /// Why it has to be so.
    #[expect(dead_code, reason = "for readers")]
    because: &'static str,
}

pub(super) const EXPECTED: [Expected; 9] = [
    Expected {
        from: "emulator",
        says: "cryptography package not installed; KMS Sign/Verify will return errors",
        when: When::Always,
        because: "nothing under test signs with KMS; the package would be one more to install",
    },
    Expected {
        from: "order-processor",
        says: "settlement failed and will be tried again",
        when: When::DuringRecovery,
        because: "the owner of the lease has lost its database; every batch is refused and comes back",
    },
    Expected {
        from: "orders-worker",
        says: "settlement failed and will be tried again",
        when: When::DuringRecovery,
        because: "the same code as a container",
    },
    Expected {
        from: "recovery-step",
        says: "NotYet(",
        when: When::DuringRecovery,
        because: "a step that waits ends in this error, and the workflow tries it again",
    },
    Expected {
        from: "",
        says: "\"level\":",
        when: When::Here(&[FaultKind::Lost, FaultKind::Frozen]),
        because: "functions that are cut off from everything say so; a crash has no level and counts",
    },
    Expected {
        from: "recovery-step",
        says: "route53:ListResourceRecordSets failed: ServiceUnavailable",
        when: When::Here(&[FaultKind::DnsDenied]),
        because: "the step that steers is refused, says so, and the workflow goes on without it",
    },
    Expected {
        from: "emulator",
        says: "[lambda_runtime] Lambda function-recovery-step-",
        when: When::Anywhere(&[FaultKind::StepKilled]),
        because: "the function was killed with its work in hand",
    },
    Expected {
        from: "",
        says: "the own clock is wrong; AWS's is believed",
        when: When::Here(&[FaultKind::ClockAhead]),
        because: "each process compares its clock with AWS's and says when they differ",
    },
    Expected {
        from: "sentinel",
        says: "the peer did not let a probe in; it is not counted",
        when: When::Here(&[FaultKind::ClockAhead]),
        because: "a probe may be signed by the wrong clock before the process has heard of the right one",
    },
];

impl Expected {
    /// Whether a complaint is of this kind, its time apart.
    pub(super) fn is_of(&self, complaint: &Complaint) -> bool {
        let from = match self.from {
            "" => complaint.region.is_some(),
            from => complaint.from.is_empty() || complaint.from.contains(from),
        };
        from && complaint.text.contains(self.says)
    }
}
