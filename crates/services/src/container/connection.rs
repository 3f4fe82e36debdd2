//! One connection: how long it may be silent, and how long a request's head may take.
//!
//! hyper has one limit for both. A load balancer keeps silent connections for a minute and more, while a
//! request's head follows its first byte at once; so the reads are watched here.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// What a connection does now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing is asked since.
    Silent(Instant),
    /// The first byte of a request came then.
    Head(Instant),
    /// A request is being answered, under limits of its own.
    Busy,
}

impl Phase {
    /// What comes of a byte at `now`: the first one alone begins a head, so that nobody buys time byte by byte.
    fn heard(self, now: Instant) -> Self {
        if matches!(self, Self::Silent(_)) { Self::Head(now) } else { self }
    }

    /// When it has lasted for too long.
    fn deadline(self, idle: Duration, head: Duration) -> Option<Instant> {
        match self {
            Self::Silent(since) => Some(since + idle),
            Self::Head(since) => Some(since + head),
            Self::Busy => None,
        }
    }
}

/// Shared by the reads of a connection, its requests and its watch.
#[derive(Debug)]
pub(super) struct Pulse {
    phase: Mutex<Phase>,
    changed: Notify,
}

impl Pulse {
    /// Of a connection that was just made.
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { phase: Mutex::new(Phase::Silent(Instant::now())), changed: Notify::new() })
    }

    fn phase(&self) -> MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, phase: Phase) {
        *self.phase() = phase;
        self.changed.notify_one();
    }

    fn heard(&self) {
        let before = *self.phase();
        let after = before.heard(Instant::now());
        if after != before {
            self.set(after);
        }
    }

    /// A request's head is complete.
    pub(super) fn asked(&self) {
        self.set(Phase::Busy);
    }

    /// Its answer is on the way.
    pub(super) fn answered(&self) {
        self.set(Phase::Silent(Instant::now()));
    }

    /// Returns when the connection was silent for longer than `idle`, or a head took longer than `head`.
    pub(super) async fn overdue(&self, idle: Duration, head: Duration) {
        loop {
            let phase = *self.phase();
            let Some(deadline) = phase.deadline(idle, head) else {
                self.changed.notified().await;
                continue;
            };
            tokio::select! {
                () = sleep_until(deadline) => {
                    if *self.phase() == phase {
                        return;
                    }
                }
                () = self.changed.notified() => {}
            }
        }
    }
}

/// A connection whose reads are noted.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) stream: TcpStream,
    pub(super) pulse: Arc<Pulse>,
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.pulse.heard();
        }
        read
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    //! Goal: silence has a long limit, a head that has begun a short one, and a request in hand none
    //! here. Method: phases with made-up times; then the watch itself, with limits of milliseconds.

    use super::*;

    const IDLE: Duration = Duration::from_secs(75);
    const HEAD: Duration = Duration::from_secs(10);

    #[test]
    fn a_slow_head_cannot_buy_time_byte_by_byte() {
        let start = Instant::now();
        let silent = Phase::Silent(start);
        assert_eq!(silent.deadline(IDLE, HEAD), Some(start + IDLE));
        let second = Duration::from_secs(1);
        let head = silent.heard(start + second);
        assert_eq!(head.deadline(IDLE, HEAD), Some(start + second + HEAD));
        assert_eq!(head.heard(start + 9 * second), head);
        assert_eq!(Phase::Busy.heard(start), Phase::Busy);
        assert_eq!(Phase::Busy.deadline(IDLE, HEAD), None);
    }

    #[tokio::test]
    async fn the_watch_follows_the_phases() {
        let (idle, head) = (Duration::from_secs(3600), Duration::from_millis(20));
        let pulse = Pulse::new();
        let requests = async {
            pulse.asked();
            tokio::task::yield_now().await;
            pulse.answered();
            tokio::task::yield_now().await;
            pulse.heard();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = pulse.overdue(idle, head) => {}
            () = requests => unreachable!("it never ends"),
        }
        assert!(matches!(*pulse.phase(), Phase::Head(_)));
    }
}
