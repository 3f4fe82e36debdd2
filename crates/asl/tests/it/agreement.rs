//! Goal: the interpreter comes to the end that the language asks for. Method: the corpus, whose ends are written by
//! hand from the specification and AWS's documentation.

use super::corpus::{cases, interpret};

const PAGE: &str = include_str!("../../../../docs/asl.md");

#[test]
fn every_run_of_the_corpus_ends_as_it_must() {
    let cases = cases();
    assert!(cases.len() >= 50, "the corpus is there");
    for case in &cases {
        for (number, run) in case.runs.iter().enumerate() {
            let place = format!("{} ({}), run {number}", case.name, case.about);
            let seen = interpret(&case.machine, &run.input, &run.tasks);
            assert_eq!(run.objection(&seen), None, "{place}");
        }
    }
}

#[test]
fn every_difference_of_the_emulator_is_one_and_is_on_the_page() {
    for case in cases() {
        for run in &case.runs {
            let Some(differs) = &run.differs else { continue };
            assert!(PAGE.contains(&format!("| {} |", differs.row)), "{}: {}", case.name, differs.row);
            let end = differs.end.as_ref().is_some_and(|end| *end != run.end);
            let states = differs.states.as_ref().is_some_and(|states| *states != run.states);
            let attempts = differs.attempts.as_ref().is_some_and(|attempts| *attempts != run.attempts);
            assert!(end || states || attempts, "{} says how", case.name);
        }
    }
}
