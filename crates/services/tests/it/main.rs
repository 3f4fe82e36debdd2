//! The services against real parts: PostgreSQL, and the AWS emulator.

mod database;
