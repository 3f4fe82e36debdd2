//! The tables of `docs/cost.md`, computed.

use std::fmt::Write;

use rust_decimal::{Decimal, RoundingStrategy};

use super::assumption::Assumptions;
use super::bill::Purpose;
use super::price::Prices;
use super::report::Report;

/// Markdown: what each deployment costs for which purpose and in which region, what could be saved, what is
/// assumed, and the prices.
pub fn tables(reports: &[Report]) -> String {
    let mut text = String::new();
    purposes(&mut text, reports);
    regions(&mut text, reports);
    proposals(&mut text, reports);
    assumptions(&mut text);
    prices(&mut text);
    text
}

fn name(report: &Report) -> String {
    format!("{} ({})", report.deployment, report.environment)
}

fn purposes(text: &mut String, reports: &[Report]) {
    let _ =
        writeln!(text, "\n### For what\n\n| $ a month | serving | standby | replication | recovery | all |");
    let _ = writeln!(text, "|---|---:|---:|---:|---:|---:|");
    for report in reports {
        let _ = write!(text, "| {} |", name(report));
        for purpose in Purpose::ALL {
            let _ = write!(text, " {} |", dollars(report.estimate.purpose_usd(purpose)));
        }
        let _ = writeln!(text, " {} |", dollars(report.estimate.total_usd));
    }
}

fn regions(text: &mut String, reports: &[Report]) {
    let _ = writeln!(
        text,
        "\n### Where, and for which services\n\n| deployment | regions | most expensive services |"
    );
    let _ = writeln!(text, "|---|---|---|");
    for report in reports {
        let list = |all: &[super::estimate::Subtotal]| {
            let texts = all.iter().map(|one| format!("{} {}", one.of, dollars(one.monthly_usd)));
            texts.collect::<Vec<_>>().join(", ")
        };
        let services = &report.estimate.services;
        let most = &services[..services.len().min(6)];
        let _ = writeln!(text, "| {} | {} | {} |", name(report), list(&report.estimate.regions), list(most));
    }
}

fn proposals(text: &mut String, reports: &[Report]) {
    for report in reports {
        let _ = writeln!(text, "\n### What {} could save\n", name(report));
        let _ = writeln!(
            text,
            "| $ a month | proposal | recovery budget | risk | needs |\n|---:|---|---|---|---|"
        );
        for one in &report.proposals {
            let effects = one.budget.iter().map(|effect| {
                let word = if effect.after_s <= effect.objective_s { "met" } else { "**missed**" };
                let (before, after) = (effect.before_s, effect.after_s);
                format!("{}: {before} s → {after} s of {} s, {word}", effect.question, effect.objective_s)
            });
            let budget = match one.budget_unchanged {
                Some(why) => format!("none: {why}"),
                None => effects.collect::<Vec<_>>().join("; "),
            };
            let broken = one.rules_broken.iter().map(|rule| format!("; breaks the rule `{rule}`"));
            let budget = budget + &broken.collect::<String>();
            let saves = dollars(one.saves_usd);
            let needs = one.needs.unwrap_or("nothing");
            let _ = writeln!(
                text,
                "| {saves} | {} (`{}`) | {budget} | {} | {needs} |",
                one.title, one.id, one.risk
            );
        }
    }
}

fn assumptions(text: &mut String) {
    let _ = writeln!(text, "\n### What is assumed\n\n| name | value | why |\n|---|---:|---|");
    for one in Assumptions::stated().list() {
        let _ = writeln!(text, "| `{}` | {} {} | {} |", one.name, one.value, one.unit, one.why);
    }
}

fn prices(text: &mut String) {
    let prices = Prices::ours();
    let regions: Vec<&str> = prices.regions.iter().map(String::as_str).collect();
    let _ = writeln!(text, "\n### Prices\n\n{}; for {}.\n", sentence(&prices.label()), regions.join(", "));
    let _ = writeln!(text, "| id | $ | per | page |\n|---|---:|---|---|");
    for price in &prices.price {
        let _ = writeln!(text, "| `{}` | {} | {} | {} |", price.id, price.usd, price.per, price.source);
    }
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// Rounded to cents.
fn dollars(usd: Decimal) -> String {
    format!("{:.2}", usd.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero))
}
