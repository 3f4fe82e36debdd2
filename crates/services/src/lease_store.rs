//! The lease's one item in the strongly consistent table.
//!
//! Every change is one conditional put. A put whose answer is lost, or that the
//! SDK repeated after it had succeeded, is settled by reading the item back.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{BoxError, DisplayErrorContext, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use recovery::lease::{LEASE_KEY, LeaseState};
use recovery::{Epoch, Lease, Region};

use crate::aws::CallFailed;

/// Puts that one change tries before its outcome is called unknown.
const PUTS_MAX: u32 = 3;
/// The attributes that may be absent.
const UNFIT: &str = "database_unfit_at_version";
const HOME_WELL: &str = "home_well_at_version";
const DRAINED: &str = "drained_at_version";
/// Pause before the second put; doubled for the third.
const PAUSE: Duration = Duration::from_millis(50);

/// Reads and swaps the lease.
#[derive(Clone, Debug)]
pub struct LeaseStore {
    client: Client,
    table: String,
}

/// How a change ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Swap {
    /// The item now is what was asked for.
    Done,
    /// Somebody else was faster; this is the item now.
    Lost(Lease),
}

/// Why the lease could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum LeaseStoreError {
    /// The table did not answer a read.
    #[error("the lease cannot be read")]
    Read(#[source] CallFailed),
    /// The table refused a change, or its outcome is unknown.
    #[error("the lease cannot be written, or whether it was is unknown")]
    Write(#[source] BoxError),
    /// The item exists but is no lease.
    #[error("attribute `{0}` of the lease is absent or malformed")]
    Malformed(&'static str),
    /// The item vanished while it was being changed.
    #[error("the lease is absent from the table")]
    Absent,
}

impl LeaseStore {
    /// `table` is the name of the strongly consistent table.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// Strongly consistent read; `None` when there is no lease yet.
    pub async fn read(&self) -> Result<Option<Lease>, LeaseStoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(LEASE_KEY.to_owned()))
            .key("sk", AttributeValue::S(LEASE_KEY.to_owned()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| LeaseStoreError::Read(CallFailed::new("dynamodb:GetItem", error)))?;
        answer.item.as_ref().map(decode).transpose()
    }

    /// Puts the first lease, unless there is one.
    pub async fn create(&self, lease: &Lease) -> Result<Swap, LeaseStoreError> {
        self.swap(None, lease).await
    }

    /// Puts `next` where exactly `expected` stands, judged by epoch, owner and version.
    ///
    /// When the answer of a put is lost and the item then equals `next`, this is
    /// [`Swap::Done`]: two invocations of one region that ask for the same item both succeed.
    pub async fn replace(&self, expected: &Lease, next: &Lease) -> Result<Swap, LeaseStoreError> {
        self.swap(Some(expected), next).await
    }

    async fn swap(&self, expected: Option<&Lease>, next: &Lease) -> Result<Swap, LeaseStoreError> {
        let mut pause = PAUSE;
        for attempt in 1.. {
            let Err(error) = self.put(expected, next).await else { return Ok(Swap::Done) };
            let refused = error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception());
            if !refused && !may_pass(&error) {
                return Err(LeaseStoreError::Write(error.into()));
            }
            let current = self.read().await?;
            match current {
                Some(current) if current == *next => return Ok(Swap::Done),
                Some(current) if !expected.is_some_and(|expected| current.is_at(expected)) => {
                    return Ok(Swap::Lost(current));
                }
                None if expected.is_some() => return Err(LeaseStoreError::Absent),
                _ if attempt >= PUTS_MAX => return Err(LeaseStoreError::Write(error.into())),
                _ => tracing::info!(attempt, cause = %DisplayErrorContext(&error), "lease put is repeated"),
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        unreachable!("the loop above returns at its last attempt")
    }

    async fn put(&self, expected: Option<&Lease>, next: &Lease) -> Result<(), SdkError<PutItemError>> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(encode(next)));
        let put = match expected {
            None => {
                put.condition_expression("attribute_not_exists(#pk)").expression_attribute_names("#pk", "pk")
            }
            Some(expected) => put
                .condition_expression("#e = :e AND #o = :o AND #v = :v")
                .expression_attribute_names("#e", "epoch")
                .expression_attribute_names("#o", "owner")
                .expression_attribute_names("#v", "version")
                .expression_attribute_values(":e", number(expected.epoch.0))
                .expression_attribute_values(":o", AttributeValue::S(expected.owner.to_string()))
                .expression_attribute_values(":v", number(expected.version)),
        };
        put.send().await.map(drop)
    }
}

