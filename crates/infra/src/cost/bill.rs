//! The items of an estimate, and how they are gathered.

use std::fmt;

use rust_decimal::Decimal;
use serde::Serialize;

use super::price::Prices;
use crate::check::Resource;

/// Places after the point to which the quantity of one resource is rounded; nothing else is.
const QUANTITY_PLACES: u32 = 6;

/// What an item is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// What one region needs to take and settle orders.
    Serving,
    /// The same in the standby, which waits with it.
    Standby,
    /// Copies in another region, and their way there.
    Replication,
    /// What watches, decides and rehearses, in both regions.
    Recovery,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 4] = [Self::Serving, Self::Standby, Self::Replication, Self::Recovery];
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Serving => "serving",
            Self::Standby => "standby",
            Self::Replication => "replication",
            Self::Recovery => "recovery",
        })
    }
}

/// One line of an estimate. Quantity × unit price is its monthly amount, exactly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Region that it is charged in.
    pub region: String,
    /// The service that charges it.
    pub service: String,
    /// What is charged, in words.
    pub what: String,
    /// What it is paid for.
    pub purpose: Purpose,
    /// Resources of the templates that it is for.
    pub resources: u64,
    /// How much in a month, that of each resource rounded to six places.
    pub quantity: Decimal,
    /// Of what.
    pub unit: String,
    /// Price of one, in US dollars.
    pub unit_price_usd: Decimal,
    /// Id of the price.
    pub price: String,
    /// Quantity × unit price, in US dollars, not rounded.
    pub monthly_usd: Decimal,
}

/// Something that costs and has no price here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct NotPriced {
    /// Region of the resource.
    pub region: String,
    /// Its type.
    pub kind: String,
    /// Its construct path.
    pub path: String,
    /// Why there is no price.
    pub why: String,
}

/// What is charged for one resource: how much of which price, for what, in words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Charge<'a> {
    pub(super) region: &'a str,
    pub(super) price: &'a str,
    pub(super) what: &'a str,
    pub(super) purpose: Purpose,
    pub(super) quantity: Decimal,
}

/// The items so far.
#[derive(Clone, Debug)]
pub(super) struct Bill<'p> {
    prices: &'p Prices,
    pub(super) items: Vec<Item>,
    pub(super) not_priced: Vec<NotPriced>,
}

impl<'p> Bill<'p> {
    pub(super) fn new(prices: &'p Prices) -> Self {
        Self { prices, items: Vec::new(), not_priced: Vec::new() }
    }

    /// Adds a charge, its quantity rounded to six places; one that is alike in all but its quantity is added
    /// up with it. Nothing is added for no quantity.
    pub(super) fn charge(&mut self, resource: &Resource<'_>, mut charge: Charge<'_>) {
        charge.quantity = charge.quantity.round_dp(QUANTITY_PLACES).normalize();
        if charge.quantity.is_zero() {
            return;
        }
        let Some(price) = self.prices.of(charge.price, charge.region) else {
            let why = format!("the table has no price `{}` for {}", charge.price, charge.region);
            return self.leave_out(resource, &why);
        };
        let alike = |item: &&mut Item| {
            (item.region.as_str(), item.price.as_str()) == (charge.region, charge.price)
                && (item.what.as_str(), item.purpose) == (charge.what, charge.purpose)
        };
        if let Some(item) = self.items.iter_mut().find(alike) {
            item.quantity += charge.quantity;
            item.monthly_usd = item.quantity * item.unit_price_usd;
            item.resources += 1;
            return;
        }
        self.items.push(Item {
            region: charge.region.to_owned(),
            service: price.service.clone(),
            what: charge.what.to_owned(),
            purpose: charge.purpose,
            resources: 1,
            quantity: charge.quantity,
            unit: price.per.clone(),
            unit_price_usd: price.usd,
            price: price.id.clone(),
            monthly_usd: charge.quantity * price.usd,
        });
    }

    /// Notes that a resource costs something that is not in the estimate.
    pub(super) fn leave_out(&mut self, resource: &Resource<'_>, why: &str) {
        let one = NotPriced {
            region: resource.stack.region.clone(),
            kind: resource.kind().to_owned(),
            path: resource.path().to_owned(),
            why: why.to_owned(),
        };
        if !self.not_priced.contains(&one) {
            self.not_priced.push(one);
        }
    }
}
