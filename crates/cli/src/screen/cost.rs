//! What a deployment costs, as tables.

use std::fmt::Write;

use infra::cost::{Item, Proposal, Purpose, Report};
use rust_decimal::{Decimal, RoundingStrategy};

use super::{BOLD, DIM, GREEN, RED};

/// Services named in one line: the most expensive ones.
const SERVICES_SHOWN: usize = 5;

/// The report, for a terminal; `all` adds what is assumed and what costs nothing.
pub fn render(report: &Report, all: bool) -> String {
    let mut text = String::new();
    let Report { deployment, environment, estimate, .. } = report;
    let total = money(estimate.total_usd);
    let _ = writeln!(
        text,
        "{BOLD}{deployment}{BOLD:#} ({environment}): {BOLD}${total}{BOLD:#} a month, estimated"
    );
    let _ = writeln!(text, "{DIM}{}{DIM:#}", report.prices.label);
    let _ = writeln!(
        text,
        "{DIM}a month of {} hours without a recovery; before free tiers, discounts, credits and taxes{DIM:#}",
        report.month_hours
    );
    sums(&mut text, report);
    for region in &estimate.regions {
        let _ = writeln!(text, "\n{BOLD}{}{BOLD:#}: ${}", region.of, money(region.monthly_usd));
        items(&mut text, estimate.items.iter().filter(|item| item.region == region.of));
    }
    let _ = writeln!(
        text,
        "  {DIM}each line is quantity × unit price; sums are of exact amounts, and cents are rounded only here{DIM:#}"
    );
    proposals(&mut text, &report.proposals);
    left_out(&mut text, report);
    if all {
        assumptions(&mut text, report);
    }
    text
}

/// What each region pays for which purpose.
fn sums(text: &mut String, report: &Report) {
    let estimate = &report.estimate;
    let _ = write!(text, "\n  {:12}", "$ a month");
    for purpose in Purpose::ALL {
        let _ = write!(text, "{:>13}", purpose.to_string());
    }
    let _ = writeln!(text, "{:>13}", "all");
    for region in &estimate.regions {
        let _ = write!(text, "  {:12}", region.of);
        for purpose in Purpose::ALL {
            let own = |item: &&Item| item.region == region.of && item.purpose == purpose;
            let sum: Decimal = estimate.items.iter().filter(own).map(|item| item.monthly_usd).sum();
            let _ = write!(text, "{:>13}", money(sum));
        }
        let _ = writeln!(text, "{:>13}", money(region.monthly_usd));
    }
    let _ = write!(text, "  {:12}", "all");
    for purpose in &estimate.purposes {
        let _ = write!(text, "{:>13}", money(purpose.monthly_usd));
    }
    let _ = writeln!(text, "{:>13}", money(estimate.total_usd));
    let most = estimate.services.iter().take(SERVICES_SHOWN);
    let most: Vec<String> = most.map(|one| format!("{} {}", one.of, money(one.monthly_usd))).collect();
    let _ = writeln!(text, "\n  most of it: {}", most.join(", "));
}

fn items<'r>(text: &mut String, items: impl Iterator<Item = &'r Item>) {
    let mut purpose = None;
    for item in items {
        if purpose.replace(item.purpose) != Some(item.purpose) {
            let _ = writeln!(text, "  {DIM}{}{DIM:#}", item.purpose);
        }
        let Item { service, what, quantity, unit, unit_price_usd, monthly_usd, .. } = item;
        let amount = money(*monthly_usd);
        let _ = writeln!(
            text,
            "  {amount:>10}  {service:21}  {what}  {DIM}{quantity} × ${unit_price_usd} per {unit}{DIM:#}"
        );
    }
}

fn proposals(text: &mut String, proposals: &[Proposal]) {
    let _ = writeln!(text, "\n{BOLD}where it could cost less{BOLD:#}");
    for proposal in proposals {
        let saves = money(proposal.saves_usd);
        let _ = writeln!(text, "  {saves:>10}  {BOLD}{}{BOLD:#} ({})", proposal.title, proposal.id);
        let _ = writeln!(text, "              how: {}", proposal.how);
        for effect in &proposal.budget {
            let (style, word) =
                if effect.after_s <= effect.objective_s { (GREEN, "met") } else { (RED, "MISSED") };
            let _ = writeln!(
                text,
                "              recovery budget: {} {} s → {} s of {} s, {style}{word}{style:#}",
                effect.question, effect.before_s, effect.after_s, effect.objective_s
            );
        }
        if let Some(why) = proposal.budget_unchanged {
            let _ = writeln!(text, "              recovery budget: none: {why}");
        }
        for rule in &proposal.rules_broken {
            let _ = writeln!(text, "              {RED}breaks the rule{RED:#} {rule} of `standfast check`");
        }
        let _ = writeln!(text, "              risk: {}", proposal.risk);
        if let Some(needs) = proposal.needs {
            let _ = writeln!(text, "              needs: {needs}");
        }
    }
    let _ = writeln!(
        text,
        "  {DIM}each alone: together they save less than their sum where they turn the same{DIM:#}"
    );
}

fn left_out(text: &mut String, report: &Report) {
    let estimate = &report.estimate;
    if !estimate.not_priced.is_empty() {
        let _ = writeln!(text, "\n{RED}not priced{RED:#}");
        for one in &estimate.not_priced {
            let _ = writeln!(text, "  {} {} in {}: {}", one.kind, one.path, one.region, one.why);
        }
    }
    let free: u64 = estimate.free.iter().map(|one| one.resources).sum();
    let _ = writeln!(
        text,
        "\n{free} resources of {} types cost nothing of their own, and {} assumptions stand in for what no template \
         says: --assumptions lists both",
        estimate.free.len(),
        report.assumptions.len()
    );
}

fn assumptions(text: &mut String, report: &Report) {
    let _ = writeln!(text, "\n{BOLD}assumed{BOLD:#}");
    for one in &report.assumptions {
        let _ = writeln!(text, "  {} = {} {}  {DIM}{}{DIM:#}", one.name, one.value, one.unit, one.why);
    }
    let _ = writeln!(text, "\n{BOLD}costs nothing of its own{BOLD:#}");
    for one in &report.estimate.free {
        let _ = writeln!(text, "  {:>4} × {}  {DIM}{}{DIM:#}", one.resources, one.kind, one.why);
    }
}

/// Dollars and cents, with thousands set apart.
fn money(usd: Decimal) -> String {
    let cents = usd.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    let text = format!("{cents:.2}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, "00"));
    let digits = whole.len();
    let mut apart = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (digits - at) % 3 == 0 {
            apart.push(',');
        }
        apart.push(digit);
    }
    format!("{apart}.{fraction}")
}

#[cfg(test)]
mod tests;
