//! Links in Markdown lead to files that exist.

use std::collections::BTreeSet;

use super::{Source, Violation};

/// Links whose target is not in the repository.
pub fn check(sources: &[Source]) -> Vec<Violation> {
    let known = known(sources);
    let mut violations = Vec::new();
    for source in sources.iter().filter(|source| source.path.ends_with(".md")) {
        for (number, line) in outside_fences(source) {
            for target in targets(line).filter(|target| is_local(target)) {
                let path = target.split('#').next().unwrap_or_default();
                let resolved = resolve(&source.path, path);
                if !path.is_empty() && !resolved.is_some_and(|path| known.contains(path.as_str())) {
                    violations.push(source.violation(
                        number,
                        format!("link to `{target}` leads nowhere"),
                        "correct the path, or remove the link",
                    ));
                }
            }
        }
    }
    violations
}

/// All files and their directories, the root as the empty path.
fn known(sources: &[Source]) -> BTreeSet<&str> {
    let mut known = BTreeSet::from([""]);
    for source in sources {
        known.insert(&source.path);
        known.extend(source.path.match_indices('/').map(|(at, _)| &source.path[..at]));
    }
    known
}

fn outside_fences(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    let mut inside = false;
    source.lines().filter(move |(_, line)| {
        let is_fence = line.trim_start().starts_with("```");
        inside ^= is_fence;
        !inside && !is_fence
    })
}

/// Targets of `[text](target)`, outside inline code.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    let code_left_out =
        line.match_indices("](").filter(|(at, _)| line[..*at].matches('`').count().is_multiple_of(2));
    code_left_out.filter_map(|(at, found)| line[at + found.len()..].split([')', ' ']).next())
}

fn is_local(target: &str) -> bool {
    !target.contains("://") && !target.starts_with("mailto:")
}

/// The path from the root, or `None` when it leaves the repository.
fn resolve(from: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    // Goal: a dead link is found with its line; live and foreign ones are not.
    // Method: a small repository of three files.
    use super::super::example::source;
    use super::*;

    const NONE: [usize; 0] = [];

    fn lines(text: &str) -> Vec<usize> {
        let sources = [source("docs/a.md", text), source("docs/decisions/b.md", ""), source("README.md", "")];
        check(&sources).iter().map(|violation| violation.line).collect()
    }

    #[test]
    fn dead_links_are_found() {
        assert_eq!(lines("x\n[b](b.md)"), [2]);
        assert_eq!(lines("[b](decisions/b.md) and [c](decisions/c.md#part)"), [1]);
        assert_eq!(lines("[out](../../README.md)"), [1]);
    }

    #[test]
    fn live_links_are_fine() {
        assert_eq!(
            lines("[b](decisions/b.md#x) [d](decisions) [d](decisions/) [r](../README.md) [s](#here)"),
            NONE
        );
        assert_eq!(lines("[web](https://example.com/x.md) [mail](mailto:a@example.com)"), NONE);
    }

    #[test]
    fn code_is_not_a_link() {
        assert_eq!(lines("`[a](gone.md)`\n```\n[a](gone.md)\n```\n"), NONE);
        assert_eq!(lines("```\n```\n[a](gone.md)"), [3]);
    }
}
