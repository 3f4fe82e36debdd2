//! The secret, and the versions of the login in it.

use aws_sdk_secretsmanager::error::SdkError;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;

use super::login::Login;
use super::{Keeper, KeeperError};
use crate::aws::CallFailed;

/// Letters and digits of a new password: some 285 bits, and nothing that a URL, a shell or SQL would quote.
const LENGTH: i64 = 48;

/// The stages a version may be in.
///
/// <https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html>
pub(super) mod stage {
    /// In use.
    pub(in super::super) const CURRENT: &str = "AWSCURRENT";
    /// Made by a rotation that has not ended.
    pub(in super::super) const PENDING: &str = "AWSPENDING";
    /// In use before the last rotation.
    pub(in super::super) const PREVIOUS: &str = "AWSPREVIOUS";
}

/// The login in use.
pub(super) async fn current(keeper: &Keeper) -> Result<Login, KeeperError> {
    find(keeper, stage::CURRENT, None).await?.ok_or(KeeperError::NoLogin)
}

/// The login in a stage, and in this version if one is named; `None` when there is none.
pub(super) async fn find(
    keeper: &Keeper,
    stage: &str,
    version: Option<&str>,
) -> Result<Option<Login>, KeeperError> {
    let request = keeper.secrets.get_secret_value().secret_id(&keeper.secret).version_stage(stage);
    match request.set_version_id(version.map(str::to_owned)).send().await {
        Ok(value) => value.secret_string().map(Login::parse).transpose(),
        Err(SdkError::ServiceError(refusal))
            if matches!(refusal.err(), GetSecretValueError::ResourceNotFoundException(_)) =>
        {
            Ok(None)
        }
        Err(error) => Err(CallFailed::new("secretsmanager:GetSecretValue", error).into()),
    }
}

/// A password that nobody has seen.
pub(super) async fn random(keeper: &Keeper) -> Result<String, KeeperError> {
    const CALL: &str = "secretsmanager:GetRandomPassword";
    let request = keeper.secrets.get_random_password().password_length(LENGTH).exclude_punctuation(true);
    let answer = request.send().await.map_err(|error| CallFailed::new(CALL, error))?;
    let password = answer.random_password.unwrap_or_default();
    let fits = password.len() == usize::try_from(LENGTH).unwrap_or(0)
        && password.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if fits {
        Ok(password)
    } else {
        Err(CallFailed::unreadable(CALL, "it is no password of that kind").into())
    }
}

/// Writes a login as a version that is not in use yet. The same version again changes nothing.
pub(super) async fn put_pending(keeper: &Keeper, version: &str, login: &Login) -> Result<(), KeeperError> {
    let request = keeper.secrets.put_secret_value().secret_id(&keeper.secret).client_request_token(version);
    let put = request.secret_string(login.text()).version_stages(stage::PENDING).send().await;
    put.map_err(|error| CallFailed::new("secretsmanager:PutSecretValue", error))?;
    Ok(())
}
