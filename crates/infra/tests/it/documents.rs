//! Goal: what the documentation shows of the infrastructure is what is synthesised.
//! Method: compare the page with the assembly of the deployment we ship.

use std::collections::BTreeSet;

use infra::{Packages, Replay};
use recovery::Deployment;

use crate::{ACCOUNT, deployment, every_template, finance_west};

const PAGE: &str = include_str!("../../../../docs/infrastructure.md");

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
        let drawn = infra::diagram::mermaid(&assembly(&deployment));
        let shown = between(PAGE, &format!("<!-- {name} -->"), &format!("<!-- /{name} -->"));
        assert_eq!(
            shown.trim(),
            format!("```mermaid\n{drawn}```"),
            "paste what `standfast synth --diagram` prints"
        );
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
