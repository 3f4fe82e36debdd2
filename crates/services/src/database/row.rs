//! Between our unsigned numbers and PostgreSQL's signed ones.

use recovery::Epoch;
use tokio_postgres::Row;

use super::DatabaseError;

/// A number for a `bigint`; `column` is named when it does not fit.
pub(super) fn bigint(number: u64, column: &'static str) -> Result<i64, DatabaseError> {
    i64::try_from(number).map_err(|_| DatabaseError::Impossible(column))
}

/// The first column as an epoch.
pub(super) fn epoch(row: &Row, column: &'static str) -> Result<Epoch, DatabaseError> {
    let number: i64 = row.try_get(0)?;
    u64::try_from(number).map(Epoch).map_err(|_| DatabaseError::Impossible(column))
}

/// The first column as milliseconds since the Unix epoch, `None` for SQL null.
pub(super) fn milliseconds(row: &Row, column: &'static str) -> Result<Option<u64>, DatabaseError> {
    let number: Option<i64> = row.try_get(0)?;
    number.map(|ms| u64::try_from(ms).map_err(|_| DatabaseError::Impossible(column))).transpose()
}
