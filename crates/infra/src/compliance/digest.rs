//! Digests, by which a reader finds out whether what lies before them is what the report was computed from.

use cdk::content_hash;
use serde::Serialize;

use crate::check::Inventory;

/// The templates that a report was computed from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Templates {
    /// Where they come from, in words.
    pub source: String,
    /// SHA-256 of the list of all templates' digests, as `sha256sum *.template.json` prints it in the directory of
    /// the assembly.
    pub sha256: String,
    /// Each of them, by its file's name.
    pub files: Vec<Template>,
}

/// One template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Template {
    /// Name of its file in the assembly.
    pub file: String,
    /// Region that its stack is deployed to.
    pub region: String,
    /// SHA-256 of the file as `standfast synth` writes it.
    pub sha256: String,
}

/// Digests of every template.
pub fn templates(inventory: &Inventory, source: String) -> Templates {
    let template = |stack: &crate::check::Stack| {
        let text =
            serde_json::to_string_pretty(&stack.template).expect("JSON values have string keys") + "\n";
        Template {
            file: format!("{}.template.json", stack.name),
            region: stack.region.clone(),
            sha256: content_hash(text.as_bytes()),
        }
    };
    let mut files: Vec<Template> = inventory.stacks.iter().map(template).collect();
    files.sort_by(|one, other| one.file.cmp(&other.file));
    let list: String = files.iter().map(|one| format!("{}  {}\n", one.sha256, one.file)).collect();
    Templates { source, sha256: content_hash(list.as_bytes()), files }
}
