import { DATABASE_NAME, DATABASE_PORT, MASTER_USER } from './config';
import { ALL_FUNCTIONS, databaseUser, FunctionName, IDLE_FUNCTIONS } from './permissions';
import { Place } from './place';

/** The environment of one of a region's functions. */
export function environmentOf(place: Place, name: FunctionName): Record<string, string> {
  const { config, peer } = place;
  const settings: Record<string, string | number | boolean> = {
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
    DATABASE_TLS: 'require',
    GLOBAL_CLUSTER: place.name('global-cluster', 'orders'),
    DATABASE_CLUSTER: place.clusterName,
    STATE_MACHINE_ARN: place.workflowArn('failover'),
    FAILBACK_STATE_MACHINE_ARN: place.workflowArn('failback'),
    SWITCH_PARAMETER: place.parameterName('automation'),
    EVENT_BUS: place.name('bus', 'recovery'),
    AUDIT_BUCKET: place.bucket('audit'),
    OWN_URL: `https://${place.host}`,
    PEER_URL: `https://${peer.host}`,
    PUBLIC_URL: `https://${place.publicHost}`,
    LEASE_RENEW_S: config.lease.renew,
    LEASE_TTL_S: config.lease.ttl,
    LEASE_MARGIN_S: config.lease.margin,
    COOLDOWN_S: config.lease.cooldown,
    DATABASE_PATIENCE_S: config.lease.databasePatience,
    SENTINEL_WATCH_S: config.sentinel.watch,
    PROBE_INTERVAL_S: config.sentinel.probeInterval,
    PROBE_FAILURES: config.sentinel.probeFailures,
    REPLAY_MARGIN_S: config.journal.replayMargin,
    FAILBACK_AUTOMATIC: config.failback.automatic,
    FAILBACK_DWELL_S: config.failback.dwell,
    FAILBACK_LAG_MS_MAX: config.failback.lagMsMax,
    ...loginOf(place, name),
    ...(name === 'preflight' ? preflightEnvironment(place) : {}),
    ...(name === 'recovery-step' ? stepEnvironment(place) : {}),
  };
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [`STANDFAST_${name}`, `${value}`]));
}

/** Who the function is to the database; the keeper alone learns where the master user's login is. */
function loginOf(place: Place, name: FunctionName): Record<string, string> {
  return name === 'database-keeper'
    ? { DATABASE_USER: MASTER_USER, DATABASE_SECRET: place.databaseSecret }
    : { DATABASE_USER: databaseUser(name) };
}

/** What the steps of a recovery know beside that: no other function moves traffic. */
function stepEnvironment(place: Place): Record<string, string> {
  return { HOSTED_ZONE_ID: place.hostedZone };
}

/** What the preflight knows beside that. */
function preflightEnvironment(place: Place): Record<string, string> {
  const { config, peer } = place;
  return {
    REPLICATION_LAG_S: `${config.alarms.replicationLag}`,
    OBSERVER_ROLE_ARN: peer.roleArn('observer'),
    OBSERVER_EXTERNAL_ID: place.name('observer', 'preflight'),
    FUNCTIONS: ALL_FUNCTIONS.map((name) => place.name('function', name)).join(','),
    IDLE_FUNCTIONS: IDLE_FUNCTIONS.map((name) => place.name('function', name)).join(','),
    WATCH_SCHEDULE: place.name('schedule', 'watch'),
    PEER_DATABASE_CLUSTER: peer.clusterName,
    RECOVERY_ROLE_ARN: place.roleArn('recovery-step'),
    SENTINEL_ROLE_ARN: place.roleArn('sentinel'),
    FAILOVER_ROLE_ARN: place.roleArn('failover'),
    FAILBACK_ROLE_ARN: place.roleArn('failback'),
    STEP_FUNCTION_ARN: place.functionArn('recovery-step'),
    WORKFLOW_DIGESTS_PARAMETER: place.parameterName('workflow/digests'),
    BUCKETS: ['config', 'audit'].map((purpose) => place.bucket(purpose)).join(','),
  };
}
