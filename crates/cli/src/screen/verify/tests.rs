//! Goal: a reader sees whether a history holds, what is broken in it, and on which lines. Method: the page's example,
//! as it is and spoilt, as plain text.

use recovery::history::{Reader, Recorded, SettledRow};

use super::*;

/// A history in miniature, as `docs/history.md` shows it.
fn example() -> &'static str {
    let (_, rest) =
        include_str!("../../../../../docs/history.md").split_once("```jsonl\n").expect("it has one");
    rest.split_once("```").expect("it ends").0
}

fn judged(text: &str, spoil: impl FnOnce(&mut Recorded)) -> Judged {
    let mut reader = Reader::default();
    reader.feed(text.as_bytes()).expect("it is a history");
    let (mut recorded, lines) = reader.finish().expect("it is whole");
    spoil(&mut recorded);
    Judged::new("history.jsonl".as_ref(), recorded, lines)
}

fn plain(judged: &Judged) -> String {
    anstream::adapter::strip_str(&render(judged)).to_string()
}

#[test]
fn a_history_that_holds() {
    insta::assert_snapshot!("holds", plain(&judged(example(), |_| ())));
}

#[test]
fn a_history_that_does_not_hold() {
    let broken = judged(example(), |all| {
        all.facts.settled.remove(1);
        all.facts.settled[0].legs = 3;
    });
    assert!(!broken.holds());
    insta::assert_snapshot!("does_not_hold", plain(&broken));
}

#[test]
fn without_promises_the_invariants_are_judged_and_the_rest_is_said() {
    let unpromised = judged(example(), |all| all.header.objectives = None);
    assert!(unpromised.holds());
    let text = plain(&unpromised);
    assert!(text.contains("only invariants are judged") && !text.contains("again"), "{text}");
    let lost = judged(example(), |all| {
        all.header.objectives = None;
        all.facts.settled.remove(1);
    });
    assert!(!lost.holds(), "nothing bears a lost order");
}

#[test]
fn a_lost_order_that_the_objective_bears_is_shown_and_holds() {
    let borne = judged(example(), |all| {
        let lost = all.facts.settled.remove(1).id;
        all.facts.outbox.as_mut().expect("it has one").retain(|row| row.order != lost);
        all.facts.balances = None;
        all.header.objectives.as_mut().expect("it has some").orders_lost = 1;
    });
    assert!(borne.holds());
    assert!(plain(&borne).contains("was acknowledged and is not settled (line"), "{}", plain(&borne));
}

#[test]
fn of_many_violations_some_are_shown_and_the_rest_is_counted() {
    let many = judged(example(), |all| {
        let row = all.facts.settled[0].clone();
        all.facts.lease_history.clear();
        let again = |sequence| SettledRow {
            sequence: Some(sequence),
            settled_epoch: recovery::Epoch(7),
            ..row.clone()
        };
        all.facts.settled.extend((100..130).map(again));
    });
    let text = plain(&many);
    assert!(text.contains("more: --output json has all of them"), "{text}");
    let shown = text.lines().skip_while(|line| *line != "violations").skip(1);
    assert_eq!(shown.take_while(|line| line.starts_with("  - ")).count(), SHOWN_MAX);
}
