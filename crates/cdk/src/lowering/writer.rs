//! Lowering what one construct refers to.

use std::collections::BTreeSet;

use cfn::Json;
use serde_json::{Map, json};

use super::directory::{Directory, Here, Target};
use super::references::References;
use crate::error::Problem;
use crate::token::{any, first, replace, whole};

/// Lowers the values of the construct, or output, at `from`.
pub(super) struct Writer<'a> {
    pub(super) from: &'a str,
    pub(super) here: &'a Here,
    pub(super) directory: &'a Directory,
    /// Paths of this stack that `from` refers to.
    pub(super) waits: &'a mut BTreeSet<String>,
    pub(super) references: &'a mut References,
    pub(super) problems: &'a mut Vec<Problem>,
}

impl Writer<'_> {
    /// Lowers every token in a value, at any depth.
    pub(super) fn lower(&mut self, value: &mut Json) {
        match value {
            Json::String(text) if any(text) => *text = self.text(text),
            Json::Array(items) => items.iter_mut().for_each(|item| self.lower(item)),
            Json::Object(fields) => match self.function(fields) {
                Some(lowered) => *value = lowered,
                None => self.fields(fields),
            },
            Json::String(_) | Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }

    /// The logical id to wait for; a construct of another stack makes the whole stack wait.
    pub(super) fn dependency(&mut self, id: String) -> Option<String> {
        let Some(to) = whole(&id) else { return Some(id) };
        let target = self.find(to)?;
        if target.stack == self.here.name {
            self.waits.insert(to.to_owned());
            return Some(target.logical_id);
        }
        self.references.wait(&self.here.name, &target.stack, self.from, to);
        None
    }

    fn fields(&mut self, fields: &mut Map<String, Json>) {
        if fields.keys().any(|key| any(key)) {
            let old = std::mem::take(fields);
            fields.extend(old.into_iter().map(|(key, value)| (self.text(&key), value)));
        }
        fields.values_mut().for_each(|field| self.lower(field));
    }

    /// What an intrinsic function becomes, if it is one that refers to something.
    fn function(&mut self, fields: &mut Map<String, Json>) -> Option<Json> {
        if fields.len() != 1 {
            return None;
        }
        let (name, argument) = fields.iter_mut().next()?;
        match name.as_str() {
            "Ref" => Some(self.reference(whole(argument.as_str()?)?, None)),
            "Fn::GetAtt" => match argument.as_array()?.as_slice() {
                [Json::String(id), Json::String(attribute)] => {
                    Some(self.reference(whole(id)?, Some(attribute)))
                }
                _ => None,
            },
            "Fn::Sub" => Some(self.substitution(argument)),
            "Fn::GetStackOutput" => {
                self.output_by_name(argument);
                None
            }
            _ => None,
        }
    }

    fn reference(&mut self, to: &str, attribute: Option<&str>) -> Json {
        let Some(target) = self.find(to) else { return Json::Null };
        if target.stack != self.here.name {
            return self.read_afar(&target, to, attribute);
        }
        self.waits.insert(to.to_owned());
        match attribute {
            None => json!({ "Ref": target.logical_id }),
            Some(attribute) => json!({ "Fn::GetAtt": [target.logical_id, attribute] }),
        }
    }

    /// A placeholder for another stack's construct becomes a variable of the substitution.
    fn substitution(&mut self, argument: &Json) -> Json {
        let (text, variables) = match argument {
            Json::Array(parts) => (parts.first().and_then(Json::as_str), parts.get(1)),
            other => (other.as_str(), None),
        };
        let text = text.unwrap_or_default().to_owned();
        let mut variables = variables.and_then(Json::as_object).cloned().unwrap_or_default();
        variables.values_mut().for_each(|variable| self.lower(variable));
        let mut lowered = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some((before, path, behind)) = first(rest) {
            let end = behind.find('}').filter(|_| before.ends_with("${"));
            let afar = self.directory.construct(path).filter(|target| target.stack != self.here.name);
            lowered.push_str(before);
            rest = match (end, afar.cloned()) {
                (Some(end), Some(target)) => {
                    let value = self.read_afar(&target, path, behind[..end].strip_prefix('.'));
                    lowered.push_str(&variable(&mut variables, &target, &behind[..end], value));
                    &behind[end..]
                }
                _ => {
                    lowered.push_str(&self.logical_id(path));
                    behind
                }
            };
        }
        lowered.push_str(rest);
        if variables.is_empty() {
            json!({ "Fn::Sub": lowered })
        } else {
            json!({ "Fn::Sub": [lowered, variables] })
        }
    }

    /// Reads an output of another stack, which is made for this.
    fn read_afar(&mut self, target: &Target, to: &str, attribute: Option<&str>) -> Json {
        let place = self.directory.place(&target.stack).expect("a construct's stack is in the directory");
        let here = &self.here.environment;
        let (from, to_path) = (self.from.to_owned(), to.to_owned());
        if here.account != place.account {
            self.problems.push(Problem::CrossAccountReference { from, to: to_path });
        } else if self.here.self_reliant && here.region != place.region {
            self.problems.push(Problem::CrossRegionReference { from, to: to_path });
        }
        self.references.wait(&self.here.name, &target.stack, self.from, to);
        let name = self.references.want(&target.stack, &target.logical_id, attribute, to);
        json!({
            "Fn::GetStackOutput": { "StackName": target.stack, "OutputName": name, "Region": place.region }
        })
    }

    /// An output that the program names itself, mostly of a stack of this app.
    fn output_by_name(&mut self, argument: &Json) {
        let text = |key: &str| argument[key].as_str().unwrap_or_default();
        let (stack, output) = (text("StackName"), text("OutputName"));
        let to = format!("{stack}/{output}");
        let region = argument.get("Region");
        if self.here.self_reliant && region.is_some_and(|region| *region != self.here.environment.region) {
            self.problems.push(Problem::CrossRegionReference { from: self.from.to_owned(), to: to.clone() });
        }
        let Some(place) = self.directory.place(stack).filter(|_| stack != self.here.name) else { return };
        if region.map_or(self.here.environment.region.as_str(), |_| text("Region")) != place.region {
            self.problems.push(Problem::UnknownReference { from: self.from.to_owned(), to });
            return;
        }
        self.references.name(self.from, stack, output);
        self.references.wait(&self.here.name, stack, self.from, &to);
    }

    /// Where only a logical id can stand, another stack's construct cannot.
    fn text(&mut self, text: &str) -> String {
        replace(text, |path| self.logical_id(path))
    }

    fn logical_id(&mut self, to: &str) -> String {
        match self.find(to) {
            Some(target) if target.stack == self.here.name => {
                self.waits.insert(to.to_owned());
                target.logical_id
            }
            Some(_) => {
                self.problems.push(Problem::TextReference { from: self.from.to_owned(), to: to.to_owned() });
                String::new()
            }
            None => String::new(),
        }
    }

    fn find(&mut self, to: &str) -> Option<Target> {
        let found = self.directory.construct(to).cloned();
        if found.is_none() {
            self.problems.push(Problem::UnknownReference { from: self.from.to_owned(), to: to.to_owned() });
        }
        found
    }
}

/// Adds a variable; its name says which construct of which stack it is.
fn variable(variables: &mut Map<String, Json>, target: &Target, attribute: &str, value: Json) -> String {
    let letters = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    let name = format!("{}{}{}", letters(&target.stack), target.logical_id, letters(attribute));
    variables.insert(name.clone(), value);
    name
}
