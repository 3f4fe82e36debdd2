//! Logical ids: a readable part from the construct path, and a hash of the path.
//!
//! A logical id that changes makes CloudFormation replace the resource, so the
//! rule here is a contract: it depends on nothing but the path inside the stack.

use sha2::{Digest, Sha256};

/// Characters CloudFormation allows in a logical id.
pub(crate) const LOGICAL_ID_LENGTH_MAX: usize = 255;

/// Components that add nothing for a reader; they still count in the hash.
const SILENT: [&str; 2] = ["Default", "Resource"];

/// The logical id of a construct, from its path inside the stack.
pub(crate) fn logical_id(path: &[String]) -> String {
    let mut readable = String::new();
    for component in path.iter().filter(|component| !SILENT.contains(&component.as_str())) {
        let letters: String = component.chars().filter(char::is_ascii_alphanumeric).collect();
        if !readable.ends_with(&letters) {
            readable.push_str(&letters);
        }
    }
    let digest = Sha256::digest(path.join("/").as_bytes());
    let hash: String = digest.iter().take(4).map(|byte| format!("{byte:02X}")).collect();
    readable + &hash
}

/// Whether a construct id can be one component of a path.
pub(crate) fn valid_id(id: &str) -> bool {
    !id.is_empty() && !id.contains(['/', '[', ']'])
}

/// Whether CloudFormation takes this as a stack name.
pub(crate) fn valid_stack_name(name: &str) -> bool {
    name.len() <= 128
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// What content is named by: its SHA-256 in lower-case hexadecimal.
pub fn content_hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    //! Goal: the ids of deployed resources never change by accident.
    //! Method: literal expectations, and paths that differ only where a reader cannot see it.

    use super::*;

    fn id(path: &[&str]) -> String {
        logical_id(&path.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn is_readable_and_hashed() {
        assert_eq!(id(&["Database", "Cluster"]), "DatabaseCluster30604E2A");
    }

    #[test]
    fn paths_that_read_alike_differ() {
        assert_ne!(id(&["A", "BC"]), id(&["AB", "C"]));
        assert_ne!(id(&["A-B"]), id(&["AB"]));
        assert_ne!(id(&["A", "Resource"]), id(&["A"]));
    }

    #[test]
    fn stack_names() {
        assert!(valid_stack_name("TapStack-1"));
        assert!(!valid_stack_name("1Tap"));
        assert!(!valid_stack_name("Tap_Stack"));
        assert!(!valid_stack_name(&"a".repeat(129)));
    }
}
