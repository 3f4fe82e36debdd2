//! Regions and the role each plays now.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An AWS region name such as `us-east-1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region(String);

/// A region name that does not have the form `area-direction-number`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an AWS region name")]
pub struct InvalidRegion(pub String);

impl Region {
    /// Accepts `area-direction-number`, with an optional partition part
    /// (`us-gov-west-1`). Whether the region exists is for AWS to say.
    pub fn new(name: impl Into<String>) -> Result<Self, InvalidRegion> {
        let name = name.into();
        let parts: Vec<&str> = name.split('-').collect();
        let letters = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
        let valid = matches!(parts.len(), 3 | 4)
            && parts[..parts.len() - 1].iter().all(letters)
            && parts[parts.len() - 1].len() <= 2
            && parts[parts.len() - 1].parse::<u8>().is_ok_and(|n| n > 0);
        if valid { Ok(Self(name)) } else { Err(InvalidRegion(name)) }
    }

    /// The name as AWS writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Region {
    type Error = InvalidRegion;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::new(name)
    }
}

impl From<Region> for String {
    fn from(region: Region) -> Self {
        region.0
    }
}

/// What a region is doing now, as the lease says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Owns the lease and settles orders.
    Primary,
    /// Ready to take over.
    Standby,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Primary => "primary",
            Self::Standby => "standby",
        })
    }
}
