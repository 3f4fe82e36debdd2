//! Goal: what the documentation shows of the infrastructure is what is synthesised.
//! Method: compare the page with the assembly of the deployment we ship; with `STANDFAST_WRITE_DOCS` set, write it.

use std::collections::BTreeSet;

use infra::{Packages, Replay};
use recovery::Deployment;

use crate::monitoring::METRIC_ALARM;
use crate::{ACCOUNT, deployment, every_template, finance_west};

const PAGE: &str = include_str!("../../../../docs/infrastructure.md");
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/infrastructure.md");

fn between<'p>(page: &'p str, start: &str, end: &str) -> &'p str {
    let after = page.split_once(start).expect("the page has the start").1;
    after.split_once(end).expect("the page has the end").0
}

fn assembly(deployment: &Deployment) -> cdk::assembly::Assembly {
    let app = infra::app::compose(deployment, ACCOUNT, &Packages::stand_ins(), Replay::Included);
    app.expect("the account is good").synthesise().expect("the tree is sound")
}

#[test]
fn the_page_shows_the_diagram_of_what_is_synthesised() {
    for (deployment, name) in [(deployment(), "diagram"), (finance_west(), "diagram with containers")] {
        let drawn = format!("\n```mermaid\n{}```\n", infra::diagram::mermaid(&assembly(&deployment)));
        let page = std::fs::read_to_string(FILE).expect("the page is in docs");
        let shown = between(&page, &format!("<!-- {name} -->"), &format!("<!-- /{name} -->"));
        if shown != drawn && std::env::var_os("STANDFAST_WRITE_DOCS").is_some() {
            std::fs::write(FILE, page.replace(shown, &drawn)).expect("the page is ours");
        } else {
            assert!(shown == drawn, "{name}: run this test with STANDFAST_WRITE_DOCS=1 to write the page");
        }
    }
}

#[test]
fn the_page_names_every_kind_of_stack() {
    let kind = |template: &'static crate::Template| template.name.split('-').nth(1);
    let kinds: BTreeSet<&str> = every_template().filter_map(kind).collect();
    let rows = between(PAGE, "## The stacks", "## What depends on what");
    let named: BTreeSet<&str> = rows
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|line| line.split('`').next())
        .collect();
    assert_eq!(named, kinds);
}

const INCIDENTS: &str = include_str!("../../../../docs/incident-response.md");
const TROUBLE: &str = include_str!("../../../../docs/troubleshooting.md");

/// Words in backticks, and lines in fences.
fn code(page: &str) -> Vec<&str> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if inside {
            found.push(line);
        } else {
            found.extend(line.split('`').skip(1).step_by(2));
        }
    }
    found
}

#[test]
fn the_pages_for_incidents_name_what_is_deployed() {
    let templates: String = every_template().map(|template| template.json.to_string()).collect();
    let mut named = BTreeSet::new();
    for line in [INCIDENTS, TROUBLE, PAGE].into_iter().flat_map(code) {
        let of_name = |c: char| c.is_ascii_alphanumeric() || "-/.".contains(c);
        let line = line.replace("$home", "us-east-1").replace("$standby", "us-east-2");
        let words = line.split(|c: char| !of_name(c)).map(|word| word.trim_end_matches('.'));
        let ours = |word: &&str| {
            word.starts_with("/standfast/")
                || word.starts_with("/aws/lambda/")
                || (word.ends_with("-production") && !word.starts_with("TapStack-"))
        };
        let bare = |word: &str| match word.starts_with("/standfast/") || word.starts_with("/aws/") {
            true => word.to_owned(),
            false => word.rsplit('/').next().unwrap_or(word).to_owned(),
        };
        named.extend(words.filter(ours).map(bare));
    }
    assert!(named.len() > 8, "{named:?}");
    let unknown: Vec<_> = named.iter().filter(|name| !templates.contains(name.as_str())).collect();
    assert!(unknown.is_empty(), "no template has {unknown:?}");
}

#[test]
fn the_pages_for_incidents_name_alarms_that_there_are() {
    let of_kind = |kind: &'static str| {
        every_template().flat_map(move |template| template.all(kind)).map(|alarm| &alarm["AlarmName"])
    };
    let names = of_kind(METRIC_ALARM).chain(of_kind("AWS::CloudWatch::CompositeAlarm"));
    let purposes: BTreeSet<&str> = names
        .map(|name| name.as_str().expect("a name of ours"))
        .map(|name| name.trim_start_matches("alarm-").trim_end_matches("-production"))
        .collect();
    let is_purpose = |word: &&str| {
        word.contains('-')
            && !word.starts_with('-')
            && !word.ends_with("-production")
            && word.chars().all(|c| c.is_ascii_lowercase() || c == '-')
    };
    let named: BTreeSet<&str> = [INCIDENTS, TROUBLE].into_iter().flat_map(code).filter(is_purpose).collect();
    assert!(named.len() > 20, "{named:?}");
    let unknown: Vec<_> = named.difference(&purposes).collect();
    assert!(unknown.is_empty(), "there is no alarm {unknown:?}");
}

#[test]
fn the_page_says_where_each_deployment_lives() {
    for (deployment, _) in crate::shipped() {
        let regions = &deployment.regions;
        let row = format!(
            "| `deployments/{}.toml` | {} | {} | {} |",
            deployment.name, regions.home, regions.standby, regions.witness
        );
        assert!(PAGE.contains(&row), "docs/infrastructure.md lacks:\n{row}");
    }
    let deploying = between(PAGE, "## Deploying", "## Audit and backup");
    let regions = code(deploying).into_iter().filter(|line| !line.starts_with("home=")).collect::<String>();
    for region in ["us-east-1", "us-east-2", "us-west-2"] {
        let said = regions.matches(region).count();
        assert_eq!(said, 0, "{region} is right for one deployment: say $home or $standby");
    }
}
