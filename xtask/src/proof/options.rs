//! What the command line of `cargo xtask proof` asks for.

use std::path::PathBuf;

use crate::problem::Problem;

const USAGE: &str =
    "usage: cargo xtask proof [--seeds N] [--first-seed S] [--deployment FILE] [--page-only] [SCENARIO…]";

/// What is to be run.
#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    /// Scenarios by name; none means all.
    pub scenarios: Vec<String>,
    /// How many seeds each.
    pub seeds: u64,
    /// The first of them; the others follow.
    pub first_seed: u64,
    /// The deployment to run them on, instead of the first that fits.
    pub deployment: Option<PathBuf>,
    /// Only the page, from what was found before.
    pub page_only: bool,
}

impl Options {
    pub fn parse(arguments: &[String]) -> Result<Self, Problem> {
        let mut options =
            Self { scenarios: Vec::new(), seeds: 1, first_seed: 1, deployment: None, page_only: false };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let mut value =
                || rest.next().ok_or_else(|| Problem::new(format!("`{argument}` needs a value"), USAGE));
            match argument.as_str() {
                "--seeds" => options.seeds = number(argument, value()?, 1..=1000)?,
                "--first-seed" => options.first_seed = number(argument, value()?, 0..=u64::from(u32::MAX))?,
                "--deployment" => options.deployment = Some(PathBuf::from(value()?)),
                "--page-only" => options.page_only = true,
                flag if flag.starts_with('-') => {
                    return Err(Problem::new(format!("`proof` does not understand `{flag}`"), USAGE));
                }
                name => options.scenarios.push(name.to_owned()),
            }
        }
        Ok(options)
    }

    pub fn seeds(&self) -> impl Iterator<Item = u64> + use<> {
        self.first_seed..self.first_seed + self.seeds
    }
}

fn number(argument: &str, value: &str, range: std::ops::RangeInclusive<u64>) -> Result<u64, Problem> {
    let number = value.parse().ok().filter(|number| range.contains(number));
    let (least, most) = (range.start(), range.end());
    number.ok_or_else(|| Problem::new(format!("`{argument} {value}`: not in {least}..={most}"), USAGE))
}

#[cfg(test)]
mod tests {
    // Goal: what is typed is understood, and the rest is refused with the usage.
    use super::*;

    fn parse(line: &str) -> Result<Options, Problem> {
        Options::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn scenarios_and_seeds_are_read() {
        let options = parse("--seeds 3 region-loss --first-seed 11 burst").expect("well formed");
        assert_eq!(options.scenarios, ["region-loss", "burst"]);
        assert_eq!(options.seeds().collect::<Vec<_>>(), [11, 12, 13]);
        assert!(parse("").expect("everything is optional").scenarios.is_empty());
    }

    #[test]
    fn anything_else_is_refused() {
        for line in ["--seeds", "--seeds 0", "--seeds many", "--first-seed -1", "--fast", "--deployment"] {
            let problem = parse(line).expect_err(line).to_string();
            assert!(problem.contains("usage"), "{problem}");
        }
    }
}
