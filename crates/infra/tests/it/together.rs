//! R15, R24: the deployments that we ship, and their environments, can live in one account. To CloudFormation
//! a stack of the same name in the same region is the same stack: deploying one would be an update of the other.
//! Method: synthesise each of them for one account, and compare the names.

use std::collections::{BTreeMap, BTreeSet};

use infra::check::rule::RULES;
use recovery::Deployment;

use crate::check::inventory;
use crate::{each_environment, synthesise};

/// Types whose names are one for all regions of an account, or of everybody.
const GLOBAL: [&str; 3] = ["AWS::IAM::Role", "AWS::RDS::GlobalCluster", "AWS::S3::Bucket"];

/// Every name that CloudFormation or a service compares, with the place in which it may be there once.
fn names(deployment: &Deployment) -> Vec<(String, String)> {
    let mut names = Vec::new();
    for template in synthesise(deployment) {
        names.push((format!("stack in {}", template.region), template.name.clone()));
        for (_, resource) in template.resources() {
            let kind = resource["Type"].as_str().expect("a type");
            let region = if GLOBAL.contains(&kind) { "any region" } else { &template.region };
            let properties = resource["Properties"].as_object().expect("properties");
            let named = properties.iter().filter(|(key, _)| {
                ["Name", "Identifier", "Family", "ResourceId"].iter().any(|end| key.ends_with(end))
            });
            // What carries no suffix is the name of something else: the rule `names-fit` refuses it otherwise.
            let own = named.filter_map(|(key, value)| Some((key, value.as_str()?)));
            let own = own.filter(|(_, name)| name.contains(&deployment.environment));
            names.extend(own.map(|(key, name)| (format!("{kind} {key} in {region}"), name.to_owned())));
        }
    }
    names
}

#[test]
fn no_two_of_the_shipped_environments_share_a_stack_or_a_name() {
    let mut whose: BTreeMap<(String, String), String> = BTreeMap::new();
    for deployment in each_environment() {
        let owner = format!("{} ({})", deployment.name, deployment.environment);
        let names = names(&deployment);
        assert!(names.len() > 200, "{owner}: {} names", names.len());
        for name in names {
            let first = whose.entry(name.clone()).or_insert_with(|| owner.clone());
            assert_eq!(*first, owner, "{name:?} is there twice");
        }
    }
}

#[test]
fn a_shared_suffix_is_noticed() {
    let [trading, _, west, ..] = each_environment();
    let alike = Deployment { environment: trading.environment.clone(), ..west };
    let (ours, theirs) = (names(&trading), names(&alike));
    let shared = ours.iter().filter(|name| theirs.contains(name));
    assert!(shared.filter(|(place, _)| place.starts_with("stack in")).count() > 5, "stacks have one name");
}

#[test]
fn names_fit_in_each_environment() {
    let fit = RULES.iter().find(|rule| rule.id == "names-fit").expect("there is such a rule");
    for deployment in each_environment() {
        assert_eq!(fit.findings(&inventory(&deployment), &deployment), [], "{}", deployment.environment);
    }
}

/// Whether a name fits a pattern in which `*` stands for anything and `?` for one character.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    match pattern.split_first() {
        None => name.is_empty(),
        Some((b'*', rest)) => (0..=name.len()).any(|taken| fits(rest, &name[taken..])),
        Some((sign, rest)) => name
            .split_first()
            .is_some_and(|(first, left)| (sign == first || *sign == b'?') && fits(rest, left)),
    }
}

/// `*-production`, in the policy of a key, would reach into every name of an environment called `west-production`.
#[test]
fn no_pattern_of_one_reaches_the_names_of_another() {
    assert!(fits(b"alarm-*-production", b"alarm-queue-age-west-production"), "what is looked for");
    let all = each_environment();
    let mut patterns = 0;
    for own in &all {
        let text: String = synthesise(own).iter().map(|template| template.json.to_string()).collect();
        let parts = text.split(['"', ' ', ':', '/']).filter(|part| part.contains(&own.environment));
        let reaching: BTreeSet<&str> = parts.filter(|part| part.contains(['*', '?'])).collect();
        patterns += reaching.len();
        for other in all.iter().filter(|other| other.environment != own.environment) {
            for (place, name) in names(other) {
                let caught = reaching.iter().find(|pattern| fits(pattern.as_bytes(), name.as_bytes()));
                assert_eq!(caught, None, "{name}, {place} of {}", other.name);
            }
        }
    }
    assert!(patterns > 0, "there are some");
}
