//! standfast
fn main() {}
