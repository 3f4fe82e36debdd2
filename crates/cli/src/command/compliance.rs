//! `standfast compliance`: list the evidence there is for items of standards.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use infra::compliance::{Drilled, Mapping, Report, Subject};
use recovery::calendar;

use crate::args::{Cli, Compliance, Format};
use crate::failure::Failure;
use crate::screen;

use super::{check, deployment, drill, print_result};

/// The file that `standfast drill --report` writes.
const REPORT: &str = "report.json";

pub fn run(cli: &Cli, args: &Compliance) -> Result<u8, Failure> {
    let mapping = Mapping::ours();
    if args.mapping {
        let text = mapping.to_markdown();
        print_result(&match cli.output {
            Format::Text => text,
            Format::Json => serde_json::json!({ "format": "markdown", "text": text }).to_string(),
        })?;
        return Ok(0);
    }
    let deployment = deployment(cli)?;
    let drills = args.drills.iter().map(|path| report_of(path)).collect::<Result<Vec<_>, _>>()?;
    let (inventory, templates) =
        check::templates(&deployment, args.templates.as_deref(), args.packages.as_deref())?;
    let subject = Subject {
        deployment: &deployment,
        inventory: &inventory,
        templates,
        commit: drill::commit(),
        date: calendar::date(now_s()),
        drills: &drills,
    };
    let report = Report::new(&mapping, subject);
    tracing::info!(
        items = report.items,
        with_evidence = report.items_with_evidence,
        "the evidence is gathered"
    );
    print_result(&match cli.output {
        Format::Text => screen::compliance::render(&report),
        Format::Json => serde_json::to_string_pretty(&report).expect("a report is plain data"),
    })?;
    Ok(0)
}

/// The report in a file, or in the directory that a drill wrote it into.
fn report_of(path: &Path) -> Result<Drilled, Failure> {
    let file: PathBuf = if path.is_dir() { path.join(REPORT) } else { path.to_owned() };
    let hint = "`standfast drill --report DIR` writes one into DIR";
    let bytes = std::fs::read(&file).map_err(|error| {
        Failure::invalid(format!("cannot read the report of a drill {}", file.display()))
            .because(&error)
            .hint(hint)
    })?;
    Drilled::read(file.display().to_string(), &bytes).map_err(|error| {
        Failure::invalid(format!("{} is no report of a drill", file.display())).because(&error).hint(hint)
    })
}

/// Seconds since the Unix epoch.
fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
