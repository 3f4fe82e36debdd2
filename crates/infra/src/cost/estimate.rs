//! An estimate: every resource of the templates priced, free, or listed as neither.

use std::collections::BTreeMap;

use recovery::Deployment;
use rust_decimal::Decimal;
use serde::Serialize;

use super::assumption::Assumptions;
use super::bill::{Bill, Item, NotPriced, Purpose};
use super::kind::{Treatment, treatment};
use super::month::Context;
use super::price::Prices;
use crate::check::Inventory;

/// What a deployment costs in a month, before any free tier, discount, credit or tax.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Estimate {
    /// By region, purpose and service.
    pub items: Vec<Item>,
    /// Sum of the items of each region, in US dollars.
    pub regions: Vec<Subtotal>,
    /// Sum of the items of each purpose, in US dollars.
    pub purposes: Vec<Subtotal>,
    /// Sum of the items of each service, in US dollars, the most expensive first.
    pub services: Vec<Subtotal>,
    /// Sum of all items, in US dollars, not rounded.
    pub total_usd: Decimal,
    /// What costs something that is not in the sum.
    pub not_priced: Vec<NotPriced>,
    /// Types of which no resource costs anything of its own.
    pub free: Vec<Free>,
}

/// A sum of some items.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Subtotal {
    /// Which ones: a region, a purpose or a service.
    pub of: String,
    /// In US dollars, not rounded.
    pub monthly_usd: Decimal,
}

/// A type that costs nothing of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Free {
    /// The type.
    pub kind: String,
    /// How many resources of it there are.
    pub resources: u64,
    /// Why.
    pub why: &'static str,
}

impl Estimate {
    /// Prices every resource of the templates, under the deployment's load and what is assumed.
    pub fn new(
        inventory: &Inventory,
        deployment: &Deployment,
        assumed: &Assumptions,
        prices: &Prices,
    ) -> Self {
        let context = Context { inventory, deployment, assumed };
        let mut bill = Bill::new(prices);
        let mut free = BTreeMap::<&str, Free>::new();
        for resource in inventory.resources() {
            match treatment(resource.kind()) {
                Some(Treatment::Priced(price)) => price(&resource, &context, &mut bill),
                Some(Treatment::Free(why)) => {
                    let kind = resource.kind();
                    let one = Free { kind: kind.to_owned(), resources: 0, why };
                    free.entry(kind).or_insert(one).resources += 1;
                }
                None => bill.leave_out(&resource, "nobody has said what this type costs"),
            }
        }
        let Bill { items, not_priced, .. } = bill;
        Self::of(items, not_priced, free.into_values().collect())
    }

    fn of(mut items: Vec<Item>, mut not_priced: Vec<NotPriced>, free: Vec<Free>) -> Self {
        for item in &mut items {
            (item.quantity, item.monthly_usd) = (item.quantity.normalize(), item.monthly_usd.normalize());
        }
        items.sort_by(|one, other| key(one).cmp(&key(other)));
        not_priced.sort();
        let mut services = subtotals(&items, |item| item.service.clone());
        services.sort_by_key(|subtotal| std::cmp::Reverse(subtotal.monthly_usd));
        Self {
            regions: subtotals(&items, |item| item.region.clone()),
            purposes: Purpose::ALL.map(|purpose| sum_of(&items, purpose)).to_vec(),
            services,
            total_usd: items.iter().map(|item| item.monthly_usd).sum::<Decimal>().normalize(),
            items,
            not_priced,
            free,
        }
    }

    /// Sum of the items for a purpose, in US dollars.
    pub fn purpose_usd(&self, purpose: Purpose) -> Decimal {
        sum_of(&self.items, purpose).monthly_usd
    }
}

fn key(item: &Item) -> (&str, Purpose, &str, &str, &str) {
    (&item.region, item.purpose, &item.service, &item.what, &item.price)
}

fn sum_of(items: &[Item], purpose: Purpose) -> Subtotal {
    let of_purpose = items.iter().filter(|item| item.purpose == purpose);
    Subtotal { of: purpose.to_string(), monthly_usd: of_purpose.map(|item| item.monthly_usd).sum() }
}

fn subtotals(items: &[Item], of: impl Fn(&Item) -> String) -> Vec<Subtotal> {
    let mut sums = BTreeMap::<String, Decimal>::new();
    for item in items {
        *sums.entry(of(item)).or_default() += item.monthly_usd;
    }
    sums.into_iter().map(|(of, monthly_usd)| Subtotal { of, monthly_usd }).collect()
}
