//! The database face: TCP to whatever serves the region's database now.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::count::RegionCount;
use super::door::Connection;
use super::passage::{Broken, Passage};

const CONNECT: Duration = Duration::from_secs(4);
const CHUNK_BYTES: usize = 16 * 1024;

/// Where a region's database face leads; none: refused.
pub(super) type Target = watch::Sender<Option<SocketAddr>>;

/// Carries bytes both ways until either side ends, the region dies or the
/// target changes: a connection never outlives the server it was made to.
pub(super) async fn carry(
    mut connection: Connection,
    passage: Passage,
    mut target: watch::Receiver<Option<SocketAddr>>,
    count: Arc<RegionCount>,
) {
    let reset = connection.reset();
    count.db.request();
    let address = *target.borrow_and_update();
    let orderly = tokio::select! {
        carried = relay(&mut connection, &passage, address) => carried.is_ok(),
        () = passage.died() => false,
        _ = target.changed() => false,
    };
    if !orderly {
        count.db.error();
        reset.mark();
    }
}

async fn relay(
    connection: &mut Connection,
    passage: &Passage,
    address: Option<SocketAddr>,
) -> Result<(), Broken> {
    passage.enter().await?;
    let connecting = TcpStream::connect(address.ok_or(Broken)?);
    let connected = tokio::time::timeout(CONNECT, connecting).await;
    let mut server = connected.map_err(|_| Broken)?.map_err(|_| Broken)?;
    let _ = server.set_nodelay(true);
    let (mut server_reads, mut server_writes) = server.split();
    let (mut client_reads, mut client_writes) = tokio::io::split(connection);
    tokio::try_join!(
        pump(&mut client_reads, &mut server_writes, passage),
        pump(&mut server_reads, &mut client_writes, passage),
    )?;
    Ok(())
}

/// Copies one way, held while frozen and slowed while slow.
async fn pump(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    passage: &Passage,
) -> Result<(), Broken> {
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let length = from.read(&mut chunk).await.map_err(|_| Broken)?;
        passage.thawed().await;
        if length == 0 {
            return to.shutdown().await.map_err(|_| Broken);
        }
        let delay_ms = passage.faults.now().condition(&passage.region).delay_ms;
        if delay_ms > 0 {
            tokio::time::sleep(Duration::from_millis(delay_ms)).await;
        }
        to.write_all(&chunk[..length]).await.map_err(|_| Broken)?;
    }
}
