//! Clients that keep a session: each carries the version it last saw and watches that no answer is older.

mod seen;

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, StatusCode};
use recovery::history::{ClientKind, Operation, OperationKind, Outcome};
use recovery::session::SessionVersion;
use serde_json::json;
use tokio::sync::Mutex;
use tokio::time::{Duration, Instant};

use crate::seeded::Seeded;

use super::backoff::Backoff;
use super::order::Attempts;
use super::plan::PlannedSession;
use super::resolver::{Resolver, within};
use super::sender::{Ask, Attempt, REQUEST, Sender};
use super::{CLIENTS_PER_KIND, Deadline, Shared};
use seen::{Known, Shown, is_stale, says_behind, shown, token};

/// How long a client waits for a region that says it is behind before it gives
/// up its token: ten times the usual replication lag.
const PATIENCE: Duration = Duration::from_secs(5);

/// How the retries of one request ended.
enum End {
    Answered(StatusCode, Bytes),
    Behind,
    GaveUp,
}

/// All sessions and the clients they belong to.
pub(super) struct Sessions {
    shared: Arc<Shared>,
    clients: Vec<(Resolver, Sender)>,
    known: Vec<Mutex<Known>>,
    name: String,
}

impl Sessions {
    pub(super) fn new(shared: &Arc<Shared>) -> Arc<Self> {
        let options = &shared.options;
        let resolver = || Resolver::new(options.dns).keeping(options.dns_cache);
        let client = |_| (resolver(), Sender::new(options.edge_port));
        Arc::new(Self {
            clients: (0..CLIENTS_PER_KIND).map(client).collect(),
            known: (0..options.sessions).map(|_| Mutex::default()).collect(),
            name: format!("drill-{}-{}", options.seed, options.clock.now_ms()),
            shared: Arc::clone(shared),
        })
    }

    /// One operation; operations of one session wait for each other, as a client's do.
    pub(super) async fn operate(&self, planned: PlannedSession) {
        let number = usize::try_from(planned.session).unwrap_or(usize::MAX);
        let Some(known) = self.known.get(number) else { return };
        let mut known = known.lock().await;
        let invoked_ms = self.shared.options.clock.now_ms();
        let backoff = Backoff::new(Seeded::stream(u64::from(planned.session), invoked_ms));
        let mut turn = Turn {
            sessions: self,
            id: format!("{}-{number}", self.name),
            client: &self.clients[number % self.clients.len()],
            backoff,
            deadline: self.shared.deadline(),
            attempts: Attempts::default(),
            seen: None,
        };
        let token = known.token;
        let write = planned.write || known.token.is_none();
        let outcome = if write { turn.write(&mut known).await } else { turn.read(&mut known).await };
        let kind = if write { OperationKind::WriteSession } else { OperationKind::ReadSession };
        let operation = Operation {
            client: ClientKind::FollowsDns,
            kind,
            id: turn.id,
            invoked_ms,
            completed_ms: None,
            outcome,
            region: turn.attempts.region,
            attempts: turn.attempts.made,
            token,
            seen: turn.seen,
        };
        self.shared.end(operation);
    }
}

/// One operation on one session.
struct Turn<'load> {
    sessions: &'load Sessions,
    id: String,
    client: &'load (Resolver, Sender),
    backoff: Backoff,
    deadline: Deadline,
    attempts: Attempts,
    /// The version in the answer.
    seen: Option<SessionVersion>,
}

