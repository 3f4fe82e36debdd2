//! The settled orders of a window of ids, as a comparison needs them. Reads only, and works on a replica too.

use recovery::reconcile::Settled;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use super::DatabaseError;

/// Rows of one query: far below what the time of a statement allows.
const PAGE_MAX: i64 = 500;
/// Milliseconds that a version 7 UUID can hold.
const ID_MS_MAX: u64 = (1 << 48) - 1;

/// In order of their ids, from the first page on. The ids are version 7, so their order is that of their times,
/// and the primary key finds a window without any further index.
const ROWS: &str = "
SELECT o.id, o.account, o.symbol, o.side, o.quantity, o.limit_price,
       floor(extract(epoch FROM o.settled_at) * 1000)::bigint,
       coalesce(l.legs = 2 AND l.total = 0
                AND l.moved = CASE o.side WHEN 'buy' THEN o.quantity * o.limit_price ELSE o.quantity END, false),
       EXISTS (SELECT FROM outbox x WHERE x.order_id = o.id)
FROM orders o
LEFT JOIN LATERAL (SELECT count(*) AS legs, sum(amount) AS total, max(amount) AS moved
                   FROM ledger WHERE order_id = o.id) l ON true
WHERE o.id > $1 AND o.id < $2 ORDER BY o.id LIMIT $3";

/// The orders whose ids were made from `from_ms` on and before `to_ms`, in milliseconds since the Unix epoch.
pub async fn settled_between(
    client: &Client,
    from_ms: u64,
    to_ms: u64,
) -> Result<Vec<Settled>, DatabaseError> {
    let (mut after, end) = (first(from_ms), first(to_ms));
    let mut all = Vec::new();
    loop {
        let page = client.query(ROWS, &[&after, &end, &PAGE_MAX]).await?;
        let full = i64::try_from(page.len()).is_ok_and(|rows| rows == PAGE_MAX);
        for row in &page {
            all.push(settled(row)?);
        }
        match all.last() {
            Some(last) if full => after = last.id,
            _ => return Ok(all),
        }
    }
}

/// Below every id made at that time: an id has its version where this has a zero.
fn first(made_ms: u64) -> Uuid {
    Uuid::from_u128(u128::from(made_ms.min(ID_MS_MAX)) << 80)
}

fn settled(row: &Row) -> Result<Settled, DatabaseError> {
    let settled_at_ms: i64 = row.try_get(6)?;
    Ok(Settled {
        id: row.try_get(0)?,
        account: row.try_get(1)?,
        symbol: row.try_get(2)?,
        side: row.try_get(3)?,
        quantity: row.try_get(4)?,
        // A price beyond what an order can have is no order's price.
        limit_price: row.try_get(5).ok(),
        settled_at_ms: u64::try_from(settled_at_ms).unwrap_or(0),
        balanced: row.try_get(7)?,
        announced: row.try_get(8)?,
    })
}

#[cfg(test)]
mod tests {
    //! Goal: a window holds the ids made in it and no other. Method: the first and last id of a millisecond.

    use super::*;

    #[test]
    fn a_window_begins_before_its_first_id_and_ends_before_the_next_one_s() {
        let at = |ms, rest| uuid::Builder::from_unix_timestamp_millis(ms, &[rest; 10]).into_uuid();
        let made = 1_800_000_000_000;
        assert!(first(made) < at(made, 0) && at(made, 255) < first(made + 1));
        assert!(first(u64::MAX) > at(made, 255));
    }
}
