//! A TCP proxy that lets bytes through only after a fixed time.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

/// Delays what flows from the source to whoever connects; the way back is not delayed.
/// Whatever is in the line when it is cut or dropped never arrives.
#[derive(Debug)]
pub struct DelayLine {
    address: SocketAddr,
    cut: Arc<AtomicBool>,
    accepting: JoinHandle<()>,
}

impl DelayLine {
    /// Listens on a free loopback port; each connection gets one to `source`.
    ///
    /// # Errors
    /// When no port can be listened on.
    pub async fn start(source: SocketAddr, delay: Duration) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let cut = Arc::new(AtomicBool::new(false));
        let accepting = tokio::spawn(accept(listener, source, delay, Arc::clone(&cut)));
        Ok(Self { address, cut, accepting })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends every connection and loses what is in the line. Later connections are refused.
    pub fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
        self.accepting.abort();
    }
}

impl Drop for DelayLine {
    fn drop(&mut self) {
        self.cut();
    }
}

/// The set of connections ends with this task.
async fn accept(listener: TcpListener, source: SocketAddr, delay: Duration, cut: Arc<AtomicBool>) {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((client, _)) => {
                connections.spawn(carry(client, source, delay, Arc::clone(&cut)));
            }
            Err(error) => {
                tracing::debug!(%error, "a replication connection was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn carry(client: TcpStream, source: SocketAddr, delay: Duration, cut: Arc<AtomicBool>) {
    let Ok(server) = TcpStream::connect(source).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (mut from_client, to_client) = client.into_split();
    let (from_server, mut to_server) = server.into_split();
    let (into_line, out_of_line) = mpsc::unbounded_channel();
    let back = async {
        let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
    };
    // The line empties after its source has ended; a client that is gone ends all.
    tokio::select! {
        () = back => {}
        _ = async { tokio::join!(fill(from_server, into_line, delay), empty(out_of_line, to_client, &cut)) } => {}
    }
}

/// Stamps each piece with the time at which it may leave.
async fn fill(mut source: OwnedReadHalf, line: mpsc::UnboundedSender<(Instant, Vec<u8>)>, delay: Duration) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read) = source.read(&mut buffer).await {
        if read == 0 || line.send((Instant::now() + delay, buffer[..read].to_vec())).is_err() {
            return;
        }
    }
}

async fn empty(
    mut line: mpsc::UnboundedReceiver<(Instant, Vec<u8>)>,
    mut client: OwnedWriteHalf,
    cut: &AtomicBool,
) {
    while let Some((leaves_at, bytes)) = line.recv().await {
        tokio::time::sleep_until(leaves_at).await;
        if cut.load(Ordering::SeqCst) || client.write_all(&bytes).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    // Goal: bytes arrive after the delay, in order, and never after a cut. Method: an echo over loopback.
    use super::*;

    async fn source_that_says(text: &'static [u8]) -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            stream.write_all(text).await.expect("it can be written to");
            let _ = stream.read(&mut [0; 1]).await; // stays open
        });
        address
    }

    #[tokio::test]
    async fn bytes_arrive_late_and_whole() {
        let delay = Duration::from_millis(150);
        let line = DelayLine::start(source_that_says(b"commit").await, delay).await.expect("a line");
        let started = Instant::now();
        let mut client = TcpStream::connect(line.address()).await.expect("a connection");
        let mut heard = [0; 6];
        client.read_exact(&mut heard).await.expect("six bytes");
        assert!(started.elapsed() >= delay);
        assert_eq!(&heard, b"commit");
    }

    #[tokio::test]
    async fn what_is_in_the_line_when_it_is_cut_is_lost() {
        let line = DelayLine::start(source_that_says(b"commit").await, Duration::from_secs(60))
            .await
            .expect("a line");
        let mut client = TcpStream::connect(line.address()).await.expect("a connection");
        line.cut();
        let mut heard = Vec::new();
        let _ = client.read_to_end(&mut heard).await;
        assert!(heard.is_empty());
        while TcpStream::connect(line.address()).await.is_ok() {
            tokio::task::yield_now().await;
        }
    }
}
