//! Goal: what the documentation shows of the infrastructure is what is synthesised.
//! Method: compare the page with the assembly of the deployment we ship; with `STANDFAST_WRITE_DOCS` set, write it.

use std::collections::BTreeSet;

use infra::{Packages, Replay};
use recovery::Deployment;

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
