//! cdk
