//! What runs in containers, as processes of their own.

mod bounds;
mod ending;
mod fronts;
mod process;
mod role;
mod worker;
mod worker_killed;
