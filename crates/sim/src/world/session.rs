//! Sessions: an eventually consistent table, its replication, and clients that carry a token.

use recovery::history::Outcome;
use recovery::session::{Held, Read, SessionVersion, Write, read, write};

use super::{Contact, Event, World};
use crate::agenda::{MS, S, Us};
use crate::chance::Purpose;
use crate::judge::Violation;
use crate::latency;
use crate::mutation::Mutation;

/// How long a region that is behind waits: `services::sessions::BEHIND_MAX`.
const BEHIND: Us = 500 * MS;
/// Between two operations of one session, at most.
const PAUSE: Us = 8 * S;
/// How long a client waits for a region that is behind before it gives its token up.
const PATIENCE: Us = 5 * S;

/// One session, in both regions and in its client's hand.
#[derive(Debug, Default)]
pub(crate) struct Session {
    pub(crate) client: usize,
    held: [Option<Stored>; 2],
    token: Option<SessionVersion>,
    written: u64,
    behind_since: Option<Us>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    version: SessionVersion,
    content: u64,
    /// Two writes in two regions: the later one wins, as DynamoDB has it.
    at: Us,
}

impl Session {
    /// One that its client has not written yet.
    pub(crate) fn of(client: usize) -> Self {
        Self { client, ..Self::default() }
    }
}

/// What the client of a session did, for those who judge.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation {
    pub(crate) session: usize,
    pub(crate) writes: bool,
    pub(crate) at: Us,
    pub(crate) region: usize,
    pub(crate) outcome: Outcome,
    pub(crate) token: Option<SessionVersion>,
    pub(crate) seen: Option<SessionVersion>,
    pub(crate) content: u64,
}

fn held(stored: Option<&Stored>) -> Option<Held<'_, u64>> {
    stored.map(|stored| Held { data: &stored.content, version: stored.version, expires_at_s: u64::MAX })
}

impl World<'_> {
    /// The client of a session reads or writes it.
    pub(crate) fn operate(&mut self, number: usize) {
        let pause = S + self.chance.below(Purpose::Session, PAUSE);
        let client = self.sessions[number].client;
        let region = self.resolve(client);
        let place = &self.places[region];
        let fails = place.errors > 0
            && self.chance.below(Purpose::Session, 1000) < u64::from(self.places[region].errors);
        if self.places[region].seen_from_outside() != Contact::Reached || fails {
            return self.after(pause.min(2 * S), Event::Session { number: number as u32 });
        }
        let writes = self.sessions[number].token.is_none() || self.chance.below(Purpose::Session, 2) == 0;
        let behind =
            if writes { self.write_session(number, region) } else { self.read_session(number, region) };
        let session = &mut self.sessions[number];
        if !behind {
            session.behind_since = None;
            return self.after(pause, Event::Session { number: number as u32 });
        }
        let since = *session.behind_since.get_or_insert(self.now);
        if self.now >= since + PATIENCE {
            // The region says that it is behind: the client gives its token up, and knows it.
            session.behind_since = None;
            self.record(number, false, region, Outcome::Failed, None);
            let session = &mut self.sessions[number];
            session.token = session.held[region].map(|stored| stored.version);
        }
        self.after(BEHIND, Event::Session { number: number as u32 });
    }

    /// True when the region is behind.
    fn read_session(&mut self, number: usize, region: usize) -> bool {
        let session = &self.sessions[number];
        let asked = session.token.filter(|_| !self.breaks(Mutation::SessionWithoutVersion));
        match read(held(session.held[region].as_ref()), asked, 0) {
            Read::Behind => return true,
            Read::Absent => {}
            Read::Current => {
                let seen = session.held[region].map(|stored| stored.version);
                let stale = seen < session.token;
                if stale {
                    self.violation(Violation::SessionWentBack { session: number });
                }
                self.record(number, false, region, Outcome::Ok, seen);
                self.sessions[number].token = seen;
            }
        }
        false
    }

    /// True when the region is behind.
    fn write_session(&mut self, number: usize, region: usize) -> bool {
        let session = &mut self.sessions[number];
        session.written += 1;
        let (content, token) = (session.written, session.token);
        let epoch = self.lease.epoch;
        let broken = self.breaks(Mutation::SessionWithoutVersion);
        let session = &mut self.sessions[number];
        let seen = if broken { session.held[region].map(|stored| stored.version) } else { token };
        match write(held(session.held[region].as_ref()), seen, &content, epoch, 0) {
            Write::Put { version, .. } => {
                let stored = Stored { version, content, at: self.now };
                session.held[region] = Some(stored);
                self.record(number, true, region, Outcome::Ok, Some(version));
                self.sessions[number].token = Some(version);
                self.send_session(number, region, stored);
            }
            Write::Repeated(version) => session.token = Some(version),
            Write::Behind => return true,
            // Somebody else's write: read it first.
            Write::Conflict | Write::Gone => {
                session.token = session.held[region].map(|stored| stored.version)
            }
        }
        false
    }

    fn record(
        &mut self,
        number: usize,
        writes: bool,
        region: usize,
        outcome: Outcome,
        seen: Option<SessionVersion>,
    ) {
        let session = &self.sessions[number];
        let content = session.held[region].map_or(0, |stored| stored.content);
        let (at, token) = (self.now, session.token);
        self.operations.push(Operation {
            session: number,
            writes,
            at,
            region,
            outcome,
            token,
            seen,
            content,
        });
    }

    fn send_session(&mut self, number: usize, from: usize, stored: Stored) {
        let delay = self.chance.takes(Purpose::Session, &latency::SESSIONS) + self.script.lag.1 + self.lag;
        self.mail.push(stored);
        let mail = (self.mail.len() - 1) as u32;
        self.after(delay, Event::Replicated { number: number as u32, to: (1 - from) as u8, mail });
    }

    fn sessions_replicate(&self) -> bool {
        self.linked() && self.places.iter().all(super::Place::runs)
    }

    /// After a change of what reaches what: writes that waited go on.
    pub(crate) fn refresh_sessions(&mut self) {
        if self.sessions_replicate() {
            for event in std::mem::take(&mut self.held_mail) {
                self.after(50 * MS, event);
            }
        }
    }

    /// A write of a session reaches the other region; while it cannot, it waits.
    pub(crate) fn replicated(&mut self, number: usize, to: usize, mail: usize) {
        if !self.linked() || self.places.iter().any(|place| !place.runs()) {
            return self
                .after(S, Event::Replicated { number: number as u32, to: to as u8, mail: mail as u32 });
        }
        let stored = self.mail[mail];
        let held = &mut self.sessions[number].held[to];
        if held.is_none_or(|held| held.at <= stored.at) {
            *held = Some(stored);
        }
    }
}
