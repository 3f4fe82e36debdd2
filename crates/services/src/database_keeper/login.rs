//! What the secret holds: the master user's name and password.

use std::fmt;

use serde_json::{Map, Value};

use super::KeeperError;

/// A version of the secret, as JSON, in which other members than the two may be.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Login(Map<String, Value>);

/// Leaves the password out.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("username", &self.username()).finish_non_exhaustive()
    }
}

impl Login {
    /// Reads a version of the secret.
    pub(super) fn parse(text: &str) -> Result<Self, KeeperError> {
        let login = serde_json::from_str(text).ok().map(Self).ok_or(KeeperError::NoLogin)?;
        if login.username().is_empty() || login.password().is_empty() {
            return Err(KeeperError::NoLogin);
        }
        Ok(login)
    }

    pub(super) fn username(&self) -> &str {
        self.member("username")
    }

    pub(super) fn password(&self) -> &str {
        self.member("password")
    }

    fn member(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// The same login with another password.
    pub(super) fn with_password(&self, password: String) -> Self {
        let mut members = self.0.clone();
        members.insert("password".to_owned(), Value::String(password));
        Self(members)
    }

    /// The text of a version.
    pub(super) fn text(&self) -> String {
        Value::Object(self.0.clone()).to_string()
    }
}

#[cfg(test)]
mod tests {
    //! Goal: a login is complete or refused, and never shows its password. Method: a few secrets.

    use super::*;

    #[test]
    fn a_login_keeps_what_else_its_secret_holds() {
        let login = Login::parse(r#"{"username":"standfast","password":"old","engine":"postgres"}"#);
        let login = login.expect("it is complete");
        let next = Login::parse(&login.with_password("new".to_owned()).text()).expect("it is complete");
        assert_eq!((next.username(), next.password()), ("standfast", "new"));
        assert!(next.text().contains(r#""engine":"postgres""#));
        assert!(!format!("{login:?}").contains("old"), "{login:?}");
    }

    #[test]
    fn half_a_login_is_none() {
        for text in ["", "standfast", "[]", "{}", r#"{"username":"a"}"#, r#"{"username":"","password":"b"}"#]
        {
            assert!(matches!(Login::parse(text), Err(KeeperError::NoLogin)), "{text}");
        }
    }
}
