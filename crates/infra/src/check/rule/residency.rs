//! Where the deployment lives: in the pair, with a vote in the witness region, and nowhere else.

use serde_json::Value;

use super::{Finding, Rule, Subject};
use crate::check::inventory::texts;
use crate::region_name::regions;

/// Services whose resources are in no region: their ARNs name none. A bucket's name is global and the bucket
/// is not, so buckets are looked for by name.
///
/// Source: "AWS Fault Isolation Boundaries", global services; the service authorization reference.
const GLOBAL: [&str; 5] = ["cloudfront", "iam", "route53", "s3", "sts"];
/// ARNs without a region in services that have others: the global cluster is made of clusters, each of which has
/// a region of its own, and an integration of Step Functions is the one of the workflow's region.
const WITHOUT_REGION: [(&str, &str); 2] = [("rds", "global-cluster:"), ("states", "lambda:")];
/// Where the witness may be named: there it votes, and serves nobody.
const WITNESSES: &str = "GlobalTableWitnesses";
/// Where Route 53 asks from. The checkers are its own, all over the world, and learn a status and no more.
const CHECKERS: &str = "HealthCheckConfig/Regions";

pub(super) const STAYS: Rule = Rule {
    id: "stays-in-its-regions",
    title: "stacks, replicas, copies, targets, settings and ARNs are in the pair, and the witness is named as a witness only",
    rationale: "what lies in another region is under another law, and nothing here looks after it",
    look: |subject| {
        let mut findings = Vec::new();
        for stack in &subject.inventory.stacks {
            if let Some(problem) = misplaced(subject, &stack.region) {
                findings.push(Finding::missing(&stack.name, format!("is deployed into {problem}")));
            }
            let what = |problem| Finding::missing(format!("{}/Outputs", stack.name), problem);
            findings.extend(problems_in(subject, &stack.template["Outputs"]).map(what));
            for resource in stack.resources() {
                let problems = problems_in(subject, resource.properties());
                findings.extend(problems.map(|problem| Finding::at(&resource, problem)));
            }
        }
        findings
    },
};

/// Why a region is none to be in.
fn misplaced(subject: &Subject<'_>, region: &str) -> Option<String> {
    if subject.pair().iter().any(|own| own.as_str() == region) {
        None
    } else if subject.deployment.regions.witness.as_str() == region {
        Some(format!("{region}, which only votes"))
    } else {
        Some(format!("{region}, which is none of the deployment's regions"))
    }
}

fn problems_in(subject: &Subject<'_>, value: &Value) -> impl Iterator<Item = String> {
    texts(value).into_iter().flat_map(|(path, text)| problems(subject, &path, text))
}

/// What is wrong with a text at a path of a resource's properties.
fn problems(subject: &Subject<'_>, path: &str, text: &str) -> Vec<String> {
    if path.starts_with(CHECKERS) {
        return Vec::new();
    }
    let mut problems: Vec<String> = regions(text)
        .filter(|region| {
            !(path.starts_with(WITNESSES) && subject.deployment.regions.witness.as_str() == *region)
        })
        .filter_map(|region| misplaced(subject, region))
        .map(|problem| format!("its {path} names {problem}"))
        .collect();
    problems
        .extend(arns(text).filter_map(|arn| unplaced(subject, arn)).map(|what| format!("its {path} {what}")));
    problems
}

/// What is wrong with where an ARN leads, beside the regions that it names.
fn unplaced(subject: &Subject<'_>, arn: &str) -> Option<String> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [_, _, service, region, _, resource] = parts[..] else { return None };
    if service == "s3" {
        let bucket = resource.split('/').next().unwrap_or_default();
        // CloudFormation's own, for the answers of custom resources, has its region without hyphens.
        let of_pair = subject.pair().iter().any(|own| bucket.ends_with(&own.as_str().replace('-', "")));
        let ours = of_pair
            || regions(bucket).next().is_some()
            || subject.inventory.all("AWS::S3::Bucket").any(|one| one.text("BucketName") == Some(bucket));
        return (!ours && bucket != "*")
            .then(|| format!("names the bucket {bucket}, whose region nobody knows"));
    }
    let global = GLOBAL.contains(&service)
        || WITHOUT_REGION.iter().any(|(of, begins)| service == *of && resource.starts_with(begins));
    match region {
        "*" => Some(format!("allows {service} in every region")),
        "" if !global => Some(format!("names an ARN of {service} without a region")),
        _ => None,
    }
}

/// Every ARN in a text, to the next character that ends one.
fn arns(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("arn:aws").map(|(start, _)| {
        let arn = &text[start..];
        arn.split(['"', '\'', ' ', ',', '\\', ')']).next().unwrap_or(arn)
    })
}

#[cfg(test)]
mod tests {
    //! Goal: no ARN hides in a text. Method: a policy as templates hold them.

    use super::*;

    #[test]
    fn every_arn_of_a_text_is_found() {
        let text = "{\"a\":\"arn:aws:s3:::b\",\"c\":\"arn:aws:iam::1:role/r\"}";
        assert_eq!(arns(text).collect::<Vec<_>>(), ["arn:aws:s3:::b", "arn:aws:iam::1:role/r"]);
    }
}
