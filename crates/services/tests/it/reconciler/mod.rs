//! The reconciler with a journal, two databases and two tables of sessions.

mod news;
mod orders;
mod regions;
mod sessions;
mod stage;
