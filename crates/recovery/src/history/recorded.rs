//! A whole history: what a file holds, and what is judged at once.

use super::record::{End, FaultTold, Header, LedgerSum, Record};
use super::{Facts, Operation};
use crate::checker::{self, Violation};
use crate::verdict::{self, Expectation, Verdict};

/// Everything that is known of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// What it is of.
    pub header: Header,
    /// What clients did and were told.
    pub operations: Vec<Operation>,
    /// What was found.
    pub facts: Facts,
    /// What was done to the system, for people.
    pub faults: Vec<FaultTold>,
    /// What the run is judged by, beside the invariants.
    pub expectation: Option<Expectation>,
}

impl Recorded {
    /// Every violation of an invariant.
    pub fn violations(&self) -> Vec<Violation> {
        checker::check(&self.operations, &self.facts)
    }

    /// The verdict on the run; `None` when it does not say what was promised or expected, so that there are
    /// only invariants to be judged.
    pub fn verdict(&self) -> Option<Verdict> {
        let (expectation, objectives) = self.expectation.as_ref().zip(self.header.objectives.as_ref())?;
        Some(verdict::judge_expected(&self.operations, expectation, &self.facts, objectives))
    }

    /// The file, line by line, without the ends of lines.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        let mut records = 0;
        self.records().map(Some).chain([None]).map(move |record| {
            let record = record.unwrap_or(Record::End(End { records }));
            records += 1;
            serde_json::to_string(&record).expect("texts and numbers always serialise")
        })
    }

    fn records(&self) -> impl Iterator<Item = Record<'_>> {
        use std::borrow::Cow::Borrowed;
        let facts = &self.facts;
        let ledger = facts.ledger_sums.iter();
        let ledger = ledger.map(|(asset, sum)| Record::Ledger(LedgerSum { asset: asset.clone(), sum: *sum }));
        [Record::History(Borrowed(&self.header))]
            .into_iter()
            .chain(self.expectation.iter().map(|one| Record::Expectation(Borrowed(one))))
            .chain(self.faults.iter().map(|one| Record::Fault(Borrowed(one))))
            .chain(facts.lease_history.iter().map(|one| Record::Lease(Borrowed(one))))
            .chain(facts.moves.iter().map(|one| Record::Move(Borrowed(one))))
            .chain(facts.fences.iter().map(|one| Record::Fence(*one)))
            .chain(self.operations.iter().map(|one| Record::Operation(Borrowed(one))))
            .chain(facts.settled.iter().map(|one| Record::Settled(Borrowed(one))))
            .chain(facts.dead.iter().map(|one| Record::Dead(*one)))
            .chain(ledger)
            .chain(facts.balances.iter().flatten().map(|one| Record::Balance(Borrowed(one))))
            .chain(facts.outbox.iter().flatten().map(|one| Record::Outbox(*one)))
    }
}
