//! The groups themselves: which variables belong together, and their types.

use super::*;
use recovery::lease::{self, DRAIN_LIMIT, Timing};

group! {
    /// The two regions, seen from this one.
    Regions {
        /// The region this service runs in.
        own: Region = required OWN_REGION,
        /// The other one.
        peer: Region = required setting::PEER_REGION,
        /// The one of the two that the deployment prefers as primary.
        home: Region = required setting::HOME_REGION,
    }
}

group! {
    /// The journal, in the table that also holds the lease.
    Journal {
        /// Name of the table.
        table: String = required setting::JOURNAL_TABLE,
        /// Partitions per minute.
        shards: u32 = required setting::JOURNAL_SHARDS,
    }
}

group! {
    /// The table of sessions.
    Sessions {
        /// Name of the table.
        table: String = required setting::SESSIONS_TABLE,
    }
}

group! {
    /// The queue that wakes the processor.
    Queue {
        /// Name of the order queue.
        name: String = required setting::ORDER_QUEUE,
    }
}

group! {
    /// Where messages go that no retry can help.
    DeadLetters {
        /// Name of the dead-letter queue.
        name: String = required setting::DEAD_LETTER_QUEUE,
    }
}

group! {
    /// The databases of both regions.
    Database {
        /// Writer endpoint of this region's own cluster.
        endpoint: Endpoint = required setting::DATABASE_ENDPOINT,
        /// Writer endpoint of the peer's cluster.
        peer_endpoint: Endpoint = required setting::PEER_DATABASE_ENDPOINT,
        /// Name of the database.
        name: String = required setting::DATABASE_NAME,
        /// User; the password is an IAM authentication token.
        user: String = required setting::DATABASE_USER,
        /// Whether a database that offers no TLS is refused.
        tls: Tls = required setting::DATABASE_TLS,
        /// PEM file of the authorities that sign its certificate; `None`: Amazon RDS's own.
        ca_file: Option<PathBuf> = optional setting::DATABASE_CA_FILE,
        /// Connections that one process keeps to each database at most; `None`: one.
        connections: Option<u32> = optional setting::DATABASE_CONNECTIONS,
    }
}

group! {
    /// The login of the database's master user.
    MasterSecret {
        /// Name of the secret, the same in both regions.
        name: String = required setting::DATABASE_SECRET,
    }
}

group! {
    /// The Aurora clusters, as the RDS API knows them.
    Clusters {
        /// Identifier of the global cluster.
        global: String = required setting::GLOBAL_CLUSTER,
        /// Identifier of this region's cluster.
        own: String = required setting::DATABASE_CLUSTER,
    }
}

group! {
    /// The lease's timings.
    LeaseTimings {
        /// Between two renewals.
        renew: Duration = required setting::LEASE_RENEW_S,
        /// Without a renewal for this long, the lease may be taken.
        ttl: Duration = required setting::LEASE_TTL_S,
        /// Safety margin on both sides of the TTL.
        margin: Duration = required setting::LEASE_MARGIN_S,
        /// After a move, no further move for this long.
        cooldown: Duration = required setting::COOLDOWN_S,
        /// How long an owner renews without its own database.
        database_patience: Duration = required setting::DATABASE_PATIENCE_S,
    }
}

impl LeaseTimings {
    /// As the decisions take them.
    pub fn timing(&self) -> Timing {
        Timing {
            renew: self.renew,
            ttl: self.ttl,
            margin: self.margin,
            cooldown: self.cooldown,
            database_patience: self.database_patience,
        }
    }
}

group! {
    /// When the system goes home.
    Failback {
        /// Whether an owner away from home starts that by itself.
        automatic: bool = required setting::FAILBACK_AUTOMATIC,
        /// How long home must have been well.
        dwell: Duration = required setting::FAILBACK_DWELL_S,
        /// Milliseconds by which home's database may lag behind.
        lag_ms_max: u32 = required setting::FAILBACK_LAG_MS_MAX,
    }
}

impl Failback {
    /// As the decisions take them.
    pub fn rules(&self) -> lease::Failback {
        lease::Failback { automatic: self.automatic, dwell: self.dwell, drain_limit: DRAIN_LIMIT }
    }
}

