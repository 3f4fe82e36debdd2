//! Names of the environment variables through which the infrastructure tells a
//! service where everything is. `infra` writes them, `services` reads them, and
//! the drill replaces the endpoints among them, nothing else.

/// The region that the deployment file prefers as primary.
pub const HOME_REGION: &str = "STANDFAST_HOME_REGION";
/// The other region of the pair, seen from this one.
pub const PEER_REGION: &str = "STANDFAST_PEER_REGION";
/// The strongly consistent table that holds the journal and the lease.
pub const JOURNAL_TABLE: &str = "STANDFAST_JOURNAL_TABLE";
/// The global table that holds sessions.
pub const SESSIONS_TABLE: &str = "STANDFAST_SESSIONS_TABLE";
/// Shards per minute of the journal.
pub const JOURNAL_SHARDS: &str = "STANDFAST_JOURNAL_SHARDS";
/// Name of this region's order queue.
pub const ORDER_QUEUE: &str = "STANDFAST_ORDER_QUEUE";
/// Name of this region's dead-letter queue.
pub const DEAD_LETTER_QUEUE: &str = "STANDFAST_DEAD_LETTER_QUEUE";
/// `host:port` of the writer endpoint of this region's own database cluster.
pub const DATABASE_ENDPOINT: &str = "STANDFAST_DATABASE_ENDPOINT";
/// `host:port` of the writer endpoint of the peer region's database cluster.
pub const PEER_DATABASE_ENDPOINT: &str = "STANDFAST_PEER_DATABASE_ENDPOINT";
/// Name of the database.
pub const DATABASE_NAME: &str = "STANDFAST_DATABASE_NAME";
/// Database user of this function; its password is an IAM authentication token.
pub const DATABASE_USER: &str = "STANDFAST_DATABASE_USER";
/// Name of the secret with the login of the database's master user, which only its keeper reads.
pub const DATABASE_SECRET: &str = "STANDFAST_DATABASE_SECRET";
/// `require` or `prefer`: whether a database that offers no TLS is refused.
pub const DATABASE_TLS: &str = "STANDFAST_DATABASE_TLS";
/// PEM file of the authorities that sign the database's certificate; unset: Amazon RDS's own.
pub const DATABASE_CA_FILE: &str = "STANDFAST_DATABASE_CA_FILE";
/// Identifier of the Aurora global cluster.
pub const GLOBAL_CLUSTER: &str = "STANDFAST_GLOBAL_CLUSTER";
/// Identifier of this region's database cluster.
pub const DATABASE_CLUSTER: &str = "STANDFAST_DATABASE_CLUSTER";
/// ARN of this region's failover state machine.
pub const STATE_MACHINE_ARN: &str = "STANDFAST_STATE_MACHINE_ARN";
/// SSM parameter of the off switch: `on` lets Standfast act, `off` makes it watch only.
pub const SWITCH_PARAMETER: &str = "STANDFAST_SWITCH_PARAMETER";
/// Name of the event bus that recovery events are put on.
pub const EVENT_BUS: &str = "STANDFAST_EVENT_BUS";
/// Bucket of this region that keeps what was announced.
pub const AUDIT_BUCKET: &str = "STANDFAST_AUDIT_BUCKET";
/// First part of the keys of those records.
pub const AUDIT_RECORDS: &str = "recovery";
/// Base URL of this region's own public endpoint, without a trailing slash.
pub const OWN_URL: &str = "STANDFAST_OWN_URL";
/// Base URL of the peer region's public endpoint, without a trailing slash.
pub const PEER_URL: &str = "STANDFAST_PEER_URL";
/// Base URL of the name that clients use, which DNS moves between regions.
pub const PUBLIC_URL: &str = "STANDFAST_PUBLIC_URL";
/// Hosted zone of that name.
pub const HOSTED_ZONE_ID: &str = "STANDFAST_HOSTED_ZONE_ID";
/// `ip:port` of the DNS resolver; unset: the system's own.
pub const RESOLVER: &str = "STANDFAST_RESOLVER";
/// Seconds between two renewals of the lease.
pub const LEASE_RENEW_S: &str = "STANDFAST_LEASE_RENEW_S";
/// Seconds without a renewal after which the lease may be taken.
pub const LEASE_TTL_S: &str = "STANDFAST_LEASE_TTL_S";
/// Safety margin on both sides of the TTL, in seconds.
pub const LEASE_MARGIN_S: &str = "STANDFAST_LEASE_MARGIN_S";
/// Seconds after a move in which no further move is made.
pub const COOLDOWN_S: &str = "STANDFAST_COOLDOWN_S";
/// Seconds for which an owner renews without its own database.
pub const DATABASE_PATIENCE_S: &str = "STANDFAST_DATABASE_PATIENCE_S";
/// Seconds one sentinel invocation keeps watch.
pub const SENTINEL_WATCH_S: &str = "STANDFAST_SENTINEL_WATCH_S";
/// Seconds between two outside probes.
pub const PROBE_INTERVAL_S: &str = "STANDFAST_PROBE_INTERVAL_S";
/// Failed outside probes in a row that count as an outage.
pub const PROBE_FAILURES: &str = "STANDFAST_PROBE_FAILURES";
/// Seconds before the database's watermark at which a replay starts.
pub const REPLAY_MARGIN_S: &str = "STANDFAST_REPLAY_MARGIN_S";
/// Seconds by which the replica may lag behind the writer.
pub const REPLICATION_LAG_S: &str = "STANDFAST_REPLICATION_LAG_S";
/// ARN of the role through which this region may look at the peer.
pub const OBSERVER_ROLE_ARN: &str = "STANDFAST_OBSERVER_ROLE_ARN";
/// What the observer role asks of whoever assumes it.
pub const OBSERVER_EXTERNAL_ID: &str = "STANDFAST_OBSERVER_EXTERNAL_ID";
/// Names of all functions, separated by commas; the same in both regions.
pub const FUNCTIONS: &str = "STANDFAST_FUNCTIONS";
/// Names of the functions that nothing may call for weeks, separated by commas.
pub const IDLE_FUNCTIONS: &str = "STANDFAST_IDLE_FUNCTIONS";
/// Name of the schedule that starts the sentinel.
pub const WATCH_SCHEDULE: &str = "STANDFAST_WATCH_SCHEDULE";
/// Identifier of the peer region's database cluster.
pub const PEER_DATABASE_CLUSTER: &str = "STANDFAST_PEER_DATABASE_CLUSTER";
/// ARN of the role of this region's recovery steps.
pub const RECOVERY_ROLE_ARN: &str = "STANDFAST_RECOVERY_ROLE_ARN";
/// ARN of the role of this region's sentinel.
pub const SENTINEL_ROLE_ARN: &str = "STANDFAST_SENTINEL_ROLE_ARN";
/// ARN of the role of this region's failover state machine.
pub const FAILOVER_ROLE_ARN: &str = "STANDFAST_FAILOVER_ROLE_ARN";
/// ARN of the role of this region's failback state machine.
pub const FAILBACK_ROLE_ARN: &str = "STANDFAST_FAILBACK_ROLE_ARN";
/// ARN of the function that both state machines call.
pub const STEP_FUNCTION_ARN: &str = "STANDFAST_STEP_FUNCTION_ARN";
/// SSM parameter that holds the digests of the failover and of the failback workflow as they were
/// deployed, separated by a comma.
pub const WORKFLOW_DIGESTS_PARAMETER: &str = "STANDFAST_WORKFLOW_DIGESTS_PARAMETER";
/// Names of this region's buckets, separated by commas; the peer's differ by the region alone.
pub const BUCKETS: &str = "STANDFAST_BUCKETS";
/// ARN of this region's failback state machine.
pub const FAILBACK_STATE_MACHINE_ARN: &str = "STANDFAST_FAILBACK_STATE_MACHINE_ARN";
/// `true` or `false`: whether an owner away from home starts the failback by itself.
pub const FAILBACK_AUTOMATIC: &str = "STANDFAST_FAILBACK_AUTOMATIC";
/// Seconds for which home must have been well before a failback.
pub const FAILBACK_DWELL_S: &str = "STANDFAST_FAILBACK_DWELL_S";
/// Milliseconds by which home's database may lag behind when settlement is stopped.
pub const FAILBACK_LAG_MS_MAX: &str = "STANDFAST_FAILBACK_LAG_MS_MAX";
/// `ip:port` that the container `orders-service` listens on; unset: `0.0.0.0:8080`.
pub const LISTEN: &str = "STANDFAST_LISTEN";
/// Seconds for which a container that was told to end goes on answering: the load balancer's
/// deregistration delay.
pub const DRAIN_S: &str = "STANDFAST_DRAIN_S";
/// Connections to the database that one container keeps at most.
pub const DATABASE_CONNECTIONS: &str = "STANDFAST_DATABASE_CONNECTIONS";
/// Name of this region's ECS cluster; set with containers only.
pub const CLUSTER: &str = "STANDFAST_CLUSTER";
/// Names of this region's ECS services with the tasks that each needs at least, as `name=floor`,
/// separated by commas; set with containers only.
pub const SERVICES: &str = "STANDFAST_SERVICES";
/// `true` where the public endpoints ask for no signature, as load balancers do; unset: calls are signed.
pub const UNSIGNED_CALLS: &str = "STANDFAST_UNSIGNED_CALLS";

/// What the container `orders-service` reads, beside its region. It faces callers, so it is told nothing else.
pub const OF_ORDERS_SERVICE: [&str; 14] = [
    PEER_REGION,
    HOME_REGION,
    JOURNAL_TABLE,
    JOURNAL_SHARDS,
    SESSIONS_TABLE,
    ORDER_QUEUE,
    DATABASE_ENDPOINT,
    PEER_DATABASE_ENDPOINT,
    DATABASE_NAME,
    DATABASE_USER,
    DATABASE_TLS,
    DATABASE_CONNECTIONS,
    LISTEN,
    DRAIN_S,
];

/// What the container `orders-worker` reads, beside its region.
pub const OF_ORDERS_WORKER: [&str; 12] = [
    PEER_REGION,
    HOME_REGION,
    JOURNAL_TABLE,
    JOURNAL_SHARDS,
    ORDER_QUEUE,
    DEAD_LETTER_QUEUE,
    DATABASE_ENDPOINT,
    PEER_DATABASE_ENDPOINT,
    DATABASE_NAME,
    DATABASE_USER,
    DATABASE_TLS,
    DATABASE_CONNECTIONS,
];
