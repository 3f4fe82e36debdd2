//! Orders that nobody placed: how a region is tried as its callers try it.

use aws_config::SdkConfig;
use http::Method;
use recovery::order::{SYNTHETIC_ACCOUNT, Side};
use recovery::{Order, OrderId, Region};
use rust_decimal::Decimal;
use serde::Deserialize;

use super::{Answer, ProbeError, Prober, Signer};
use crate::clock;
use crate::settings::{BaseUrl, Endpoints};

/// Symbol of every synthetic order.
pub const SYMBOL: &str = "TEST";

/// Who places synthetic orders: a caller like any other.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Finds the way.
    pub prober: Prober,
    /// Shows who asks; `None` where nobody wants to know.
    pub signer: Option<Signer>,
}

/// Where the API is entered, and the regions that may be behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entrance {
    /// Its URL.
    pub base: BaseUrl,
    /// Regions that a call is signed for: one for a region's own name, both for the name that moves.
    pub regions: Vec<Region>,
}

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

impl SyntheticError {
    /// Whether this tells of the asker and not of the region: it was not let in, or asked too much.
    pub fn is_about_the_asker(&self) -> bool {
        match self {
            Self::Probe(error) => matches!(error, ProbeError::NotSigned(_)),
            Self::Refused { status, .. } => matches!(status, 401 | 403 | 429),
        }
    }
}

impl Caller {
    /// Asks as `endpoints` want to be asked.
    ///
    /// # Errors
    /// When calls are to be signed and `aws` has nothing that gives credentials.
    pub fn new(aws: &SdkConfig, prober: Prober, endpoints: &Endpoints) -> Result<Self, ProbeError> {
        let signer = match endpoints.unsigned {
            Some(true) => None,
            Some(false) | None => Some(Signer::new(aws)?),
        };
        Ok(Self { prober, signer })
    }

    async fn ask(
        &self,
        entrance: &Entrance,
        method: Method,
        path: &str,
        body: Vec<u8>,
    ) -> Result<Answer, ProbeError> {
        let (url, regions) = (entrance.base.join(path), &entrance.regions);
        match &self.signer {
            Some(signer) => self.prober.send_signed(signer, regions, method, &url, body).await,
            None => self.prober.send_unsigned(method, &url, body).await,
        }
    }
}

/// Places a synthetic order and returns its id once it is acknowledged.
pub async fn place(caller: &Caller, entrance: &Entrance) -> Result<OrderId, SyntheticError> {
    let order = order();
    let body = serde_json::to_vec(&order).expect("an order has only text keys");
    let answer = caller.ask(entrance, Method::POST, "/orders", body).await?;
    if matches!(answer.status, 200 | 201) { Ok(order.id) } else { Err(refused(&answer)) }
}

/// Whether the order is settled, as the API tells its callers.
pub async fn is_settled(caller: &Caller, entrance: &Entrance, id: OrderId) -> Result<bool, SyntheticError> {
    #[derive(Deserialize)]
    struct Shown {
        state: String,
    }
    let answer = caller.ask(entrance, Method::GET, &format!("/orders/{id}"), Vec::new()).await?;
    match (answer.status, serde_json::from_slice::<Shown>(&answer.body)) {
        (200, Ok(shown)) => Ok(shown.state == "settled"),
        _ => Err(refused(&answer)),
    }
}

fn order() -> Order {
    Order {
        id: OrderId::new(clock::new_id()).expect("it was made as version 7"),
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
