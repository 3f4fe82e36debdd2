//! The sessions of one region against the other's.

use std::collections::BTreeMap;

use super::{CONFLICT_MS_MAX, Difference, Explanation, Kind, SESSION_LAG_MS_MAX};
use crate::session::SessionVersion;

/// Characters of a session's id that a report shows: enough to find it, too few to use it.
const SHOWN: usize = 8;

/// A session as one region holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replica {
    /// Its key.
    pub id: String,
    /// Its version there.
    pub version: SessionVersion,
    /// Last write, in milliseconds since the Unix epoch, by the clock of the region that wrote it.
    pub updated_at_ms: u64,
    /// End of its life, in seconds since the Unix epoch.
    pub expires_at_s: u64,
    /// What the client keeps in it, in canonical JSON; compared, never shown.
    pub content: String,
}

/// Every difference between sessions of this region and the same ones of the peer. Those that the peer alone
/// holds are the peer's to compare.
pub fn sessions(own: &[Replica], peer: &[Replica], now_ms: u64) -> Vec<Difference> {
    let theirs: BTreeMap<&str, &Replica> =
        peer.iter().map(|session| (session.id.as_str(), session)).collect();
    let ours: BTreeMap<&str, &Replica> = own.iter().map(|session| (session.id.as_str(), session)).collect();
    let compared = ours.into_values().map(|one| (one, theirs.get(one.id.as_str()).copied()));
    let found = compared.filter_map(|(one, other)| {
        let kind = differs(one, other)?;
        let shown: String = one.id.chars().take(SHOWN).chain(['…']).collect();
        Some(Difference::new(kind, explain(one, other, now_ms), shown))
    });
    found.collect()
}

fn differs(one: &Replica, other: Option<&Replica>) -> Option<Kind> {
    match other {
        None => Some(Kind::SessionAbsent),
        Some(other) if other.version != one.version => Some(Kind::SessionBehind),
        Some(other) if other.content != one.content => Some(Kind::SessionForked),
        Some(_) => None,
    }
}

fn explain(one: &Replica, other: Option<&Replica>, now_ms: u64) -> Option<Explanation> {
    let ended = |session: &Replica| session.expires_at_s.saturating_mul(1000) <= now_ms;
    let last_ms = one.updated_at_ms.max(other.map_or(0, |other| other.updated_at_ms));
    let age_ms = now_ms.saturating_sub(last_ms);
    if ended(one) && other.is_none_or(ended) {
        Some(Explanation::Expired)
    } else if age_ms < SESSION_LAG_MS_MAX {
        Some(Explanation::ReplicationLag)
    } else if other.is_some_and(|other| other.version.epoch != one.version.epoch) && age_ms < CONFLICT_MS_MAX
    {
        Some(Explanation::LaterEpochWins)
    } else {
        None
    }
}
