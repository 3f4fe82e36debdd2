//! Goal: the page lists every invariant and every way to break a history. Method: compare its tables.

use super::super::Invariant;
use super::BREAKS;

const PAGE: &str = include_str!("../../../../../docs/history.md");

/// Rows of the table under a heading, without its head.
fn table(heading: &str) -> Vec<&'static str> {
    let section =
        PAGE.split("\n## ").find(|section| section.starts_with(heading)).expect("the section is there");
    section.lines().filter(|line| line.starts_with('|')).skip(2).collect()
}

#[test]
fn the_page_lists_every_invariant() {
    let rows = Invariant::ALL.iter().map(|one| format!("| `{}` | {} |", one.name(), one.statement()));
    assert_eq!(table("What must hold"), rows.collect::<Vec<_>>());
}

#[test]
fn the_page_lists_every_way_to_break_a_history() {
    let rows = BREAKS.iter().map(|one| {
        // As JSON has it.
        let mut name = String::new();
        for (index, letter) in one.found_as.char_indices() {
            if letter.is_ascii_uppercase() && index > 0 {
                name.push('_');
            }
            name.push(letter.to_ascii_lowercase());
        }
        format!("| {} | `{name}` |", one.what)
    });
    assert_eq!(table("What the checker was shown"), rows.collect::<Vec<_>>());
}
