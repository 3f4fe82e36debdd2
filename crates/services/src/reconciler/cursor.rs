//! How far a region's reconciler has come: one item beside the journal, for a function keeps nothing.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use recovery::Region;
use recovery::order::ID_AGE_MS_MAX;
use recovery::reconcile::SETTLING_MS;
use serde::{Deserialize, Serialize};

use super::SERVICE;
use super::minute::MINUTE_MS;
use crate::aws::CallFailed;

/// How far back the first run of all begins.
const FIRST_MS: u64 = 60 * MINUTE_MS;
/// Minutes that one run compares at most: a backlog shrinks by hours a run, and no run reads for ever.
const MINUTES_MAX: usize = 240;
/// Minutes with differences that are kept for another look. With so many of them the walk stands still:
/// nothing is forgotten, and the oldest come first.
const OPEN_MAX: usize = 120;

/// What the next run has to know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Cursor {
    /// Ids made before this were all compared; in milliseconds since the Unix epoch.
    pub(super) through_ms: Option<u64>,
    /// Begins of minutes that were compared and held differences: every run looks at them until they hold none.
    pub(super) open: BTreeSet<u64>,
    /// Session to go on after.
    pub(super) sessions_after: Option<String>,
    /// The unexplained differences that people were told of last, in words.
    pub(super) told: String,
}

/// A walk over the minutes that are due.
#[derive(Debug)]
pub(super) struct Walk {
    due: std::vec::IntoIter<u64>,
    open: BTreeSet<u64>,
    through_ms: u64,
}

impl Cursor {
    /// Open minutes first, then those after the last one, up to where no further order can be put and whatever
    /// was put had its time to be settled.
    pub(super) fn walk(&self, now_ms: u64) -> Walk {
        let whole = |ms: u64| ms / MINUTE_MS * MINUTE_MS;
        let end_ms = whole(now_ms.saturating_sub(ID_AGE_MS_MAX + SETTLING_MS));
        let begin_ms = self.through_ms.unwrap_or_else(|| whole(end_ms.saturating_sub(FIRST_MS)));
        let fresh = (begin_ms..end_ms).step_by(MINUTE_MS as usize);
        let due: Vec<u64> = self.open.iter().copied().chain(fresh).take(MINUTES_MAX).collect();
        Walk { due: due.into_iter(), open: self.open.clone(), through_ms: begin_ms }
    }
}

impl Walk {
    /// The next minute, while there is time and room for what it may hold.
    pub(super) fn next(&mut self, time_left: bool) -> Option<u64> {
        let next = self.due.as_slice().first()?;
        if !time_left || (*next >= self.through_ms && self.open.len() >= OPEN_MAX) {
            return None;
        }
        self.due.next()
    }

    /// Notes what became of a minute.
    pub(super) fn compared(&mut self, minute_ms: u64, differs: bool) {
        if differs {
            self.open.insert(minute_ms);
        } else {
            self.open.remove(&minute_ms);
        }
        self.through_ms = self.through_ms.max(minute_ms + MINUTE_MS);
    }

    /// Leaves in the cursor how far it has come.
    pub(super) fn end(self, cursor: &mut Cursor) {
        cursor.open = self.open;
        cursor.through_ms = Some(self.through_ms);
    }
}

/// Where the cursor of one region lies.
#[derive(Clone, Debug)]
pub(super) struct Store {
    client: Client,
    table: String,
    region: Region,
}

impl Store {
    pub(super) fn new(client: Client, table: &str, region: &Region) -> Self {
        Self { client, table: table.to_owned(), region: region.clone() }
    }

    fn key(&self) -> [(&'static str, AttributeValue); 2] {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        [("pk", text(SERVICE)), ("sk", text(self.region.as_str()))]
    }

    /// The cursor; a new one where there is none, or one of another release that says nothing here.
    pub(super) async fn read(&self) -> Result<Cursor, CallFailed> {
        const CALL: &str = "dynamodb:GetItem";
        let key = self.key().map(|(name, value)| (name.to_owned(), value));
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key.into()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| CallFailed::new(CALL, error))?;
        let text = answer.item.as_ref().and_then(|item| item.get("cursor")?.as_s().ok());
        Ok(text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default())
    }

