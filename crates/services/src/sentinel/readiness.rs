//! Whether this region could serve: each check is bounded, and all run at once.

use std::time::Duration;

use recovery::lease::{self, Readiness};
use tokio::time::timeout;

use crate::database::settlement::is_writable;
use crate::database::{Database, DatabaseError};
use crate::probe::Prober;
use crate::queue::Queue;
use crate::settings::BaseUrl;

/// Longest check of the queue.
const QUEUE_LIMIT: Duration = Duration::from_millis(1500);
/// Longest check of the database, login included.
const DATABASE_LIMIT: Duration = Duration::from_millis(2500);
/// Longest check of the own API, a cold start included.
pub(super) const API_LIMIT: Duration = Duration::from_secs(3);

/// What is checked. The journal is not among it: the tick's read of the lease tells.
#[derive(Debug)]
pub(super) struct Checks {
    pub(super) queue: Queue,
    pub(super) database: Database,
    pub(super) rds: aws_sdk_rds::Client,
    pub(super) cluster: Option<String>,
    pub(super) prober: Prober,
    pub(super) own: BaseUrl,
}

impl Checks {
    /// Takes as long as the slowest check, at most [`API_LIMIT`] or twice [`DATABASE_LIMIT`].
    pub(super) async fn gather(&self) -> Readiness {
        let (queue, api, database) = tokio::join!(self.queue(), self.api(), self.database());
        Readiness { problems: queue.into_iter().chain(api).collect(), database }
    }

    async fn queue(&self) -> Option<String> {
        match timeout(QUEUE_LIMIT, self.queue.check()).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(format!("the queue does not answer: {error}")),
            Err(_) => Some(format!("the queue does not answer within {} ms", QUEUE_LIMIT.as_millis())),
        }
    }

    async fn api(&self) -> Option<String> {
        match self.prober.get(&self.own.join("/health/ready")).await {
            Ok(answer) if answer.status == 200 => None,
            // Its limits refuse a request before anything could tell whether it is ready: load is no
            // outage, and would follow the lease to the other region.
            Ok(answer) if answer.status == 429 => {
                tracing::info!(
                    "the own API lets no more requests in; that is no reason to give the lease up"
                );
                None
            }
            Ok(answer) => Some(format!("the own API is not ready: status {}", answer.status)),
            Err(error) => Some(format!("the own API does not answer: {error}")),
        }
    }

    async fn database(&self) -> lease::Database {
        let reason = match timeout(DATABASE_LIMIT, self.ask_database()).await {
            Ok(Ok(true)) => return lease::Database::Writer,
            Ok(Ok(false)) => return lease::Database::Replica,
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {} ms", DATABASE_LIMIT.as_millis()),
        };
        // The writer endpoint of an Aurora cluster that follows another region's is inactive; only
        // RDS can say that such a cluster is well.
        match timeout(DATABASE_LIMIT, self.cluster_available()).await {
            Ok(true) => lease::Database::Replica,
            _ => lease::Database::Unreachable(reason),
        }
    }

    async fn ask_database(&self) -> Result<bool, DatabaseError> {
        let connection = self.database.connect().await?;
        let answer = is_writable(&connection).await;
        if answer.is_err() {
            connection.discard();
        }
        answer
    }

    async fn cluster_available(&self) -> bool {
        let Some(cluster) = &self.cluster else { return false };
        let answer = self.rds.describe_db_clusters().db_cluster_identifier(cluster).send().await;
        answer.is_ok_and(|answer| {
            answer.db_clusters().first().and_then(|cluster| cluster.status()) == Some("available")
        })
    }
}
