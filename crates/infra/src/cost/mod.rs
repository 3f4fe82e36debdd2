//! What a deployment costs in a month, and where it could cost less.
//!
//! [`Estimate`] goes through every resource of the templates: a type is priced, or costs nothing of its own
//! and says why, or is listed as not priced. Prices come from a table that was compiled by hand
//! ([`Prices`]), use that no template states from one list ([`Assumptions`]). [`proposal`] turns something,
//! synthesises again and compares both the sum and the recovery budget. Amounts are decimal and exact;
//! only who prints them rounds.
//!
//! All of it is pure. Start reading at [`Report`], then at the table of types in `kind`.

pub mod assumption;
mod bill;
mod estimate;
mod kind;
mod month;
pub mod page;
pub mod price;
pub mod proposal;
mod report;

pub use assumption::{Assumption, Assumptions};
pub use bill::{Item, NotPriced, Purpose};
pub use estimate::{Estimate, Free, Subtotal};
pub use month::{hours, seconds};
pub use price::{Price, Prices};
pub use proposal::Proposal;
pub use report::{NoReport, Report, Table};
