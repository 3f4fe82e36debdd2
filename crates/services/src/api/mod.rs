//! The public API: one router, served by a function today and by a container later.
//!
//! [`orders`] and [`sessions`] hold what clients ask for, [`health`] what probes and DNS ask for.
//! Every answer is JSON, errors included: `{"error": "…"}` with a word that never changes.

use std::sync::Arc;

use aws_config::SdkConfig;
use axum::Router;
use axum::routing::{get, post};
use recovery::Region;

use crate::database::{Database, DatabaseError, Target};
use crate::journal::Journal;
use crate::lease_store::LeaseStore;
use crate::queue::Queue;
use crate::sessions::Sessions;
use crate::settings;

mod body;
mod epoch;
mod failure;
pub mod health;
mod order_request;
pub mod orders;
#[cfg(test)]
mod schema_tests;
pub mod sessions;
mod stage;
mod timestamp;

pub use body::BODY_BYTES_MAX;
pub use order_request::{FieldProblem, parse_order};
pub use stage::without_stage;

/// How the API is called in logs, metrics and the database's own views.
pub const SERVICE: &str = "orders-api";

/// Every setting the API reads.
pub type Settings =
    (settings::Regions, settings::Journal, settings::Sessions, settings::Queue, settings::Database);

/// What the handlers work with.
#[derive(Clone, Debug)]
pub struct AppState(Arc<Ports>);

#[derive(Debug)]
struct Ports {
    own: Region,
    journal: Journal,
    queue: Queue,
    sessions: Sessions,
    lease: LeaseStore,
    epoch: epoch::LastEpoch,
    own_database: Database,
    peer_database: Database,
}

impl AppState {
    /// Connects to nothing yet; fails only when the database's certificate authorities are unusable.
    pub fn new(aws: &SdkConfig, settings: Settings) -> Result<Self, DatabaseError> {
        let (regions, journal, sessions, queue, database) = settings;
        let dynamodb = aws_sdk_dynamodb::Client::new(aws);
        let lease = LeaseStore::new(dynamodb.clone(), &journal.table);
        Ok(Self(Arc::new(Ports {
            own_database: Database::new(aws.clone(), Target::own(&regions, &database, SERVICE))?,
            peer_database: Database::new(aws.clone(), Target::peer(&regions, &database, SERVICE))?,
            journal: Journal::new(dynamodb.clone(), journal, regions.own.clone()),
            sessions: Sessions::new(dynamodb, sessions),
            queue: Queue::new(aws_sdk_sqs::Client::new(aws), queue.name),
            epoch: epoch::LastEpoch::new(lease.clone()),
            lease,
            own: regions.own,
        })))
    }
}

/// The whole API.
pub fn router(state: AppState) -> Router {
    Router::new()
        .route("/orders", post(orders::place))
        .route("/orders/{id}", get(orders::show))
        .route("/sessions/{id}", get(sessions::show).put(sessions::store))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/health/serving", get(health::serving))
        .fallback(failure::no_such_path)
        .method_not_allowed_fallback(failure::no_such_method)
        .with_state(state)
}
