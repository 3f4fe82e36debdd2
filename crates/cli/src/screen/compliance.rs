//! The evidence for items of standards, in Markdown: it is read in a terminal and filed as it is.

use std::collections::BTreeMap;
use std::fmt::Write;

use infra::compliance::drill::Considered;
use infra::compliance::evidence::Proof;
use infra::compliance::report::{Found, Framework, Judged, Report, State};
use infra::compliance::residency::Residency;

/// Longest value of a property that is printed, in characters; `--output json` has all of it.
const VALUE_MAX: usize = 90;

/// The report.
pub fn render(report: &Report) -> String {
    let mut text = String::new();
    head(&mut text, report);
    for framework in &report.frameworks {
        items(&mut text, framework);
    }
    let _ = writeln!(text, "## Evidence");
    report.evidence.iter().for_each(|one| evidence(&mut text, one));
    places(&mut text, &report.residency);
    let _ = writeln!(text, "\n## Templates\n\n| file | region | SHA-256 |\n|---|---|---|");
    for one in &report.templates.files {
        let _ = writeln!(text, "| {} | {} | `{}` |", one.file, one.region, one.sha256);
    }
    text
}

fn head(text: &mut String, report: &Report) {
    let Report { deployment, environment, date, commit, templates, items, .. } = report;
    let [home, standby, witness] = &report.residency.declared;
    let _ = writeln!(text, "# Evidence on recovery: {deployment} ({environment})\n");
    let _ = writeln!(text, "> {}\n", report.notice);
    let _ = writeln!(text, "| computed from | |\n|---|---|");
    let _ =
        writeln!(text, "| deployment | {deployment}, {environment}: {home} → {standby}, witness {witness} |");
    let _ = writeln!(
        text,
        "| templates | {}, {}; SHA-256 of their list `{}` |",
        templates.files.len(),
        templates.source,
        templates.sha256
    );
    let _ = writeln!(text, "| source | commit {commit} |");
    let _ = writeln!(text, "| drills | {} |", drills(&report.drills));
    let _ = writeln!(text, "| date | {date} |");
    let (found, not) = (report.items_with_evidence, items - report.items_with_evidence);
    let _ = writeln!(
        text,
        "\nOf {items} items, {found} have evidence for all that is looked for here; {not} read **not demonstrated**.\n"
    );
}

fn drills(drills: &[Considered]) -> String {
    if drills.is_empty() {
        return "none given: name reports with --drill".to_owned();
    }
    let told = drills.iter().map(|one| {
        let drill = &one.drill;
        let at = drill.fault_at.as_deref().unwrap_or("at a time that it does not say");
        let mut told = format!(
            "{} of {}, seed {}, commit {}, {at}: {}; {} (SHA-256 `{}`)",
            drill.scenario,
            drill.deployment,
            drill.seed,
            drill.commit,
            drill.verdict,
            drill.file,
            drill.sha256
        );
        one.left_out.iter().for_each(|why| told += &format!("; **left out**: {why}"));
        one.note.iter().for_each(|note| told += &format!("; {note}"));
        told
    });
    told.map(|one| cell(&one)).collect::<Vec<_>>().join("<br>")
}

fn items(text: &mut String, framework: &Framework) {
    let _ = writeln!(text, "## {}\n", framework.title);
    let _ = writeln!(
        text,
        "| item | what it asks, in our words | evidence | not looked for |\n|---|---|---|---|"
    );
    for item in &framework.items {
        let Judged { id, title, asks, beyond, .. } = item;
        let _ = writeln!(text, "| {id}: {title} | {asks} | {} | {beyond} |", state(item));
    }
    text.push('\n');
}

