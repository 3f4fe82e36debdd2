//! Session versions, the token through which a client never goes back in time, and what a read or a write
//! means.

mod decision;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use decision::{Held, Read, Write, read, write};

use crate::Epoch;

/// Version of a session; a later epoch wins over a higher version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SessionVersion {
    /// Epoch in which it was written.
    pub epoch: Epoch,
    /// Grows by one with each write.
    pub version: u64,
}

/// A text that is no session token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a session token")]
pub struct InvalidToken(pub String);

impl fmt::Display for SessionVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.epoch, self.version)
    }
}

impl FromStr for SessionVersion {
    type Err = InvalidToken;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidToken(text.chars().take(64).collect());
        let (epoch, version) = text.split_once('.').ok_or_else(invalid)?;
        Ok(Self {
            epoch: Epoch(epoch.parse().map_err(|_| invalid())?),
            version: version.parse().map_err(|_| invalid())?,
        })
    }
}

#[cfg(test)]
mod tests {
    //! Goal: a token survives its text, and a later epoch wins. Method: round trip and broken texts.

    use super::*;

    #[test]
    fn a_token_survives_its_text_and_orders_by_epoch_first() {
        let version = SessionVersion { epoch: Epoch(2), version: 17 };
        assert_eq!(version.to_string().parse(), Ok(version));
        assert!(version > SessionVersion { epoch: Epoch(1), version: 99 });
        for text in ["", "2", "2.", ".17", "2.17.1", "-1.0", "a.b", "2.99999999999999999999"] {
            assert_eq!(text.parse::<SessionVersion>(), Err(InvalidToken(text.to_owned())));
        }
    }
}
