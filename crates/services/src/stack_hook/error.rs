//! Why a request was not carried out, in words for the stack's events.

use crate::aws::CallFailed;

/// Why a request was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// The event asks for nothing that is known here.
    #[error("invalid request: {0}")]
    Invalid(String),
    /// A call failed for good.
    #[error(transparent)]
    Call(#[from] CallFailed),
    /// Something is in the way that only people can remove.
    #[error("{0}")]
    Refused(String),
    /// No TLS to answer with.
    #[error("no answer could be given over TLS")]
    Tls(#[from] crate::probe::ProbeError),
}
