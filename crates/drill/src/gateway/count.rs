//! What passed through each face of each region, for the progress display.

use std::sync::atomic::{AtomicU64, Ordering};

/// Requests and errors of one face.
#[derive(Debug, Default)]
pub(super) struct FaceCount {
    requests: AtomicU64,
    errors: AtomicU64,
}

impl FaceCount {
    pub(super) fn request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn error(&self) {
        self.errors.fetch_add(1, Ordering::Relaxed);
    }

    fn read(&self) -> FaceCounts {
        FaceCounts {
            requests: self.requests.load(Ordering::Relaxed),
            errors: self.errors.load(Ordering::Relaxed),
        }
    }
}

/// All counters of one region.
#[derive(Debug, Default)]
pub(super) struct RegionCount {
    pub(super) aws: FaceCount,
    pub(super) edge: FaceCount,
    pub(super) db: FaceCount,
    pub(super) sessions_written: AtomicU64,
    pub(super) sessions_replicated: AtomicU64,
    pub(super) sessions_superseded: AtomicU64,
    pub(super) sessions_lost: AtomicU64,
    not_forwarded: AtomicU64,
}

impl RegionCount {
    /// The drill itself failed to pass something on, and no injected fault was the reason.
    pub(super) fn not_forwarded(&self) {
        self.not_forwarded.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> RegionCounts {
        // What is done is read first, or it could exceed what was written.
        let [replicated, superseded, lost] =
            [&self.sessions_replicated, &self.sessions_superseded, &self.sessions_lost]
                .map(|count| count.load(Ordering::Acquire));
        let written = self.sessions_written.load(Ordering::Acquire);
        RegionCounts {
            aws: self.aws.read(),
            edge: self.edge.read(),
            db: self.db.read(),
            sessions_replicated: replicated,
            sessions_superseded: superseded,
            sessions_lost: lost,
            sessions_waiting: written.saturating_sub(replicated + superseded + lost),
            not_forwarded: self.not_forwarded.load(Ordering::Relaxed),
        }
    }
}

/// One face since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaceCounts {
    /// Requests (for the database face: connections) that arrived.
    pub requests: u64,
    /// Those that ended in a reset, a refusal or a 5xx answer.
    pub errors: u64,
}

/// One region since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RegionCounts {
    /// Calls to AWS.
    pub aws: FaceCounts,
    /// Public HTTP.
    pub edge: FaceCounts,
    /// Database connections.
    pub db: FaceCounts,
    /// Session writes of this region that reached the peer.
    pub sessions_replicated: u64,
    /// Session writes of this region that met a newer item in the peer.
    pub sessions_superseded: u64,
    /// Session writes that could not be sent, which no injected fault explains.
    pub sessions_lost: u64,
    /// Session writes that are on their way, or wait until both regions are there.
    pub sessions_waiting: u64,
    /// Calls that the drill failed to pass on, with no injected fault as the reason.
    pub not_forwarded: u64,
}
