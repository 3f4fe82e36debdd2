//! How much CloudFormation takes in one template.

use std::fmt;

use crate::Template;

/// A quota on templates that nobody can raise.
///
/// Source: "Understand CloudFormation quotas" in the CloudFormation user guide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Limit {
    /// Resources in a template: 500.
    Resources,
    /// Outputs of a template: 200.
    Outputs,
    /// Parameters of a template: 200.
    Parameters,
    /// Bytes of a template's description: 1024.
    DescriptionBytes,
    /// Bytes of a template that is read from S3: 1 MB.
    TemplateBytes,
    /// Dynamic references in a template, each as often as it is written: 60.
    ///
    /// Source: "Get values stored in other services using dynamic references" in the same guide.
    DynamicReferences,
}

/// How a dynamic reference begins.
const DYNAMIC_REFERENCE: &str = "{{resolve:";

/// A template that is over a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excess {
    /// The limit.
    pub limit: Limit,
    /// What the template has instead, in the limit's unit.
    pub found: usize,
}

impl Limit {
    const ALL: [Limit; 6] = [
        Limit::Resources,
        Limit::Outputs,
        Limit::Parameters,
        Limit::DescriptionBytes,
        Limit::TemplateBytes,
        Limit::DynamicReferences,
    ];

    /// The most that CloudFormation takes.
    pub fn most(self) -> usize {
        match self {
            Limit::Resources => 500,
            Limit::Outputs | Limit::Parameters => 200,
            Limit::DescriptionBytes => 1024,
            Limit::TemplateBytes => 1_000_000,
            Limit::DynamicReferences => 60,
        }
    }

    fn found(self, template: &Template, text: &str) -> usize {
        match self {
            Limit::Resources => template.resources.len(),
            Limit::Outputs => template.outputs.len(),
            Limit::Parameters => template.parameters.len(),
            Limit::DescriptionBytes => template.description.as_ref().map_or(0, String::len),
            Limit::TemplateBytes => text.len(),
            Limit::DynamicReferences => text.matches(DYNAMIC_REFERENCE).count(),
        }
    }
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (found, most) = (self.found, self.limit.most());
        match self.limit {
            Limit::Resources => write!(f, "has {found} resources, more than {most}"),
            Limit::Outputs => write!(f, "has {found} outputs, more than {most}"),
            Limit::Parameters => write!(f, "has {found} parameters, more than {most}"),
            Limit::DescriptionBytes => write!(f, "its description has {found} bytes, more than {most}"),
            Limit::TemplateBytes => write!(f, "its template has {found} bytes, more than {most}"),
            Limit::DynamicReferences => write!(f, "has {found} dynamic references, more than {most}"),
        }
    }
}

impl Template {
    /// Every limit that this template is over. `text` is it as it will be uploaded.
    pub fn excesses(&self, text: &str) -> Vec<Excess> {
        Limit::ALL
            .into_iter()
            .map(|limit| Excess { limit, found: limit.found(self, text) })
            .filter(|excess| excess.found > excess.limit.most())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    // Goal: a template at every limit is fine, and one more of anything is told.
    // Method: one template, filled up to each limit and once more.
    use super::*;
    use crate::{Output, Parameter, sqs};

    fn template(more: usize) -> Template {
        let mut template = Template::new();
        template.description = Some("d".repeat(1024 + more));
        for number in 0..500 + more {
            template.add(format!("Queue{number}"), &sqs::Queue::new());
        }
        for number in 0..200 + more {
            template.outputs.insert(format!("Output{number}"), Output::new("x"));
            template.parameters.insert(format!("Parameter{number}"), Parameter::new("String"));
        }
        template
    }

    /// As long as a template may be and `more`, with as many references as it may have and `more`.
    fn text(more: usize) -> String {
        let references = "{{resolve:ssm:/p}}".repeat(60 + more);
        let rest = " ".repeat(1_000_000 + more - references.len());
        references + &rest
    }

    #[test]
    fn limits_are_reached_but_not_passed() {
        assert_eq!(template(0).excesses(&text(0)), []);
        let told: Vec<String> = template(1).excesses(&text(1)).iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "has 501 resources, more than 500",
                "has 201 outputs, more than 200",
                "has 201 parameters, more than 200",
                "its description has 1025 bytes, more than 1024",
                "its template has 1000001 bytes, more than 1000000",
                "has 61 dynamic references, more than 60",
            ]
        );
    }
}