/// True for a put that may have been applied, or that another try may get through.
fn may_pass(error: &SdkError<PutItemError>) -> bool {
    match error {
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => true,
        SdkError::ServiceError(context) => {
            context.raw().status().as_u16() >= 500
                || context.err().is_replicated_write_conflict_exception()
                || context.err().is_provisioned_throughput_exceeded_exception()
                || context.err().is_request_limit_exceeded()
        }
        _ => false,
    }
}

fn number(n: u64) -> AttributeValue {
    AttributeValue::N(n.to_string())
}

fn encode(lease: &Lease) -> HashMap<String, AttributeValue> {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let mut item = HashMap::from([
        ("pk".to_owned(), text(LEASE_KEY)),
        ("sk".to_owned(), text(LEASE_KEY)),
        ("epoch".to_owned(), number(lease.epoch.0)),
        ("owner".to_owned(), text(lease.owner.as_str())),
        ("version".to_owned(), number(lease.version)),
        ("state".to_owned(), text(lease.state.as_str())),
        ("evidence".to_owned(), text(&lease.evidence)),
        ("moved_at_version".to_owned(), number(lease.moved_at_version)),
        ("moved_at_ms".to_owned(), number(lease.moved_at_ms)),
    ]);
    let counts = [
        (UNFIT, lease.database_unfit_at_version),
        (HOME_WELL, lease.home_well_at_version),
        (DRAINED, lease.drained_at_version),
    ];
    item.extend(counts.into_iter().filter_map(|(name, version)| Some((name.to_owned(), number(version?)))));
    item
}

fn decode(item: &HashMap<String, AttributeValue>) -> Result<Lease, LeaseStoreError> {
    let text = |name: &'static str| {
        let value = item.get(name).and_then(|value| value.as_s().ok());
        value.map(String::as_str).ok_or(LeaseStoreError::Malformed(name))
    };
    let count = |name: &'static str| {
        let value = item.get(name).and_then(|value| value.as_n().ok());
        value.and_then(|n| n.parse::<u64>().ok()).ok_or(LeaseStoreError::Malformed(name))
    };
    Ok(Lease {
        epoch: Epoch(count("epoch")?),
        owner: Region::new(text("owner")?).map_err(|_| LeaseStoreError::Malformed("owner"))?,
        version: count("version")?,
        state: LeaseState::from_name(text("state")?).ok_or(LeaseStoreError::Malformed("state"))?,
        evidence: text("evidence")?.to_owned(),
        moved_at_version: count("moved_at_version")?,
        moved_at_ms: count("moved_at_ms")?,
        database_unfit_at_version: item.get(UNFIT).map(|_| count(UNFIT)).transpose()?,
        home_well_at_version: item.get(HOME_WELL).map(|_| count(HOME_WELL)).transpose()?,
        drained_at_version: item.get(DRAINED).map(|_| count(DRAINED)).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    //! Goal: an item survives the way to the table and back, and a damaged one is named.
    //! Method: encode, then decode, then take one attribute away or spoil it.

    use super::*;

    fn lease() -> Lease {
        Lease {
            epoch: Epoch(3),
            owner: Region::new("us-east-2").expect("a region name"),
            version: 17,
            state: LeaseState::Recovering,
            evidence: "no renewal for 18 s".to_owned(),
            moved_at_version: 12,
            moved_at_ms: 1_700_000_000_000,
            database_unfit_at_version: None,
            home_well_at_version: None,
            drained_at_version: None,
        }
    }

    #[test]
    fn an_item_survives_the_round_trip() {
        assert!(!encode(&lease()).contains_key(UNFIT));
        assert!(!encode(&lease()).contains_key(HOME_WELL) && !encode(&lease()).contains_key(DRAINED));
        let seen = lease().renewed().seeing_home(Some(true));
        for lease in [lease(), lease().renewed_unfit(), seen.draining(), seen] {
            assert_eq!(decode(&encode(&lease)).expect("a whole item"), lease);
        }
    }

    #[test]
    fn a_damaged_item_names_its_attribute() {
        for name in ["epoch", "owner", "version", "state", "evidence", "moved_at_version", "moved_at_ms"] {
            let mut item = encode(&lease());
            item.remove(name);
            assert!(matches!(decode(&item), Err(LeaseStoreError::Malformed(n)) if n == name));
        }
        let mut item = encode(&lease());
        item.insert("state".to_owned(), AttributeValue::S("asleep".to_owned()));
        assert!(matches!(decode(&item), Err(LeaseStoreError::Malformed("state"))));
        let mut item = encode(&lease());
        item.insert(UNFIT.to_owned(), AttributeValue::S("long".to_owned()));
        assert!(matches!(decode(&item), Err(LeaseStoreError::Malformed(UNFIT))));
    }
}
