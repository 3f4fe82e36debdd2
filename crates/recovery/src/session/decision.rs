//! What a read or write of a session means, given what the region holds and the client has seen.

use super::SessionVersion;
use crate::Epoch;

/// A session as a region holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held<'a, D> {
    /// What the client keeps in it.
    pub data: &'a D,
    /// Grows with each write.
    pub version: SessionVersion,
    /// End of life, in seconds since the Unix epoch.
    pub expires_at_s: u64,
}

/// What a read may answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// What is held.
    Current,
    /// That this region has not seen what the client has seen.
    Behind,
    /// That there is none, or that it has expired.
    Absent,
}

/// What a write has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// Store `version` where exactly `over` stands, or nothing.
    Put {
        /// What to store it as.
        version: SessionVersion,
        /// What has to stand there.
        over: Option<SessionVersion>,
    },
    /// An earlier call of the same client has stored it.
    Repeated(SessionVersion),
    /// Somebody wrote a newer version; the client must read it first.
    Conflict,
    /// This region has not seen what the client has seen.
    Behind,
    /// The session the client knew has expired.
    Gone,
}

/// What a read by a client that has seen `seen` may answer.
pub fn read<D>(held: Option<Held<'_, D>>, seen: Option<SessionVersion>, now_s: u64) -> Read {
    match (held, seen) {
        (held, Some(seen)) if held.as_ref().is_none_or(|held| held.version < seen) => Read::Behind,
        (Some(held), _) if held.expires_at_s > now_s => Read::Current,
        _ => Read::Absent,
    }
}

/// What a write of `data` by a client that has seen `seen` has to do; `epoch` is the lease's, as the region
/// knows it.
pub fn write<D: PartialEq>(
    held: Option<Held<'_, D>>,
    seen: Option<SessionVersion>,
    data: &D,
    epoch: Epoch,
    now_s: u64,
) -> Write {
    let first = SessionVersion { epoch, version: 1 };
    let Some(held) = held else {
        return if seen.is_some() { Write::Behind } else { Write::Put { version: first, over: None } };
    };
    let over = Some(held.version);
    let next = after(held.version, epoch);
    let alive = held.expires_at_s > now_s;
    match seen {
        Some(seen) if held.version < seen => Write::Behind,
        Some(_) if !alive => Write::Gone,
        None if !alive => next.map_or(Write::Conflict, |version| Write::Put { version, over }),
        Some(seen) if held.version == seen => {
            next.map_or(Write::Conflict, |version| Write::Put { version, over })
        }
        _ if follows(held.version, seen) && held.data == data => Write::Repeated(held.version),
        _ => Write::Conflict,
    }
}

/// The version after `held`, in the later of both epochs; `None` when the numbers are used up.
fn after(held: SessionVersion, epoch: Epoch) -> Option<SessionVersion> {
    Some(SessionVersion { epoch: held.epoch.max(epoch), version: held.version.checked_add(1)? })
}

/// Whether `held` is what a write by a client that had seen `seen` would have stored.
fn follows(held: SessionVersion, seen: Option<SessionVersion>) -> bool {
    held.version.checked_sub(1) == Some(seen.map_or(0, |seen| seen.version))
}

#[cfg(test)]
mod tests {
    //! Goal: no client is served a state older than one it has seen, no write overwrites one its
    //! writer has not seen, and a repeated write is no conflict.
    //! Method: the decisions by example, then any sequence of writes by two clients as a property.

    use proptest::prelude::*;

    use super::*;

    const NOW_S: u64 = 1_000;

    fn version(epoch: u64, version: u64) -> SessionVersion {
        SessionVersion { epoch: Epoch(epoch), version }
    }

    fn held(version: SessionVersion, expires_at_s: u64) -> Held<'static, &'static str> {
        Held { data: &"held", version, expires_at_s }
    }

    #[test]
    fn a_read_is_current_behind_or_absent() {
        let session = held(version(1, 4), NOW_S + 1);
        assert_eq!(read(Some(session), None, NOW_S), Read::Current);
        assert_eq!(read(Some(session), Some(version(1, 4)), NOW_S), Read::Current);
        assert_eq!(read(Some(session), Some(version(1, 3)), NOW_S), Read::Current);
        assert_eq!(read(Some(session), Some(version(1, 5)), NOW_S), Read::Behind);
        assert_eq!(read(Some(session), Some(version(2, 1)), NOW_S), Read::Behind);
        assert_eq!(read(Some(session), None, NOW_S + 1), Read::Absent);
        assert_eq!(read::<()>(None, None, NOW_S), Read::Absent);
        assert_eq!(read::<()>(None, Some(version(1, 1)), NOW_S), Read::Behind);
    }

    #[test]
    fn a_write_follows_what_its_client_has_seen() {
        let decide = |held, seen, data: &'static str| write(held, seen, &data, Epoch(2), NOW_S);
        let session = held(version(1, 4), NOW_S + 1);
        let put = Write::Put { version: version(2, 5), over: Some(version(1, 4)) };
        assert_eq!(decide(None, None, "new"), Write::Put { version: version(2, 1), over: None });
        assert_eq!(decide(None, Some(version(1, 4)), "new"), Write::Behind);
        assert_eq!(decide(Some(session), Some(version(1, 4)), "new"), put);
        assert_eq!(decide(Some(session), Some(version(1, 3)), "held"), Write::Repeated(version(1, 4)));
        assert_eq!(decide(Some(session), Some(version(1, 3)), "new"), Write::Conflict);
        assert_eq!(decide(Some(session), Some(version(1, 2)), "held"), Write::Conflict);
        assert_eq!(decide(Some(session), Some(version(2, 1)), "new"), Write::Behind);
        assert_eq!(decide(Some(session), None, "held"), Write::Conflict);
        let first = held(version(1, 1), NOW_S + 1);
        assert_eq!(decide(Some(first), None, "held"), Write::Repeated(version(1, 1)));
        let expired = held(version(1, 4), NOW_S);
        assert_eq!(decide(Some(expired), None, "new"), put);
        assert_eq!(decide(Some(expired), Some(version(1, 4)), "new"), Write::Gone);
        let last = held(version(1, u64::MAX), NOW_S + 1);
        assert_eq!(decide(Some(last), Some(last.version), "new"), Write::Conflict);
    }

    proptest! {
        #[test]
        fn versions_only_grow(steps in prop::collection::vec((0..2_usize, any::<bool>(), 1..4_u64), 1..40)) {
            let mut stored: Option<(usize, SessionVersion)> = None;
            let mut seen: [Option<SessionVersion>; 2] = [None, None];
            for (number, (client, writes, epoch)) in steps.into_iter().enumerate() {
                let standing = stored;
                let held = standing.as_ref().map(|(data, version)| {
                    Held { data, version: *version, expires_at_s: NOW_S + 1 }
                });
                if writes {
                    if let Write::Put { version, over } =
                        write(held, seen[client], &number, Epoch(epoch), NOW_S)
                    {
                        prop_assert_eq!(over, held.map(|held| held.version));
                        prop_assert_eq!(over, seen[client]);
                        prop_assert!(Some(version) > over);
                        stored = Some((number, version));
                        seen[client] = Some(version);
                    }
                } else if let (Read::Current, Some(held)) = (read(held, seen[client], NOW_S), held) {
                    prop_assert!(Some(held.version) >= seen[client]);
                    seen[client] = Some(held.version);
                }
            }
        }
    }
}
