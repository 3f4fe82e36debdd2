//! Typed settings, read from the variables that [`recovery::setting`] names.
//!
//! A service asks [`load`] for the groups it needs and learns of everything
//! that is missing or invalid at once.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use recovery::{Region, setting};

/// Variable in which Lambda tells a function its own region.
pub const OWN_REGION: &str = "AWS_REGION";

/// Where values come from: the process environment, or a map in a test.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The lookup of a deployed service: its process environment.
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Everything that keeps a service from starting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct InvalidSettings {
    /// One entry per variable, in the order they were read.
    pub problems: Vec<Problem>,
}

/// What is wrong with one variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Name of the variable.
    pub variable: &'static str,
    /// Why its value cannot be used.
    pub reason: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.variable, self.reason)
    }
}

/// Reads one group, or a tuple of groups, such as `load::<(Regions, Journal)>(&environment)`.
pub fn load<G: Group>(lookup: Lookup<'_>) -> Result<G, InvalidSettings> {
    let mut reader = Reader { lookup, problems: Vec::new() };
    match G::read(&mut reader) {
        Some(group) if reader.problems.is_empty() => Ok(group),
        _ => Err(InvalidSettings { problems: reader.problems }),
    }
}

/// The same for a service that starts: what is wrong is logged, for nobody else will tell.
pub fn start<G: Group>(lookup: Lookup<'_>) -> Result<G, InvalidSettings> {
    load(lookup).inspect_err(|error| tracing::error!(%error, "the settings are unusable"))
}

/// Settings that belong together. `None` means that the reader noted a problem.
pub trait Group: Sized {
    /// Reads every variable of the group before giving up on any.
    fn read(reader: &mut Reader<'_>) -> Option<Self>;
}

/// Reads variables and collects what is wrong with them.
pub struct Reader<'a> {
    lookup: Lookup<'a>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    /// A variable that may be absent; an empty one counts as absent.
    fn optional<T>(&mut self, variable: &'static str) -> Option<Option<T>>
    where
        T: Value,
    {
        let Some(text) = (self.lookup)(variable).filter(|text| !text.is_empty()) else { return Some(None) };
        match T::parse(&text) {
            Ok(value) => Some(Some(value)),
            Err(reason) => {
                let shown: String = text.chars().take(80).collect();
                self.problems.push(Problem { variable, reason: format!("is `{shown}`: {reason}") });
                None
            }
        }
    }

    /// A variable that must be there.
    fn required<T>(&mut self, variable: &'static str) -> Option<T>
    where
        T: Value,
    {
        let value = self.optional(variable)?;
        if value.is_none() {
            self.problems.push(Problem { variable, reason: "is not set".to_owned() });
        }
        value
    }
}

/// A type that a variable's text may have.
trait Value: Sized {
    fn parse(text: &str) -> Result<Self, String>;
}

impl Value for String {
    fn parse(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
}

impl Value for PathBuf {
    fn parse(text: &str) -> Result<Self, String> {
        Ok(text.into())
    }
}

impl Value for Region {
    fn parse(text: &str) -> Result<Self, String> {
        Region::new(text).map_err(|error| error.to_string())
    }
}

impl Value for SocketAddr {
    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| "expected ip:port".to_owned())
    }
}

impl Value for u32 {
    fn parse(text: &str) -> Result<Self, String> {
        text.parse()
            .ok()
            .filter(|count| *count > 0)
            .ok_or_else(|| "expected a whole number above 0".to_owned())
    }
}

impl Value for bool {
    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| "expected true or false".to_owned())
    }
}

impl Value for Duration {
    fn parse(text: &str) -> Result<Self, String> {
        let whole = text.parse::<u32>().map_err(|_| "expected whole seconds".to_owned())?;
        Ok(Duration::from_secs(whole.into()))
    }
}

/// `host:port` of a server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// Name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

impl FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (host, port) = text.rsplit_once(':').unwrap_or((text, ""));
        match port.parse() {
            Ok(port) if !host.is_empty() && port > 0 => Ok(Self { host: host.to_owned(), port }),
            _ => Err("expected host:port".to_owned()),
        }
    }
}

impl Endpoint {
    /// The reader endpoint of the Aurora cluster whose writer endpoint this is; of any other server, the
    /// server itself. The writer endpoint of a cluster that follows another region's is inactive.
    ///
    /// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Endpoints.Reader.html>: the one has
    /// `cluster-` before the account's part of the name, the other `cluster-ro-`.
    #[must_use]
    pub fn reader(&self) -> Self {
        let host = if self.host.contains(".cluster-ro-") {
            self.host.clone()
        } else {
            self.host.replacen(".cluster-", ".cluster-ro-", 1)
        };
        Self { host, port: self.port }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl Value for Endpoint {
    fn parse(text: &str) -> Result<Self, String> {
        text.parse()
    }
}

/// Whether a database that offers no TLS is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Refused.
    Require,
    /// Used without TLS.
    Prefer,
}

impl Value for Tls {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "require" => Ok(Self::Require),
            "prefer" => Ok(Self::Prefer),
            _ => Err("expected require or prefer".to_owned()),
        }
    }
}

/// Base URL without a trailing slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(pub http::Uri);

impl BaseUrl {
    /// The URL of `path`, which starts with a slash.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.to_string().trim_end_matches('/'))
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_string().trim_end_matches('/'))
    }
}

impl Value for BaseUrl {
    fn parse(text: &str) -> Result<Self, String> {
        let url: http::Uri = text.parse().map_err(|_| "expected a URL".to_owned())?;
        let known = matches!(url.scheme_str(), Some("http" | "https"));
        if known && url.host().is_some() && !text.ends_with('/') && url.query().is_none() {
            Ok(Self(url))
        } else {
            Err("expected http://host or https://host without a trailing slash".to_owned())
        }
    }
}

/// Declares a group: a struct whose fields are each read from one variable.
macro_rules! group {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty = $how:ident $variable:expr),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name { $($(#[$field_doc])* pub $field: $kind),+ }

        impl Group for $name {
            fn read(reader: &mut Reader<'_>) -> Option<Self> {
                $(let $field = reader.$how($variable);)+
                Some(Self { $($field: $field?),+ })
            }
        }
    };
}

mod containers;
mod groups;

pub use containers::*;
pub use groups::*;

/// Tuples of groups: every member is read, so that every problem is seen.
macro_rules! tuple {
    ($($name:ident)+) => {
        impl<$($name: Group),+> Group for ($($name,)+) {
            #[allow(non_snake_case, reason = "a member is bound under the name of its type")]
            fn read(reader: &mut Reader<'_>) -> Option<Self> {
                $(let $name = $name::read(reader);)+
                Some(($($name?,)+))
            }
        }
    };
}

tuple!(A B);
tuple!(A B C);
tuple!(A B C D);
tuple!(A B C D E);
tuple!(A B C D E F);
tuple!(A B C D E F G);
tuple!(A B C D E F G H);
