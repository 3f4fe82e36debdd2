//! deployment
pub struct Deployment;