/// What there is for an item, and what there is not.
fn state(item: &Judged) -> String {
    let links = |ids: &[String]| ids.iter().map(|id| format!("[{id}](#{id})")).collect::<Vec<_>>().join(", ");
    match (item.state, item.found.is_empty(), item.lacking.is_empty()) {
        (State::EvidenceFound, ..) => links(&item.found),
        (State::WrittenDown, ..) => format!("written down, and no more: {}", links(&item.found)),
        (State::NotDemonstrated, true, true) => "**not demonstrated**".to_owned(),
        (State::NotDemonstrated, true, false) => format!("**not demonstrated**: {}", links(&item.lacking)),
        (State::NotDemonstrated, false, _) => {
            format!("**not demonstrated**: {}<br>found: {}", links(&item.lacking), links(&item.found))
        }
    }
}

fn evidence(text: &mut String, found: &Found) {
    let _ = writeln!(text, "\n### {}\n\n{}.\n", found.id, capital(&found.shows));
    if let Some(why) = &found.why {
        let _ = writeln!(text, "**Not demonstrated**: {}.", cell(why));
        return;
    }
    match &found.proofs[..] {
        [Proof::Property(_), ..] => {
            let _ = writeln!(text, "| construct path | logical id | property | value |\n|---|---|---|---|");
        }
        // All of them have a section of their own.
        [Proof::Holding(_), ..] => {
            let _ = writeln!(text, "{} places, [by region](#where-data-is).", found.proofs.len());
            return;
        }
        _ => {}
    }
    found.proofs.iter().for_each(|one| proof(text, one));
}

fn proof(text: &mut String, proof: &Proof) {
    let _ = match proof {
        Proof::Property(one) => {
            let value = shortened(&one.value.to_string());
            writeln!(text, "| {} | {} | `{}` | `{}` |", one.path, one.logical_id, one.property, cell(&value))
        }
        Proof::Rule { rule, title } => writeln!(text, "- rule `{rule}` objects to nothing: {title}"),
        Proof::Budget { question, worst_s, objective_s } => {
            writeln!(text, "- {question}: at worst {worst_s} s, objective {objective_s} s")
        }
        Proof::Drill(figure) => {
            let drill = &figure.drill;
            let at = drill.fault_at.as_deref().unwrap_or("unknown");
            writeln!(
                text,
                "- `{}` is {}: {}, seed {}, commit {}, fault at {at}, {}; {} (SHA-256 `{}`)",
                figure.property,
                figure.value,
                drill.scenario,
                drill.seed,
                drill.commit,
                drill.verdict,
                drill.file,
                drill.sha256
            )
        }
        Proof::Document(page) => {
            let section = page.section.as_ref().map(|section| format!(", \"{section}\"")).unwrap_or_default();
            writeln!(text, "- {}{section} (SHA-256 `{}`)", page.source, page.sha256)
        }
        Proof::Holding(place) => writeln!(text, "- {}: {} in {}", place.path, place.what, place.region),
    };
}

fn places(text: &mut String, residency: &Residency) {
    let [home, standby, witness] = &residency.declared;
    let _ = writeln!(text, "\n## Where data is\n");
    let _ = writeln!(text, "Declared: {home} (home), {standby} (standby), {witness} (witness).\n");
    let mut held: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for place in &residency.holdings {
        *held.entry((&place.region, place.what)).or_default() += 1;
    }
    let _ = writeln!(text, "| region | what is there | places |\n|---|---|---|");
    for ((region, what), count) in held {
        let _ = writeln!(text, "| {region} | {what} | {count} |");
    }
    if residency.outside.is_empty() {
        let _ = writeln!(text, "\nNothing is, or is named, outside the declared regions.");
        return;
    }
    let _ = writeln!(text, "\n**Outside the declared regions:**\n");
    for place in &residency.outside {
        let _ = writeln!(text, "- {}: {} in {} ({})", place.path, place.what, place.region, place.said_by);
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().collect::<String>() + letters.as_str())
        .unwrap_or_default()
}

/// A text that does not end the cell of a table that it stands in.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= VALUE_MAX {
        return text.to_owned();
    }
    text.chars().take(VALUE_MAX - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests;
