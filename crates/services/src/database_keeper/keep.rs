//! What a deployment wants of the database: the schema, the users, and the shards it was first given.

use std::time::Duration;

use serde_json::{Map, Value};
use tokio::time::{Instant, sleep};
use tokio_postgres::Client;

use super::{Keeper, KeeperError, password, roles, shards, writer};
use crate::custom_resource::{Request, RequestType};
use crate::database::{DatabaseError, migrations};

/// Between two looks.
const PACE: Duration = Duration::from_secs(1);

/// Whether a deployment fails without a writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writer {
    /// It does: without users, nothing works.
    Required,
    /// It does not: the other region has one, or will, and its keeper does what is to be done.
    IfFound,
}

/// Brings the database up to date. Removal changes nothing: the users go with the database.
pub(super) async fn keep(keeper: &Keeper, request: &Request) -> Result<Map<String, Value>, KeeperError> {
    if request.request_type == RequestType::Delete {
        return Ok(Map::new());
    }
    let shards = request.text("Shards").and_then(|text| text.parse().ok());
    let shards = shards.filter(|shards| *shards > 0).ok_or(KeeperError::Property("Shards"))?;
    let needed = match request.text("Writer") {
        Some("required") => Writer::Required,
        Some("if-found") => Writer::IfFound,
        _ => return Err(KeeperError::Property("Writer")),
    };
    let mut client = match (search(keeper, needed).await, needed) {
        (Ok(client), _) => client,
        (Err(KeeperError::NoWriter(reason)), Writer::IfFound) => {
            tracing::info!(reason, "no writer was found; the other region keeps the database");
            return Ok(Map::new());
        }
        (Err(error), _) => return Err(error),
    };
    let applied = furnish(&mut client).await?;
    shards::keep(&client, shards).await?;
    tracing::info!(migrations = applied, users = ?roles::USERS, "the database is up to date");
    Ok(Map::new())
}

/// Makes the schema and the users, as the master user. How many versions of the schema were missing.
///
/// # Errors
/// On a replica, and when the database refuses a statement.
pub async fn furnish(client: &mut Client) -> Result<usize, DatabaseError> {
    let applied = migrations::run(client).await?;
    roles::grant(client).await?;
    Ok(applied)
}

async fn search(keeper: &Keeper, needed: Writer) -> Result<Client, KeeperError> {
    let begun = Instant::now();
    loop {
        // Read anew each time, for a rotation may change it.
        let login = password::current(keeper).await?;
        match writer::find(keeper, &login).await {
            Err(KeeperError::NoWriter(_))
                if needed == Writer::Required && begun.elapsed() < keeper.patience =>
            {
                sleep(PACE).await;
            }
            found => return found,
        }
    }
}
