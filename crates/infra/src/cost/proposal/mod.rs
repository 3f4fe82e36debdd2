//! Where a deployment could cost less: something is turned, the templates are made again, and both the sum
//! and the recovery budget are computed anew.

mod backed_up;
mod commitment;
mod kept;
mod network;
mod size;
mod watched;

use recovery::Deployment;
use recovery::budget::Budget;
use rust_decimal::Decimal;
use serde::Serialize;

use super::assumption::Assumptions;
use super::estimate::Estimate;
use super::price::Prices;
use super::report::{NoReport, templates};
use crate::check::Inventory;
use crate::check::reading::budgets;
use crate::check::rule::{RULES, Rule};

/// One way to pay less.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proposal {
    /// Its name for good.
    pub id: &'static str,
    /// What is turned, in words.
    pub title: &'static str,
    /// How: which setting, which resource, which purchase.
    pub how: String,
    /// What it saves in a month, in US dollars, not rounded.
    pub saves_usd: Decimal,
    /// Whether every objective can be met afterwards.
    pub objectives_met: bool,
    /// Worst cases of the recovery budget that change; empty where none does.
    pub budget: Vec<Effect>,
    /// Where none does, why.
    pub budget_unchanged: Option<&'static str>,
    /// Rules of the check that object afterwards and do not now.
    pub rules_broken: Vec<&'static str>,
    /// What it costs in risk.
    pub risk: &'static str,
    /// What has to be built first; `null` where it can be done today.
    pub needs: Option<&'static str>,
}

/// A worst case before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Effect {
    /// What is waited for.
    pub question: &'static str,
    /// The worst case now, in seconds.
    pub before_s: u64,
    /// The worst case then, in seconds.
    pub after_s: u64,
    /// What the deployment file promises, in seconds.
    pub objective_s: u64,
}

/// What the proposals are about.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The deployment.
    pub deployment: &'a Deployment,
    /// Its templates.
    pub inventory: &'a Inventory,
    /// What is assumed.
    pub assumed: &'a Assumptions,
    /// The prices.
    pub prices: &'a Prices,
    /// What it costs now.
    pub estimate: &'a Estimate,
}

/// What a proposal turns.
#[derive(Clone, Debug)]
enum Turn {
    /// The deployment file.
    Deployment(Box<Deployment>),
    /// The templates.
    Templates(Inventory),
    /// What is assumed, beside the templates as they are.
    Assumed(Box<Assumptions>),
    /// How the same is bought: US dollars a month less.
    Purchase(Decimal),
}

/// A proposal before it is computed.
#[derive(Clone, Debug)]
struct Draft {
    id: &'static str,
    title: &'static str,
    how: String,
    turn: Turn,
    /// Why the budget does not change, where it does not.
    unchanged: &'static str,
    risk: &'static str,
    needs: Option<&'static str>,
}

type Propose = fn(&Subject<'_>) -> Option<Draft>;

/// Every proposal that we know; each says nothing where it does not fit.
const PROPOSALS: [Propose; 14] = [
    commitment::reserved_database,
    commitment::savings_plan,
    network::one_nat_gateway,
    network::endpoints_where_data_is,
    size::graviton,
    size::smaller_database,
    size::smaller_tasks,
    size::spot_in_the_floor,
    watched::slower_checks,
    watched::fewer_traces,
    watched::shorter_watches,
    backed_up::fewer_backups,
    kept::shorter_logs,
    kept::journal_expires,
];

/// Those that save something here, the most first.
///
/// # Errors
/// When what a proposal turns cannot be synthesised, or has no recovery budget.
pub fn all(subject: &Subject<'_>) -> Result<Vec<Proposal>, NoReport> {
    let before = budgets(subject.inventory, subject.deployment)?;
    let drafts = PROPOSALS.into_iter().filter_map(|propose| propose(subject));
    let computed = drafts.map(|draft| compute(subject, &before, draft)).collect::<Result<Vec<_>, _>>()?;
    let mut proposals: Vec<Proposal> =
        computed.into_iter().filter(|proposal| proposal.saves_usd > Decimal::ZERO).collect();
    proposals.sort_by_key(|proposal| std::cmp::Reverse(proposal.saves_usd));
    Ok(proposals)
}

fn compute(subject: &Subject<'_>, before: &[Budget], draft: Draft) -> Result<Proposal, NoReport> {
    let Subject { deployment, inventory, assumed, prices, estimate } = *subject;
    let cost = |inventory: &Inventory, deployment: &Deployment, assumed: &Assumptions| {
        estimate.total_usd - Estimate::new(inventory, deployment, assumed, prices).total_usd
    };
    let judged = |inventory: &Inventory, deployment: &Deployment| {
        budgets(inventory, deployment).map(|budgets| (budgets, broken(subject, inventory, deployment)))
    };
    let same = || (before.to_vec(), Vec::new());
    let (saves_usd, (after, rules_broken)) = match &draft.turn {
        Turn::Deployment(turned) => {
            let made = templates(turned)?;
            (cost(&made, turned, assumed), judged(&made, turned)?)
        }
        Turn::Templates(turned) => (cost(turned, deployment, assumed), judged(turned, deployment)?),
        Turn::Assumed(turned) => (cost(inventory, deployment, turned), same()),
        Turn::Purchase(less) => (*less, same()),
    };
    let budget = effects(before, &after);
    Ok(Proposal {
        id: draft.id,
        title: draft.title,
        how: draft.how,
        saves_usd: saves_usd.normalize(),
        objectives_met: after.iter().all(Budget::met),
        budget_unchanged: budget.is_empty().then_some(draft.unchanged),
        budget,
        rules_broken,
        risk: draft.risk,
        needs: draft.needs,
    })
}

/// Rules that object to what was turned and not to what is there.
fn broken(subject: &Subject<'_>, inventory: &Inventory, deployment: &Deployment) -> Vec<&'static str> {
    let objects = |rule: &&Rule, inventory, deployment| !rule.findings(inventory, deployment).is_empty();
    let after = RULES.iter().filter(|rule| objects(rule, inventory, deployment));
    after.filter(|rule| !objects(rule, subject.inventory, subject.deployment)).map(|rule| rule.id).collect()
}

fn effects(before: &[Budget], after: &[Budget]) -> Vec<Effect> {
    let pairs = before.iter().zip(after).filter(|(before, after)| before.total_s() != after.total_s());
    let effect = |(before, after): (&Budget, &Budget)| Effect {
        question: after.question,
        before_s: before.total_s(),
        after_s: after.total_s(),
        objective_s: after.objective_s,
    };
    pairs.map(effect).collect()
}