group! {
    /// How a sentinel watches.
    Watch {
        /// Length of one invocation's watch.
        length: Duration = required setting::SENTINEL_WATCH_S,
        /// Between two outside probes.
        probe_interval: Duration = required setting::PROBE_INTERVAL_S,
        /// Failed probes in a row that count as an outage.
        probe_failures: u32 = required setting::PROBE_FAILURES,
    }
}

group! {
    /// What starts a recovery or a failback, and what forbids it.
    Trigger {
        /// ARN of this region's failover state machine.
        state_machine_arn: String = required setting::STATE_MACHINE_ARN,
        /// ARN of this region's failback state machine.
        failback_state_machine_arn: String = required setting::FAILBACK_STATE_MACHINE_ARN,
        /// SSM parameter of the off switch.
        switch_parameter: String = required setting::SWITCH_PARAMETER,
    }
}

group! {
    /// The off switch alone.
    Switch {
        /// SSM parameter: `on` lets Standfast act, `off` makes it watch only.
        parameter: String = required setting::SWITCH_PARAMETER,
    }
}

group! {
    /// Where recoveries are announced.
    Announcements {
        /// Name of the event bus; its rule alerts people.
        event_bus: String = required setting::EVENT_BUS,
    }
}

group! {
    /// Where what was announced is kept.
    Audit {
        /// Name of the bucket.
        bucket: String = required setting::AUDIT_BUCKET,
    }
}

group! {
    /// Public endpoints, as clients see them.
    Endpoints {
        /// This region's own.
        own: BaseUrl = required setting::OWN_URL,
        /// The peer's.
        peer: BaseUrl = required setting::PEER_URL,
        /// The one that DNS moves.
        public: BaseUrl = required setting::PUBLIC_URL,
        /// DNS resolver; `None`: the system's own.
        resolver: Option<SocketAddr> = optional setting::RESOLVER,
        /// Whether they ask for no signature, as load balancers do; `None`: calls are signed.
        unsigned: Option<bool> = optional setting::UNSIGNED_CALLS,
    }
}

group! {
    /// The hosted zone of the public name.
    Zone {
        /// Its id.
        id: String = required setting::HOSTED_ZONE_ID,
    }
}

group! {
    /// How far back a replay reaches.
    Replay {
        /// Before the database's watermark.
        margin: Duration = required setting::REPLAY_MARGIN_S,
    }
}

group! {
    /// What a preflight must know beside what the other functions do.
    Preflight {
        /// Seconds by which the replica may lag behind.
        replication_lag: Duration = required setting::REPLICATION_LAG_S,
        /// ARN of the role through which this region may look at the peer.
        observer_role: String = required setting::OBSERVER_ROLE_ARN,
        /// What that role asks of whoever assumes it.
        observer_external_id: String = required setting::OBSERVER_EXTERNAL_ID,
        /// Names of all functions, separated by commas.
        functions: String = required setting::FUNCTIONS,
        /// Names of those that nothing may call for weeks, separated by commas.
        idle_functions: String = required setting::IDLE_FUNCTIONS,
        /// Name of the schedule that starts the sentinel.
        watch_schedule: String = required setting::WATCH_SCHEDULE,
        /// Identifier of the peer region's database cluster.
        peer_cluster: String = required setting::PEER_DATABASE_CLUSTER,
        /// ARN of the role of this region's recovery steps.
        recovery_role: String = required setting::RECOVERY_ROLE_ARN,
        /// ARN of the role of this region's sentinel.
        sentinel_role: String = required setting::SENTINEL_ROLE_ARN,
        /// ARN of the role of this region's failover state machine.
        failover_role: String = required setting::FAILOVER_ROLE_ARN,
        /// ARN of the role of this region's failback state machine.
        failback_role: String = required setting::FAILBACK_ROLE_ARN,
        /// ARN of the function that both state machines call.
        step_function: String = required setting::STEP_FUNCTION_ARN,
        /// SSM parameter that holds the digests of both workflows as they were deployed.
        workflow_digests: String = required setting::WORKFLOW_DIGESTS_PARAMETER,
        /// Names of this region's buckets, separated by commas.
        buckets: String = required setting::BUCKETS,
    }
}

#[cfg(test)]
mod tests;
