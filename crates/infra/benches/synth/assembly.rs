//! What stands in an assembly that was written, whoever wrote it.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::counts::{self, Counts};
use crate::failure::Failure;
use crate::properties;

/// What an aspect leaves in an assembly when it objects; without the `cdk` command nothing else says so.
const OBJECTION: &str = "\"aws:cdk:error\"";
const TEMPLATE: &str = ".template.json";

/// The templates of an assembly, by the names of their stacks.
pub struct Templates(Vec<(String, Value)>);

impl Templates {
    /// Reads every template in a directory.
    pub fn read(directory: &Path) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| Failure::new(directory.display(), error);
        let mut templates = Vec::new();
        for entry in fs::read_dir(directory).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if let Some(stack) = name.strip_suffix(TEMPLATE) {
                let text = fs::read_to_string(entry.path()).map_err(failed)?;
                let template = serde_json::from_str(&text).map_err(|error| Failure::new(&name, error))?;
                templates.push((stack.to_owned(), template));
            }
        }
        Ok(Self(templates))
    }

    /// Types and their numbers.
    pub fn counts(&self) -> Counts {
        counts::of(self.0.iter().map(|(stack, template)| (stack.clone(), template)))
    }

    /// Every property in which an assembly of the same stacks differs.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let of = |stack: &str| other.0.iter().find(|(name, _)| name == stack).map(|(_, template)| template);
        let pairs = self.0.iter().filter_map(|(stack, template)| Some((stack, template, of(stack)?)));
        let found = pairs.flat_map(|(stack, own, other)| {
            properties::differences(own, other).into_iter().map(move |said| format!("{stack}: {said}"))
        });
        found.collect()
    }

    /// Bytes of all templates without white space, so that nobody is judged by indentation.
    pub fn bytes(&self) -> usize {
        self.0.iter().map(|(_, template)| template.to_string().len()).sum()
    }

    /// Writes the definition of each state machine as `{name}-{region}.json`: the peer takes them as
    /// files, for they are generated on our side too.
    pub fn write_workflows(&self, directory: &Path) -> Result<(), Failure> {
        let failed = |error: std::io::Error| Failure::new(directory.display(), error);
        fs::create_dir_all(directory).map_err(failed)?;
        for (stack, template) in &self.0 {
            let resources = template["Resources"].as_object().into_iter().flat_map(|map| map.values());
            for machine in resources.filter(|one| one["Type"] == "AWS::StepFunctions::StateMachine") {
                let properties = &machine["Properties"];
                let text = |property: &str| properties[property].as_str();
                let (Some(name), Some(definition)) = (text("StateMachineName"), text("DefinitionString"))
                else {
                    return Err(Failure::plain(format!(
                        "{stack}: a state machine without name or definition"
                    )));
                };
                let region = region(stack);
                fs::write(directory.join(format!("{name}-{region}.json")), definition).map_err(failed)?;
            }
        }
        Ok(())
    }
}

/// Fails when an aspect of the app objected to anything.
pub fn refuse_objections(directory: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::new(directory.display(), error);
    for entry in fs::read_dir(directory).map_err(failed)? {
        let file = entry.map_err(failed)?.path();
        if file.extension().is_some_and(|extension| extension == "json")
            && fs::read_to_string(&file).map_err(failed)?.contains(OBJECTION)
        {
            return Err(Failure::plain(format!(
                "an aspect objects, see `aws:cdk:error` in {}",
                file.display()
            )));
        }
    }
    Ok(())
}

/// `us-east-1` of `TapStack-Compute-us-east-1-production`.
fn region(stack: &str) -> String {
    stack.split('-').skip(2).take(3).collect::<Vec<_>>().join("-")
}
