//! Clients that place orders: the same body and id again and again until somebody says yes or no.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, StatusCode};
use recovery::Region;
use recovery::history::{ClientKind, Operation, OperationKind, Outcome};
use tokio::time::Instant;

use super::backoff::Backoff;
use super::plan::PlannedOrder;
use super::preference::Preference;
use super::resolver::{Resolver, within};
use super::sender::{Ask, Attempt, REQUEST, Sender};
use super::{CLIENTS_PER_KIND, Shared};

/// One client of either kind.
pub(super) struct OrderClient {
    shared: Arc<Shared>,
    kind: ClientKind,
    resolver: Resolver,
    sender: Sender,
    /// For a client that knows both regions.
    preference: Preference,
}

/// What all attempts of an operation have come to.
#[derive(Default)]
pub(super) struct Attempts {
    pub(super) made: u32,
    pub(super) reached: bool,
    pub(super) region: Option<Region>,
}

impl OrderClient {
    /// Clients of both kinds in turn.
    pub(super) fn all(shared: &Arc<Shared>) -> Vec<Arc<Self>> {
        (0..CLIENTS_PER_KIND)
            .flat_map(|_| [ClientKind::FollowsDns, ClientKind::KnowsBothRegions])
            .map(|kind| {
                Arc::new(Self {
                    kind,
                    resolver: Resolver::new(shared.options.dns).keeping(match kind {
                        ClientKind::FollowsDns => shared.options.dns_cache,
                        // What means one region only does not change.
                        ClientKind::KnowsBothRegions => None,
                    }),
                    sender: Sender::new(shared.options.edge_port),
                    preference: Preference::default(),
                    shared: Arc::clone(shared),
                })
            })
            .collect()
    }

    /// Places one order and records what became of it. Without `room` it fails unsent.
    pub(super) async fn place(&self, order: PlannedOrder, room: bool) {
        let invoked_ms = self.shared.options.clock.now_ms();
        let id = order.id(invoked_ms);
        let mut attempts = Attempts::default();
        let outcome = if room {
            let body = Bytes::from(order.body(id).to_string());
            self.until_decided(body, Backoff::new(order.backoffs()), &mut attempts).await
        } else {
            Outcome::Failed
        };
        let operation = Operation {
            client: self.kind,
            kind: OperationKind::PlaceOrder,
            id: id.to_string(),
            invoked_ms,
            completed_ms: None,
            outcome,
            region: attempts.region,
            attempts: attempts.made,
            token: None,
            seen: None,
        };
        self.shared.end(operation);
    }

    async fn until_decided(&self, body: Bytes, mut backoff: Backoff, attempts: &mut Attempts) -> Outcome {
        let deadline = self.shared.deadline();
        let mut at = self.preference.first(Instant::now());
        let mut failed_in_a_row = 0;
        loop {
            let options = &self.shared.options;
            let (host, signed_for) = match self.kind {
                ClientKind::FollowsDns => (&options.public_host, self.shared.both_regions()),
                ClientKind::KnowsBothRegions => {
                    (&options.regions[at].host, vec![options.regions[at].region.clone()])
                }
            };
            let ask = Ask {
                method: Method::POST,
                host: host.clone(),
                path: "/orders".to_owned(),
                signed_for,
                token: None,
                body: body.clone(),
            };
            if let Some(outcome) = self.attempt(ask, attempts).await {
                self.preference.answered(at, Instant::now());
                return outcome;
            }
            if deadline.passed() {
                return if attempts.reached { Outcome::Unknown } else { Outcome::Failed };
            }
            failed_in_a_row += 1;
            at = 1 - at;
            // A client that knows both regions turns to the other at once, then waits.
            if self.kind == ClientKind::FollowsDns || failed_in_a_row % 2 == 0 {
                deadline.pause(backoff.next()).await;
            }
        }
    }

    /// One request; None: try again.
    async fn attempt(&self, ask: Ask, attempts: &mut Attempts) -> Option<Outcome> {
        attempts.made += 1;
        let address = within(REQUEST, &self.resolver, &ask.host).await?;
        match self.sender.send(address, &ask).await {
            Attempt::NotSent => None,
            Attempt::Unknown => {
                attempts.reached = true;
                None
            }
            Attempt::Answered(status, _) => {
                // A no says nothing about an earlier attempt that may have been carried out.
                let doubt = std::mem::replace(&mut attempts.reached, true);
                attempts.region = self.shared.region_of(address);
                match decided(status) {
                    Some(Outcome::Failed) if doubt => Some(Outcome::Unknown),
                    decided => decided,
                }
            }
        }
    }
}

/// What an answer to an order means; None: try again.
pub(super) fn decided(status: StatusCode) -> Option<Outcome> {
    match status {
        StatusCode::OK | StatusCode::CREATED => Some(Outcome::Ok),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => None,
        status if status.is_client_error() => Some(Outcome::Failed),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    // Goal: a client takes yes and no for an answer, and nothing else.
    use super::*;

    #[test]
    fn answers_decide_or_call_for_another_try() {
        for (status, outcome) in [
            (StatusCode::CREATED, Some(Outcome::Ok)),
            (StatusCode::OK, Some(Outcome::Ok)),
            (StatusCode::UNPROCESSABLE_ENTITY, Some(Outcome::Failed)),
            (StatusCode::CONFLICT, Some(Outcome::Failed)),
            (StatusCode::TOO_MANY_REQUESTS, None),
            (StatusCode::SERVICE_UNAVAILABLE, None),
            (StatusCode::BAD_GATEWAY, None),
        ] {
            assert_eq!(decided(status), outcome, "{status}");
        }
    }
}
