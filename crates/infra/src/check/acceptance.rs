//! The checked-in list of findings of other people's validators that are accepted, each with a reason.

use serde::{Deserialize, Serialize};

use super::validator::{Finding, Tool};

/// The list that belongs to our infrastructure.
const OURS: &str = include_str!("../../../../validation/accepted.toml");

/// One accepted kind of finding.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// Whose finding.
    pub tool: Tool,
    /// The tool's name of its rule, such as `CT.RDS.PR.3`.
    pub rule: String,
    /// Construct path, where `*` stands for anything.
    #[serde(default = "anywhere")]
    pub path: String,
    /// Kind of the stack it is about, such as `Api`; a deployment without one does not need it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<String>,
    /// Why it is accepted.
    pub reason: String,
}

fn anywhere() -> String {
    "*".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    accepted: Vec<Acceptance>,
}

/// Our own list.
///
/// # Panics
/// When it is malformed, which a test prevents.
pub fn ours() -> Vec<Acceptance> {
    parse(OURS).expect("a test reads the list")
}

/// Reads a list.
///
/// # Errors
/// What is wrong with the file, with its line.
pub fn parse(text: &str) -> Result<Vec<Acceptance>, toml::de::Error> {
    toml::from_str::<File>(text).map(|file| file.accepted)
}

impl Acceptance {
    /// Whether it speaks of this finding.
    pub fn covers(&self, tool: Tool, finding: &Finding) -> bool {
        self.tool == tool && self.rule == finding.rule && matches(&self.path, &finding.path)
    }
}

/// Whether a text fits a pattern in which `*` stands for any characters.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut last = None;
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
        last = Some(part);
    }
    // The last part must reach to the end.
    rest.is_empty() || last.is_some_and(|part| part.is_empty() || text.ends_with(part))
}

#[cfg(test)]
mod tests {
    //! Goal: an acceptance covers what it names and nothing else, and our list can be read.
    //! Method: patterns beside texts, and the list itself.

    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, fits) in [
            ("*", "", true),
            ("*", "a/b", true),
            ("a/b", "a/b", true),
            ("a/b", "a/bc", false),
            ("a/*", "a/b/c", true),
            ("*/Logs", "a/b/Logs", true),
            ("*/Logs", "a/Logs/b", false),
            ("a*c*e", "abcde", true),
            ("a*c*e", "abde", false),
            ("*-x/*", "S-x/Logs-x/y", true),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn our_list_gives_a_reason_for_each_and_names_none_twice() {
        let ours = ours();
        for (index, one) in ours.iter().enumerate() {
            assert!(one.reason.len() > 20, "{one:?}");
            let twice = |other: &Acceptance| {
                (other.tool, &other.rule, &other.path) == (one.tool, &one.rule, &one.path)
            };
            assert!(!ours[..index].iter().any(twice), "{one:?}");
        }
    }

    #[test]
    fn an_unknown_field_is_refused_with_its_line() {
        let error = parse("[[accepted]]\ntool = \"cfn-lint\"\nrule = \"W1\"\nwhy = \"x\"\n")
            .expect_err("no such field");
        assert!(error.to_string().contains("line 4"), "{error}");
    }
}
