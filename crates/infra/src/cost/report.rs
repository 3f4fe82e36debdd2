//! What `standfast cost` says: the object that `--output json` prints.

use recovery::Deployment;
use serde::Serialize;

use super::assumption::{Assumption, Assumptions};
use super::estimate::Estimate;
use super::month;
use super::price::Prices;
use super::proposal::{self, Proposal, Subject};
use crate::app::{self, Replay, SynthesisError};
use crate::check::Inventory;
use crate::check::reading::Missing;
use crate::packages::Packages;
use rust_decimal::Decimal;

/// Account of templates that are only looked at.
const NO_ACCOUNT: &str = "000000000000";

/// An estimate and how to lower it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Name of the deployment.
    pub deployment: String,
    /// Its environment.
    pub environment: String,
    /// What the prices are.
    pub prices: Table,
    /// Hours of the month that is estimated.
    pub month_hours: Decimal,
    /// The estimate.
    #[serde(flatten)]
    pub estimate: Estimate,
    /// Where it could cost less, the most first.
    pub proposals: Vec<Proposal>,
    /// What no template says.
    pub assumptions: Vec<Assumption>,
}

/// Where the prices come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Table {
    /// Says that nobody fetched them.
    pub label: String,
    /// The day about which AWS published them.
    pub as_of: String,
    /// The day on which the table was written.
    pub compiled: String,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum NoReport {
    /// There are no templates.
    #[error("the deployment cannot be synthesised")]
    Synthesis(#[from] SynthesisError),
    /// There is no recovery budget to compare with.
    #[error("the templates have no recovery budget")]
    Budget(#[from] Missing),
}

impl Report {
    /// Synthesises the deployment with stand-in packages, whose contents cost nothing, and estimates it.
    ///
    /// # Errors
    /// When there are no templates or no budget, of the deployment or of a proposal's change to it.
    pub fn new(deployment: &Deployment) -> Result<Self, NoReport> {
        let inventory = templates(deployment)?;
        let (assumed, prices) = (Assumptions::stated(), Prices::ours());
        let estimate = Estimate::new(&inventory, deployment, &assumed, &prices);
        let subject = Subject {
            deployment,
            inventory: &inventory,
            assumed: &assumed,
            prices: &prices,
            estimate: &estimate,
        };
        let proposals = proposal::all(&subject)?;
        Ok(Self {
            deployment: deployment.name.clone(),
            environment: deployment.environment.clone(),
            prices: Table {
                label: prices.label(),
                as_of: prices.as_of.clone(),
                compiled: prices.compiled.clone(),
            },
            month_hours: month::hours(),
            estimate,
            proposals,
            assumptions: assumed.list(),
        })
    }
}

/// The templates of a deployment, as they would be written.
pub(super) fn templates(deployment: &Deployment) -> Result<Inventory, SynthesisError> {
    let app = app::compose(deployment, NO_ACCOUNT, &Packages::stand_ins(), Replay::Included)?;
    Ok(Inventory::of(&app.synthesise()?))
}
