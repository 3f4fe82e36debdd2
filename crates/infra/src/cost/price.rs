//! The price table: what AWS publishes, compiled by hand, with its date.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The table that belongs to this program.
const OURS: &str = include_str!("prices.toml");

/// One list price.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Its name, such as `aurora-io`.
    pub id: String,
    /// The service that charges it.
    pub service: String,
    /// What it is for one of, such as `GB-month`.
    pub per: String,
    /// In US dollars.
    pub usd: Decimal,
    /// The page of AWS's that publishes it.
    pub source: String,
}

/// Every price, and what is known of where they come from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// The day about which AWS published these prices.
    pub as_of: String,
    /// The day on which the table was written.
    pub compiled: String,
    /// Regions that the prices are for.
    pub regions: BTreeSet<String>,
    /// By id, each once.
    pub price: Vec<Price>,
}

impl Prices {
    /// Our own table.
    ///
    /// # Panics
    /// When it is malformed, which a test prevents.
    pub fn ours() -> Self {
        Self::parse(OURS).expect("a test reads the table")
    }

    /// Reads a table.
    ///
    /// # Errors
    /// What is wrong with the file, with its line.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// The price of that id in a region; none where the table does not know it.
    pub fn of(&self, id: &str, region: &str) -> Option<&Price> {
        let known = self.regions.contains(region);
        self.price.iter().find(|price| known && price.id == id)
    }

    /// What must stand beside every figure that is computed from the table.
    pub fn label(&self) -> String {
        format!("published list prices as of {}, compiled by hand, not fetched: check before use", self.as_of)
    }
}

#[cfg(test)]
mod tests {
    //! Goal: the table can be read, and each price says what it is for and where it stands. Method: the table.

    use super::*;

    #[test]
    fn every_price_is_positive_has_a_source_and_stands_once() {
        let prices = Prices::ours();
        let ids: BTreeSet<&str> = prices.price.iter().map(|price| price.id.as_str()).collect();
        assert_eq!(ids.len(), prices.price.len());
        for price in &prices.price {
            assert!(price.usd > Decimal::ZERO && price.usd < Decimal::from(100), "{price:?}");
            assert!(price.source.contains("pricing") && !price.per.is_empty(), "{price:?}");
        }
        let date = |text: &str| text.len() == 10 && text.split('-').count() == 3;
        assert!(date(&prices.as_of) && date(&prices.compiled) && prices.as_of <= prices.compiled);
    }

    #[test]
    fn a_region_that_the_table_is_not_for_has_no_price() {
        let prices = Prices::ours();
        assert!(prices.of("aurora-io", "us-east-1").is_some());
        assert!(prices.of("aurora-io", "eu-west-1").is_none());
        assert!(prices.of("aurora-jo", "us-east-1").is_none());
    }

    #[test]
    fn an_unknown_field_is_refused_with_its_line() {
        let table = "as_of = \"2025-01-01\"\ncompiled = \"2025-01-01\"\nregions = []\nprice = []\neur = 1\n";
        let error = Prices::parse(table).expect_err("no such field");
        assert!(error.to_string().contains("line 5"), "{error}");
    }
}