impl Turn<'_> {
    async fn write(&mut self, known: &mut Known) -> Outcome {
        known.written += 1;
        let content = known.written;
        let body = Bytes::from(json!({"data": {"content": content}}).to_string());
        match self.until_decided(Method::PUT, known.token, body).await {
            End::Answered(StatusCode::OK, answer) => match token(&answer) {
                Some(version) => {
                    (known.token, known.content) = (Some(version), content);
                    self.seen = Some(version);
                    Outcome::Ok
                }
                None => Outcome::Unknown,
            },
            End::Answered(StatusCode::CONFLICT, _) => {
                // A write of ours that looked lost was carried out: catch up.
                self.catch_up(known).await;
                Outcome::Failed
            }
            end => self.without_success(end, known, Outcome::Failed).await,
        }
    }

    async fn read(&mut self, known: &mut Known) -> Outcome {
        match self.until_decided(Method::GET, known.token, Bytes::new()).await {
            End::Answered(StatusCode::OK, answer) => match shown(&answer) {
                Some(shown) => {
                    self.seen = Some(shown.version);
                    self.judge(known, shown);
                    Outcome::Ok
                }
                None => Outcome::Unknown,
            },
            // That there is no such session is an answer, and a wrong one for a known session.
            end => self.without_success(end, known, Outcome::Ok).await,
        }
    }

    /// `missing` is the outcome when a session that the client knows is said not to exist.
    async fn without_success(&mut self, end: End, known: &mut Known, missing: Outcome) -> Outcome {
        match end {
            End::Behind => {
                self.sessions.shared.count.sessions(|counts| counts.sessions_refused += 1);
                self.start_over(known).await;
                Outcome::Failed
            }
            End::Answered(StatusCode::NOT_FOUND, _) if known.token.is_some() => {
                self.start_over(known).await;
                missing
            }
            End::Answered(status, _) if status.is_client_error() => Outcome::Failed,
            End::Answered(..) => Outcome::Unknown,
            End::GaveUp if self.attempts.reached => Outcome::Unknown,
            End::GaveUp => Outcome::Failed,
        }
    }

    /// Reads with the token after a conflict.
    async fn catch_up(&mut self, known: &mut Known) {
        if let End::Answered(StatusCode::OK, answer) =
            self.until_decided(Method::GET, known.token, Bytes::new()).await
            && let Some(shown) = shown(&answer)
        {
            self.judge(known, shown);
        }
    }

    /// Compares an answer that was asked for with the token, then takes it over.
    fn judge(&self, known: &mut Known, shown: Shown) {
        let stale = is_stale(known, shown);
        self.sessions.shared.count.sessions(|counts| {
            counts.sessions_checked += 1;
            counts.sessions_stale_served += u64::from(stale);
        });
        known.learn(shown);
    }

    /// Reads without the token, and counts what an acknowledged write has lost.
    async fn start_over(&mut self, known: &mut Known) {
        let found = match self.until_decided(Method::GET, None, Bytes::new()).await {
            End::Answered(StatusCode::OK, answer) => match shown(&answer) {
                Some(shown) => Some(shown),
                None => return,
            },
            End::Answered(StatusCode::NOT_FOUND, _) => None,
            // Nothing is known of it: the next operation starts over again.
            _ => return,
        };
        let lost = found.is_none_or(|shown| is_stale(known, shown));
        self.sessions.shared.count.sessions(|counts| counts.sessions_writes_lost += u64::from(lost));
        known.token = found.map(|shown| shown.version);
        known.content = found.map_or(0, |shown| shown.content);
    }

    /// Repeats one request until it is answered for good.
    async fn until_decided(&mut self, method: Method, token: Option<SessionVersion>, body: Bytes) -> End {
        let shared = &self.sessions.shared;
        let ask = Ask {
            method,
            host: shared.options.public_host.clone(),
            path: format!("/sessions/{}", self.id),
            signed_for: shared.both_regions(),
            token: token.map(|version| version.to_string()),
            body,
        };
        let mut behind_since = None;
        loop {
            self.attempts.made += 1;
            if let Some(address) = within(REQUEST, &self.client.0, &ask.host).await {
                let attempt = self.client.1.send(address, &ask).await;
                self.attempts.reached |= attempt != Attempt::NotSent;
                if let Attempt::Answered(status, answer) = attempt {
                    self.attempts.region = shared.region_of(address);
                    let behind = status == StatusCode::CONFLICT && says_behind(&answer);
                    let since = *behind_since.get_or_insert_with(Instant::now);
                    match behind {
                        true if since.elapsed() >= PATIENCE => return End::Behind,
                        true => {}
                        false if is_final(status) => return End::Answered(status, answer),
                        false => behind_since = None,
                    }
                }
            }
            if self.deadline.passed() {
                return End::GaveUp;
            }
            self.deadline.pause(self.backoff.next()).await;
        }
    }
}

fn is_final(status: StatusCode) -> bool {
    !status.is_server_error()
        && !matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
}
