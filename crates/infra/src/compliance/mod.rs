//! Which items of standards have evidence in a deployment, and which read "not demonstrated".
//!
//! [`mapping`] reads what belongs to us: the items, in our own words, and which [`evidence`] each would need.
//! Evidence is found, never asserted: a property in the templates ([`look`]), a rule of [`crate::check`], the
//! report of a drill ([`drill`]), a page or a runbook ([`document`]), or where data is ([`residency`]).
//! [`Report`] puts both together. All of it is pure. None of it is a claim of compliance: a standard asks more
//! than templates, drills and pages can show, and whether evidence is enough is for an assessor to say.
//! Start reading at [`report`].

pub mod condition;
pub mod digest;
pub mod document;
pub mod drill;
pub mod evidence;
pub mod look;
pub mod mapping;
pub mod report;
pub mod residency;

pub use drill::Drilled;
pub use evidence::Evidence;
pub use mapping::Mapping;
pub use report::{Report, Subject};
