//! What a sentinel finds when it looks at its own region.

use recovery::lease::{Database, Readiness};

use super::{Contact, Role, World};
use crate::agenda::{MS, S, Us};
use crate::chance::Purpose;
use crate::latency;

/// Longest check of the database, and of the cluster after it: `services::sentinel::readiness`.
const DATABASE_LIMIT: Us = 2_500 * MS;
/// Longest check of the API.
const API_LIMIT: Us = 3 * S;

impl World<'_> {
    /// The finding, and how long it took.
    pub(crate) fn gather(&mut self, region: usize) -> (Readiness, Us) {
        let mut takes = self.chance.takes(Purpose::Sentinel, &latency::READINESS);
        let mut problems = Vec::new();
        if !self.table_up(region) {
            problems.push("the own API is not ready: status 503".to_owned());
            takes = takes.max(1_500 * MS);
        }
        let database = match self.own_database(region) {
            Ok(Role::Writer) => Database::Writer,
            Ok(Role::Replica | Role::Stopping) => Database::Replica,
            // RDS says of a cluster that hangs that it is available.
            Err(Contact::Silent) => {
                takes = takes.max(DATABASE_LIMIT);
                Database::Replica
            }
            Err(_) => Database::Unreachable("connection refused".to_owned()),
        };
        (Readiness { problems, database }, takes.min(API_LIMIT.max(2 * DATABASE_LIMIT)))
    }
}
