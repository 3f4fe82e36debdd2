//! Which of the two databases is the writer now.

use tokio_postgres::Client;

use super::login::Login;
use super::{Keeper, KeeperError};
use crate::aws::cause;
use crate::database::settlement::is_writable;
use crate::database::{DatabaseError, Target};

/// Logs in with `login` wherever the writer is: in this region, else in the other one.
pub(super) async fn find(keeper: &Keeper, login: &Login) -> Result<Client, KeeperError> {
    let mut reasons = Vec::new();
    for target in &keeper.targets {
        match look(target, login).await {
            Ok(Some(client)) => return Ok(client),
            Ok(None) => reasons.push(format!("the one of {} is a replica", target.region)),
            Err(error) => reasons.push(cause(&error)),
        }
    }
    Err(KeeperError::NoWriter(reasons.join("; ")))
}

/// `None`: it follows another one.
async fn look(target: &Target, login: &Login) -> Result<Option<Client>, DatabaseError> {
    let target = Target { user: login.username().to_owned(), ..target.clone() };
    let client = target.connect_with_password(login.password()).await?;
    Ok(is_writable(&client).await?.then_some(client))
}
