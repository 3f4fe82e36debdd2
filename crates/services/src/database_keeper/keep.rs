//! What a deployment wants of the database: the schema, the users, and the shards it was first given.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};
use tokio_postgres::Client;

use super::{Keeper, KeeperError, password, roles, shards, writer};
use crate::custom_resource::{Done, Envelope, Request, RequestType};
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

/// Does what an event of CloudFormation asks for.
pub(super) async fn answer(
    keeper: Arc<Keeper>,
    envelope: Envelope,
    event: Value,
) -> Result<Done, KeeperError> {
    let request = Request::read(&event).map_err(KeeperError::Request)?;
    let detail = keep(&keeper, &request).await?;
    Ok(Done { physical_id: envelope.lasting_id().to_owned(), detail })
}

/// Brings the database up to date. Removal changes nothing: the users go with the database.
async fn keep(keeper: &Keeper, request: &Request) -> Result<String, KeeperError> {
    if request.request_type == RequestType::Delete {
        return Ok("the users go with the database".to_owned());
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
            return Ok(format!("the other region keeps the database; no writer was found: {reason}"));
        }
        (Err(error), _) => return Err(error),
    };
    let applied = furnish(&mut client).await?;
    shards::keep(&client, shards).await?;
    let users = roles::USERS.join(", ");
    Ok(format!(
        "the database is up to date; {applied} versions of its schema were new; its users are {users}"
    ))
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
