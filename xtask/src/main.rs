//! standfast
fn main(){}
