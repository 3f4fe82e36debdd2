//! A question to the templates: have all resources of a type this property, in the regions where it counts?

use std::collections::BTreeSet;

use recovery::Deployment;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::condition::{Condition, Found, Surroundings};
use crate::check::{Inventory, Resource};

/// What to look at, and what must be so.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// Type of the resources.
    #[serde(rename = "type")]
    pub kind: String,
    /// Which of them; all when it says nothing.
    #[serde(default, rename = "where")]
    pub which: Vec<Which>,
    /// The property, as a way such as `Replicas/*/Region`.
    pub property: String,
    /// What each of those must be.
    pub is: Condition,
    /// Where there must be such resources.
    #[serde(default, rename = "in")]
    pub place: Place,
    /// How many there must be, at least, in each of these regions.
    #[serde(default = "one")]
    pub count: usize,
    /// How many different values there must be, at least, in each of these regions.
    #[serde(default)]
    pub distinct: usize,
}

/// A property that tells resources of a type apart.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// The property.
    pub property: String,
    /// What it is.
    pub is: Condition,
}

/// Where resources must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// In both regions of the pair.
    #[default]
    Both,
    /// In home.
    Home,
    /// In the standby.
    Standby,
    /// In any stack.
    Anywhere,
}

/// A property that is evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Property {
    /// Name of the stack.
    pub stack: String,
    /// Region that the stack is deployed to.
    pub region: String,
    /// Construct path of the resource.
    pub path: String,
    /// Its logical id in the template.
    pub logical_id: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The way to the property, with the places that were taken.
    pub property: String,
    /// Its value in the template.
    pub value: Value,
}

/// What a look found.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// No resource of the type that fits is anywhere.
    Nothing,
    /// It is not so, for this reason.
    Against(String),
    /// It is so, and this shows it.
    Shown(Vec<Property>),
}

fn one() -> usize {
    1
}

impl Look {
    /// What the templates show.
    pub fn at(&self, inventory: &Inventory, deployment: &Deployment) -> Seen {
        let found: Vec<Resource<'_>> =
            inventory.all(&self.kind).filter(|resource| self.is_meant(resource, deployment)).collect();
        if found.is_empty() {
            return Seen::Nothing;
        }
        let mut properties = Vec::new();
        for resource in &found {
            let surroundings = Surroundings { deployment, region: &resource.stack.region };
            match self.is.follow(resource.properties(), &self.property, surroundings) {
                Ok(values) => properties.extend(values.into_iter().map(|value| shown(resource, value))),
                Err((way, value)) => return Seen::Against(format!("{}: {way} is {value}", resource.path())),
            }
        }
        for (region, place) in self.regions(deployment) {
            let here = |at: &str| region.is_none_or(|region| region == at);
            let count = found.iter().filter(|resource| here(&resource.stack.region)).count();
            if count < self.count {
                return Seen::Against(format!("{count} of {} {} {place}", self.count, self.kind));
            }
            let values = properties.iter().filter(|property| here(&property.region));
            let distinct: BTreeSet<String> = values.map(|property| property.value.to_string()).collect();
            if distinct.len() < self.distinct {
                let (way, least) = (&self.property, self.distinct);
                return Seen::Against(format!("{} of {least} different {way} {place}", distinct.len()));
            }
        }
        Seen::Shown(properties)
    }

    fn is_meant(&self, resource: &Resource<'_>, deployment: &Deployment) -> bool {
        let surroundings = Surroundings { deployment, region: &resource.stack.region };
        let fits =
            |which: &Which| which.is.follow(resource.properties(), &which.property, surroundings).is_ok();
        let regions = self.regions(deployment);
        let is_here = regions.iter().any(|(region, _)| region.is_none_or(|at| at == resource.stack.region));
        is_here && self.which.iter().all(fits)
    }

    /// Each region in which there must be resources, with its words; none stands for all of them.
    fn regions<'d>(&self, deployment: &'d Deployment) -> Vec<(Option<&'d str>, String)> {
        let [home, standby] = deployment.pair().map(|region| region.as_str());
        let named = |region| (Some(region), format!("in {region}"));
        match self.place {
            Place::Both => vec![named(home), named(standby)],
            Place::Home => vec![named(home)],
            Place::Standby => vec![named(standby)],
            Place::Anywhere => vec![(None, "in all".to_owned())],
        }
    }
}

fn shown(resource: &Resource<'_>, (property, value): Found) -> Property {
    Property {
        stack: resource.stack.name.clone(),
        region: resource.stack.region.clone(),
        path: resource.path().to_owned(),
        logical_id: resource.id.to_owned(),
        kind: resource.kind().to_owned(),
        property,
        value,
    }
}
