//! cfn
