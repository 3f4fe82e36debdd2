//! The hook behind custom resources: as CloudFormation of the emulator calls it, and alone.

mod buckets;
mod database;
mod function;
mod meanwhile;
mod stage;
mod vault;
mod zone;