    pub(super) async fn write(&self, cursor: &Cursor) -> Result<(), CallFailed> {
        let text = serde_json::to_string(cursor).expect("a cursor has only text keys");
        let mut put = self.client.put_item().table_name(&self.table);
        for (name, value) in self.key() {
            put = put.item(name, value);
        }
        let put = put.item("cursor", AttributeValue::S(text)).send().await;
        put.map(drop).map_err(|error| CallFailed::new("dynamodb:PutItem", error))
    }
}

#[cfg(test)]
mod tests {
    //! Goal: every minute is compared once it can be, whatever time runs have, and one with differences until it
    //! has none. Method: runs that end anywhere.

    use proptest::prelude::*;

    use super::*;

    const NOW: u64 = 1_800_000_000_000;

    fn run(cursor: &mut Cursor, now_ms: u64, most: usize, differs: &BTreeSet<u64>) -> Vec<u64> {
        let (mut walk, mut compared) = (cursor.walk(now_ms), Vec::new());
        while let Some(minute_ms) = walk.next(compared.len() < most) {
            walk.compared(minute_ms, differs.contains(&minute_ms));
            compared.push(minute_ms);
        }
        walk.end(cursor);
        compared
    }

    proptest! {
        #[test]
        fn no_minute_is_left_out_however_runs_end(mosts in prop::collection::vec(0_usize..100, 1..30)) {
            let (mut cursor, mut all) = (Cursor::default(), Vec::new());
            for (number, most) in (0_u64..).zip(&mosts) {
                all.extend(run(&mut cursor, NOW + number * 900_000, *most, &BTreeSet::new()));
            }
            prop_assert!(all.windows(2).all(|two| two[0] + MINUTE_MS == two[1]), "{:?}", all);
            let last = NOW + (mosts.len() as u64 - 1) * 900_000;
            while !run(&mut cursor, last, 300, &BTreeSet::new()).is_empty() {}
            let end = (last - ID_AGE_MS_MAX - SETTLING_MS) / MINUTE_MS * MINUTE_MS;
            prop_assert_eq!(cursor.through_ms, Some(end));
        }
    }

    #[test]
    fn a_minute_with_differences_is_compared_until_it_has_none() {
        let mut cursor = Cursor::default();
        let all = run(&mut cursor, NOW, 300, &BTreeSet::new());
        assert_eq!(all.len(), 60, "the first run looks back for an hour");
        let late = NOW + 900_000;
        let bad = BTreeSet::from([all[59] + 2 * MINUTE_MS]);
        assert_eq!(run(&mut cursor, late, 300, &bad).len(), 15);
        assert_eq!(run(&mut cursor, late, 300, &bad), bad.iter().copied().collect::<Vec<_>>());
        assert_eq!(run(&mut cursor, late, 300, &BTreeSet::new()).len(), 1);
        assert_eq!(run(&mut cursor, late, 300, &BTreeSet::new()), [0_u64; 0]);
    }

    #[test]
    fn a_walk_that_is_full_of_differences_stands_still_and_goes_on() {
        let mut cursor = Cursor { through_ms: Some(NOW), ..Cursor::default() };
        let now_ms = NOW + 300 * MINUTE_MS;
        let every = (NOW..now_ms).step_by(60_000).collect::<BTreeSet<_>>();
        assert_eq!(run(&mut cursor, now_ms, 300, &every).len(), OPEN_MAX);
        assert_eq!(run(&mut cursor, now_ms, 300, &every).len(), OPEN_MAX, "the same again");
        assert_eq!(cursor.through_ms, Some(NOW + OPEN_MAX as u64 * MINUTE_MS));
        assert_eq!(run(&mut cursor, now_ms, 300, &BTreeSet::new()).len(), MINUTES_MAX);
        assert!(cursor.open.is_empty());
    }
}
