//! What is kept to prove later what happened: the record of every change in the account, and backups in
//! vaults of their own.

use super::reader::{Reader, Section};

/// Audit and backup. A deployment without it relies on point-in-time recovery and replication alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// Whether the calls to every service of AWS in the account are recorded. One deployment of an account
    /// is enough: each further trail records the same calls, and AWS charges for those.
    pub trail: bool,
    /// Whether each backup is copied into the other region's vault.
    pub backup_copy: bool,
    /// Days for which a backup is kept in a vault.
    pub backup_retention_days: u32,
}

const NAME: &str = "audit";
const FIELDS: [&str; 3] = ["trail", "backup_copy", "backup_retention_days"];

/// The section, which may be left out.
pub(super) fn read<'t>(root: &Section<'_, 't>, reader: &mut Reader<'t>) -> Option<Audit> {
    if !Reader::has_section(root, NAME) {
        return None;
    }
    let section = reader.section(root, NAME, &FIELDS);
    let century = "days, at most a century";
    Some(Audit {
        trail: reader.flag(&section, "trail"),
        backup_copy: reader.flag(&section, "backup_copy"),
        backup_retention_days: reader.count(&section, "backup_retention_days", 1..=36_500, century),
    })
}

#[cfg(test)]
mod tests {
    //! Goal: the section is optional, whole where it is there, and may differ by environment. Method: the
    //! trading file with sections added to it.

    use super::*;
    use crate::deployment::Deployment;

    const TRADING: &str = include_str!("../../../../deployments/trading.toml");

    fn with(section: &str) -> String {
        format!("{TRADING}\n{section}")
    }

    #[test]
    fn audit_may_be_left_out_and_may_differ_by_environment() {
        assert_eq!(Deployment::parse(TRADING, "f").expect("valid").audit, None);
        let text = with(
            "[audit]\ntrail = true\nbackup_copy = true\nbackup_retention_days = 35\n\
             [environments.staging.audit]\ntrail = false\n",
        );
        let production = Deployment::parse(&text, "f").expect("valid").audit;
        let expected = Audit { trail: true, backup_copy: true, backup_retention_days: 35 };
        assert_eq!(production, Some(expected.clone()));
        let staging = Deployment::parse_for(&text, "f", Some("staging")).expect("valid").audit;
        assert_eq!(staging, Some(Audit { trail: false, ..expected }));
    }

    #[test]
    fn half_a_section_and_what_cannot_be_kept_are_refused() {
        for (section, says) in [
            ("[audit]\ntrail = true\n", "`audit.backup_copy` is missing"),
            (
                "[audit]\ntrail = true\nbackup_copy = true\nbackup_retention_days = 0\n",
                "`audit.backup_retention_days` is 0",
            ),
            ("[audit]\ntrails = 2\n", "unknown field `audit.trails`"),
        ] {
            let found = Deployment::parse(&with(section), "f").expect_err(says).to_string();
            assert!(found.contains(says), "{section}: {found}");
        }
    }
}
