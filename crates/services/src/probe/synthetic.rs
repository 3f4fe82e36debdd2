//! Orders that nobody placed: how a region is tried as its callers try it.

use recovery::order::{SYNTHETIC_ACCOUNT, Side};
use recovery::{Order, OrderId};
use rust_decimal::Decimal;
use serde::Deserialize;
use uuid::Uuid;

use super::{Answer, ProbeError, Prober};
use crate::settings::BaseUrl;

/// Symbol of every synthetic order.
pub const SYMBOL: &str = "TEST";

/// Why a synthetic order came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum SyntheticError {
    /// There was no answer.
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// The answer was not the one an order gets.
    #[error("status {status}: {body}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Beginning of the body.
        body: String,
    },
}

/// Places a synthetic order at `base` and returns its id once it is acknowledged.
pub async fn place(prober: &Prober, base: &BaseUrl) -> Result<OrderId, SyntheticError> {
    let order = order();
    let body = serde_json::to_vec(&order).expect("an order has only text keys");
    let answer = prober.post_json(&base.join("/orders"), body).await?;
    if matches!(answer.status, 200 | 201) { Ok(order.id) } else { Err(refused(&answer)) }
}

/// Whether the order is settled, as `base` tells its callers.
pub async fn is_settled(prober: &Prober, base: &BaseUrl, id: OrderId) -> Result<bool, SyntheticError> {
    #[derive(Deserialize)]
    struct Shown {
        state: String,
    }
    let answer = prober.get(&base.join(&format!("/orders/{id}"))).await?;
    match (answer.status, serde_json::from_slice::<Shown>(&answer.body)) {
        (200, Ok(shown)) => Ok(shown.state == "settled"),
        _ => Err(refused(&answer)),
    }
}

fn order() -> Order {
    Order {
        id: OrderId::new(Uuid::now_v7()).expect("it was made as version 7"),
        account: SYNTHETIC_ACCOUNT.to_owned(),
        symbol: SYMBOL.to_owned(),
        side: Side::Buy,
        quantity: 1,
        limit_price: Decimal::ONE,
    }
}

fn refused(answer: &Answer) -> SyntheticError {
    let body = String::from_utf8_lossy(&answer.body).chars().take(200).collect();
    SyntheticError::Refused { status: answer.status, body }
}
