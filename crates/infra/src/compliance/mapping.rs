//! Items of standards, in our own words, and the evidence that each would need. It is data: files beside this one.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::Deserialize;

use super::evidence::{Evidence, Source};
use super::look::Look;

const EVIDENCE: [(&str, &str); 5] = [
    ("evidence/data.toml", include_str!("mapping/evidence/data.toml")),
    ("evidence/access.toml", include_str!("mapping/evidence/access.toml")),
    ("evidence/audit.toml", include_str!("mapping/evidence/audit.toml")),
    ("evidence/recovery.toml", include_str!("mapping/evidence/recovery.toml")),
    ("evidence/proof.toml", include_str!("mapping/evidence/proof.toml")),
];
const FRAMEWORKS: [(&str, &str); 7] = [
    ("nist.toml", include_str!("mapping/nist.toml")),
    ("soc2.toml", include_str!("mapping/soc2.toml")),
    ("pci.toml", include_str!("mapping/pci.toml")),
    ("dora.toml", include_str!("mapping/dora.toml")),
    ("ffiec.toml", include_str!("mapping/ffiec.toml")),
    ("sci.toml", include_str!("mapping/sci.toml")),
    ("finra.toml", include_str!("mapping/finra.toml")),
];

/// Every item, and every piece of evidence that one of them needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapping {
    /// Evidence, by its subject.
    pub evidence: Vec<Evidence>,
    /// Standards, laws and rules.
    pub frameworks: Vec<Framework>,
}

/// A standard, a law or a rule.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Framework {
    /// Its name for good.
    pub id: String,
    /// What it is called, with its edition.
    pub title: String,
    /// Those of its items that concern recovery.
    pub items: Vec<Item>,
}

/// One item of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Its own number, such as `CP-9`.
    pub id: String,
    /// What it is about, in our words.
    pub title: String,
    /// What it asks of a system, in one line of ours. Never the standard's text.
    pub asks: String,
    /// Ids of the evidence that it would need; without any it always reads "not demonstrated".
    #[serde(default)]
    pub needs: Vec<String>,
    /// What it asks beyond that, which nobody here looks for.
    pub beyond: String,
}

/// Why a mapping is none.
#[derive(Debug, thiserror::Error)]
pub enum InvalidMapping {
    /// A file that is not what it should be.
    #[error("{file} is malformed")]
    File {
        /// Its name.
        file: &'static str,
        /// Where and why.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// A need that nothing meets.
    #[error("{item} needs `{need}`, which is no evidence")]
    Unknown {
        /// The item.
        item: String,
        /// What it names.
        need: String,
    },
    /// Evidence with the name of another, or an item with the number of another in its framework.
    #[error("`{0}` is there twice")]
    Twice(String),
    /// Evidence that no item needs.
    #[error("no item needs `{0}`")]
    Idle(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EvidenceFile {
    evidence: Vec<Evidence>,
}

impl Mapping {
    /// Our own.
    ///
    /// # Panics
    /// When it is malformed, which a test prevents.
    pub fn ours() -> Self {
        Self::parse(&EVIDENCE, &FRAMEWORKS).expect("a test reads the mapping")
    }

    /// Reads a mapping from files of evidence and of frameworks, each with its name.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(
        evidence: &[(&'static str, &str)],
        frameworks: &[(&'static str, &str)],
    ) -> Result<Self, InvalidMapping> {
        let mut mapping = Self { evidence: Vec::new(), frameworks: Vec::new() };
        let malformed = |file| move |source| InvalidMapping::File { file, source: Box::new(source) };
        for (file, text) in evidence {
            let read: EvidenceFile = toml::from_str(text).map_err(malformed(file))?;
            mapping.evidence.extend(read.evidence);
        }
        for (file, text) in frameworks {
            mapping.frameworks.push(toml::from_str(text).map_err(malformed(file))?);
        }
        mapping.agree()?;
        Ok(mapping)
    }

    /// Whether names are unique, every need is met and every piece of evidence is needed.
    fn agree(&self) -> Result<(), InvalidMapping> {
        let mut known = BTreeSet::new();
        for one in &self.evidence {
            if !known.insert(one.id.as_str()) {
                return Err(InvalidMapping::Twice(one.id.clone()));
            }
        }
        let mut idle = known.clone();
        for framework in &self.frameworks {
            let mut numbers = BTreeSet::new();
            for item in &framework.items {
                if !numbers.insert(item.id.as_str()) {
                    return Err(InvalidMapping::Twice(item.id.clone()));
                }
                for need in &item.needs {
                    if !known.contains(need.as_str()) {
                        return Err(InvalidMapping::Unknown { item: item.id.clone(), need: need.clone() });
                    }
                    idle.remove(need.as_str());
                }
            }
        }
        idle.first().map_or(Ok(()), |id| Err(InvalidMapping::Idle((*id).to_owned())))
    }

    /// The mapping as tables in Markdown: what would be evidence of what.
    pub fn to_markdown(&self) -> String {
        let mut text = String::new();
        for framework in &self.frameworks {
            let _ = writeln!(text, "### {}\n", framework.title);
            let _ = writeln!(
                text,
                "| item | about | what it asks, in our words | evidence looked for | not looked for |"
            );
            let _ = writeln!(text, "|---|---|---|---|---|");
            for Item { id, title, asks, needs, beyond } in &framework.items {
                let needs: Vec<String> = needs.iter().map(|need| format!("`{need}`")).collect();
                let needs = if needs.is_empty() { "none".to_owned() } else { needs.join(", ") };
                let _ = writeln!(text, "| {id} | {title} | {asks} | {needs} | {beyond} |");
            }
            text.push('\n');
        }
        let _ =
            writeln!(text, "### Evidence\n\n| id | what it shows | where it is looked for |\n|---|---|---|");
        for one in &self.evidence {
            let absent = one.absent.as_ref().map(|why| format!("; today nowhere: {why}")).unwrap_or_default();
            let _ = writeln!(text, "| `{}` | {} | {}{absent} |", one.id, one.shows, place(&one.source));
        }
        text
    }
}

/// Where evidence is looked for, in words.
fn place(source: &Source) -> String {
    match source {
        Source::All(looks) | Source::Any(looks) => {
            let word = if matches!(source, Source::All(_)) { " and " } else { " or " };
            format!("template: {}", looks.iter().map(asked).collect::<Vec<_>>().join(word))
        }
        Source::Rule(id) => format!("check: rule `{id}`"),
        Source::Budget => "check: recovery budget".to_owned(),
        Source::Drill(asked) => {
            let scenario = asked.scenario.as_deref().unwrap_or("any scenario");
            format!("drill: {scenario}, `{}` {}", asked.property, asked.is)
        }
        Source::Document(page) => {
            let section = page.section.as_ref().map(|section| format!(", \"{section}\""));
            format!("page: {}{}", page.file, section.unwrap_or_default())
        }
        Source::Runbook(_) => "runbook: printed by `standfast workflow`".to_owned(),
        Source::Residency => "template: every place that holds data".to_owned(),
    }
}

/// One look, in words.
fn asked(look: &Look) -> String {
    let kind = look.kind.strip_prefix("AWS::").unwrap_or(&look.kind);
    let which = look.which.iter().map(|which| format!(" with `{}` {}", which.property, which.is));
    let which = which.collect::<Vec<_>>().join(" and");
    format!("{kind}{which}: `{}` {}", look.property, look.is)
}
