//! One listening socket of a region: open while the region lives, closed while it is dead.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use recovery::Region;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::fault::Faults;

const REBIND_PAUSE: Duration = Duration::from_millis(20);

/// Marks a connection to end in a reset instead of an orderly close.
#[derive(Clone, Debug, Default)]
pub(super) struct Reset(Arc<AtomicBool>);

impl Reset {
    pub(super) fn mark(&self) {
        self.0.store(true, Ordering::Release);
    }
}

/// An accepted connection that can be made to end in a reset.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    reset: Reset,
}

impl Connection {
    fn new(stream: TcpStream) -> Self {
        // Without it, small answers would wait for the peer's delayed acknowledgement.
        let _ = stream.set_nodelay(true);
        Self { stream, reset: Reset::default() }
    }

    pub(super) fn reset(&self) -> Reset {
        self.reset.clone()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.reset.0.load(Ordering::Acquire) {
            // A socket that cannot linger is closed in order instead: nothing better is left.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Accepts for as long as it is polled. While the region is dead the socket is
/// closed, so that the kernel refuses at once; each `serve` runs until it ends
/// or the region dies, and then its connection is reset.
pub(super) async fn attend<F, Fut>(listener: TcpListener, region: Region, faults: Faults, serve: F)
where
    F: Fn(Connection) -> Fut,
    Fut: Future<Output = ()> + Send + 'static,
{
    let address = listener.local_addr();
    let mut open = Some(listener);
    let mut served = JoinSet::new();
    loop {
        if let Some(listener) = &open {
            tokio::select! {
                () = faults.until(|state| state.is_dead(&region)) => open = None,
                Some(_) = served.join_next() => {}
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => drop(served.spawn(serve(Connection::new(stream)))),
                    // Out of descriptors, or the peer gave up first: both pass.
                    Err(_) => tokio::time::sleep(REBIND_PAUSE).await,
                },
            }
        } else {
            faults.until(|state| !state.is_dead(&region)).await;
            open = reopen(&address).await;
        }
    }
}

async fn reopen(address: &io::Result<SocketAddr>) -> Option<TcpListener> {
    let address = address.as_ref().ok()?;
    match TcpListener::bind(address).await {
        Ok(listener) => Some(listener),
        Err(error) => {
            tracing::debug!(%address, %error, "the region's port is still taken");
            tokio::time::sleep(REBIND_PAUSE).await;
            None
        }
    }
}
