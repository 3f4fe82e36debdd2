//! The users of the functions and their rights, as `roles.sql` says.

use tokio_postgres::Client;

use crate::database::DatabaseError;

/// Every user that a function logs in as.
pub const USERS: [&str; 6] =
    ["orders_api", "order_processor", "recovery_step", "sentinel", "preflight", "reconciler"];

const ROLES: &str = include_str!("roles.sql");
/// Users belong to every database of a server; two keepers must not change one at the same time.
const LOCK: i64 = 0x5374_616e_6466_7573;

/// Grants what `roles.sql` grants and takes everything else away, or changes nothing.
pub(super) async fn grant(client: &mut Client) -> Result<(), DatabaseError> {
    let transaction = client.transaction().await?;
    transaction.batch_execute(&format!("SELECT pg_advisory_xact_lock({LOCK})")).await?;
    transaction.batch_execute(ROLES).await?;
    Ok(transaction.commit().await?)
}

#[cfg(test)]
mod tests {
    //! Goal: the users are those that the infrastructure lets the functions log in as. Method: compare
    //! the names that both sides compute.

    use super::*;

    #[test]
    fn every_function_has_the_user_that_its_name_gives() {
        let functions =
            ["orders-api", "order-processor", "recovery-step", "sentinel", "preflight", "reconciler"];
        assert_eq!(functions.map(recovery::names::database_user), USERS.map(str::to_owned));
        for user in USERS {
            assert!(ROLES.contains(&format!("'{user}'")), "{user} is made");
        }
    }
}
