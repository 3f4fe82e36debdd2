import { DATABASE_NAME, DATABASE_PORT, DATABASE_USER } from './config';
import { Place } from './place';

/** The environment of a region's functions. */
export function environmentOf(place: Place): Record<string, string> {
  const { config, peer } = place;
  const settings: Record<string, string | number> = {
    HOME_REGION: config.home,
    PEER_REGION: peer.region,
    JOURNAL_TABLE: place.name('table', 'journal'),
    JOURNAL_SHARDS: config.journal.shards,
    SESSIONS_TABLE: place.name('table', 'sessions'),
    ORDER_QUEUE: place.name('queue', 'orders'),
    DEAD_LETTER_QUEUE: place.name('queue', 'orders-dead-letter'),
    DATABASE_ENDPOINT: `${place.parameter('database/host')}:${DATABASE_PORT}`,
    PEER_DATABASE_ENDPOINT: `${place.parameter('peer/database-host')}:${DATABASE_PORT}`,
    DATABASE_NAME,
    DATABASE_USER,
    DATABASE_TLS: 'require',
    GLOBAL_CLUSTER: place.name('global-cluster', 'orders'),
    DATABASE_CLUSTER: place.clusterName,
    STATE_MACHINE_ARN: place.workflowArn('failover'),
    SWITCH_PARAMETER: place.parameterName('automation'),
    EVENT_BUS: place.name('bus', 'recovery'),
    OWN_URL: `https://${place.host}`,
    PEER_URL: `https://${peer.host}`,
    PUBLIC_URL: `https://${place.publicHost}`,
    HOSTED_ZONE_ID: place.hostedZone,
    LEASE_RENEW_S: config.lease.renew,
    LEASE_TTL_S: config.lease.ttl,
    LEASE_MARGIN_S: config.lease.margin,
    COOLDOWN_S: config.lease.cooldown,
    DATABASE_PATIENCE_S: config.lease.databasePatience,
    SENTINEL_WATCH_S: config.sentinel.watch,
    PROBE_INTERVAL_S: config.sentinel.probeInterval,
    PROBE_FAILURES: config.sentinel.probeFailures,
    REPLAY_MARGIN_S: config.journal.replayMargin,
  };
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [`STANDFAST_${name}`, `${value}`]));
}
