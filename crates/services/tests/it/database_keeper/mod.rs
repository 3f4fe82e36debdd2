//! The database's keeper: users and their rights, the custom resource, rotation.

mod keep;
mod rights;
mod rotation;
mod stage;
