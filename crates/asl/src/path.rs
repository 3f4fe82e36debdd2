//! Reference paths, which may also discard.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Where a state takes its input from, or puts its result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Path {
    /// A JSONPath such as `$.result`.
    At(String),
    /// JSON `null`: an empty input, or a result thrown away.
    Discard,
}

impl Path {
    /// A JSONPath.
    pub fn at(path: impl Into<String>) -> Self {
        Self::At(path.into())
    }
}

impl Serialize for Path {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::At(path) => serializer.serialize_str(path),
            Self::Discard => serializer.serialize_none(),
        }
    }
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<String>::deserialize(deserializer)?.map_or(Self::Discard, Self::At))
    }
}

/// Tells a field that is `null` from one that is absent.
pub(crate) fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}
