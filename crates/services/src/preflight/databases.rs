//! The databases of both regions: their roles, the fence, the schema, and how far the replica is behind.

use std::time::Duration;

use recovery::Lease;
use recovery::preflight::{Check, Finding};
use tokio::time::timeout;

use super::ask::{Answer, Gap, ask, from_check, judge, late};
use super::clusters::cluster;
use super::{LIMIT, Preflight, SERVICE, Seen};
use crate::database::standing::{self, Standing, standing};
use crate::database::{Database, Target, migrations};
use crate::settings::Endpoint;

/// One database, and what it said.
struct Side {
    database: Option<Database>,
    stands: Result<Standing, Gap>,
}

pub(super) async fn check(preflight: &Preflight, seen: &Seen) -> [Finding; 5] {
    let (own, peer) = tokio::join!(look(preflight, seen, true), look(preflight, seen, false));
    let lease = seen.lease.as_ref();
    let (own_database, peer_database, fence, schema, lag) = tokio::join!(
        ask(Check::OwnDatabase, async { role(lease, preflight.regions.own.as_str(), &own) }),
        ask(Check::PeerDatabase, async { role(lease, preflight.regions.peer.as_str(), &peer) }),
        ask(Check::Fence, async { fence(lease, &own, &peer) }),
        ask(Check::Schema, async { schema(&own, &peer) }),
        ask(Check::ReplicationLag, replication_lag(preflight, seen, &own, &peer)),
    );
    [own_database, peer_database, fence, schema, lag]
}

/// Asks one database within [`LIMIT`].
async fn look(preflight: &Preflight, seen: &Seen, own: bool) -> Side {
    let mut database = None;
    let stands = timeout(LIMIT, async {
        let lease = from_check(seen.lease.as_ref(), Check::Lease)?;
        let target = target(preflight, seen, own, lease).await?;
        let at = Database::new(preflight.aws.clone(), target)?;
        let connection = at.connect().await?;
        let stands = standing(&connection).await.map_err(Gap::from);
        drop(connection);
        database = Some(at);
        stands
    });
    let stands = stands.await.unwrap_or_else(|_| Err(late(LIMIT)));
    Side { database, stands }
}

/// The writer endpoint of a cluster that follows another region's leads nowhere; such a cluster is
/// asked at its reader endpoint, which RDS knows.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-connecting.html>
async fn target(preflight: &Preflight, seen: &Seen, own: bool, lease: &Lease) -> Result<Target, Gap> {
    let (regions, settings) = (&preflight.regions, &preflight.database);
    let mut target =
        if own { Target::own(regions, settings, SERVICE) } else { Target::peer(regions, settings, SERVICE) };
    if lease.owner != target.region {
        let described = if own {
            cluster(&preflight.aws, &preflight.clusters.own).await?
        } else {
            let aws = from_check(seen.peer.as_ref(), Check::Observer)?;
            cluster(aws, &preflight.settings.peer_cluster).await?
        };
        if let Some(host) = described.reader_endpoint().filter(|host| !host.is_empty()) {
            let port = described.port().and_then(|port| u16::try_from(port).ok());
            let port = port.unwrap_or(target.endpoint.port);
            target.endpoint = Endpoint { host: host.to_owned(), port };
        }
    }
    Ok(target)
}

fn role(lease: Option<&Lease>, region: &str, side: &Side) -> Answer {
    let owner = &from_check(lease, Check::Lease)?.owner;
    let writable = side.stands.as_ref().map_err(Clone::clone)?.writable;
    let word = if writable { "the writer" } else { "a replica" };
    judge(
        writable == (owner.as_str() == region),
        format!("it answers as {word}"),
        format!("it answers as {word}, and {owner} owns the lease"),
    )
}

/// What both said, or the check that tells why one did not.
fn both<'s>(own: &'s Side, peer: &'s Side) -> Result<[&'s Standing; 2], Gap> {
    let of = |side: &'s Side, check| match &side.stands {
        Ok(stands) => Ok(stands),
        // What keeps the database from being asked keeps this from it as well.
        Err(Gap::Blocked(by)) => Err(Gap::Blocked(*by)),
        Err(_) => Err(Gap::Blocked(check)),
    };
    Ok([of(own, Check::OwnDatabase)?, of(peer, Check::PeerDatabase)?])
}

fn fence(lease: Option<&Lease>, own: &Side, peer: &Side) -> Answer {
    let epoch = from_check(lease, Check::Lease)?.epoch;
    let [own, peer] = both(own, peer)?;
    judge(
        own.fence == epoch && peer.fence == epoch,
        format!("both stand at epoch {epoch}"),
        format!("the lease is at epoch {epoch}, the fences at {} here and {} there", own.fence, peer.fence),
    )
}

fn schema(own: &Side, peer: &Side) -> Answer {
    let ([own, peer], known) = (both(own, peer)?, migrations::known());
    let at = |versions: &[(i32, String)]| versions.last().map_or(0, |(version, _)| *version);
    judge(
        own.schema == known && peer.schema == known,
        format!("both are at version {}", at(&known)),
        format!(
            "this release has version {}; here is {}, there {}, or their text differs",
            at(&known),
            at(&own.schema),
            at(&peer.schema)
        ),
    )
}

async fn replication_lag(preflight: &Preflight, seen: &Seen, own: &Side, peer: &Side) -> Answer {
    let [own_stands, peer_stands] = both(own, peer)?;
    let owner = &from_check(seen.lease.as_ref(), Check::Lease)?.owner;
    let checks = [Check::OwnDatabase, Check::PeerDatabase];
    let (writer, replica, [of_writer, of_replica]) = if preflight.is_own(owner) {
        (own, peer_stands, checks)
    } else {
        (peer, own_stands, [checks[1], checks[0]])
    };
    // A database in the wrong role says nothing of replication; its own check tells.
    if !writer.stands.as_ref().is_ok_and(|stands| stands.writable) {
        return Err(Gap::Blocked(of_writer));
    }
    if replica.writable {
        return Err(Gap::Blocked(of_replica));
    }
    let database = writer.database.as_ref().ok_or_else(|| late(LIMIT))?;
    let connection = database.connect().await?;
    let lag = standing::lag(&connection, replica.newest).await?;
    let (lag, allowed) = (lag.unwrap_or(Duration::ZERO), preflight.settings.replication_lag);
    judge(
        lag <= allowed,
        format!("the replica lacks nothing older than {} ms", lag.as_millis()),
        format!(
            "the replica lacks a settlement from {} s ago; {} s are allowed",
            lag.as_secs(),
            allowed.as_secs()
        ),
    )
}
