import { Place } from '../place';
import { AlarmSpec } from './alarm';
import { Computed, metric, Metric, sumOf } from './metric';

export function ofCluster(place: Place, name: string, stat: string): Metric {
  return metric('AWS/RDS', name, { DBClusterIdentifier: place.clusterName }, stat);
}

/** A metric whose further dimensions nobody knows beforehand. */
export function lagOf(place: Place, name: string): Computed {
  const expression = `SELECT MAX(${name}) FROM "AWS/RDS" WHERE DBClusterIdentifier = '${place.clusterName}'`;
  return { expression, metrics: {}, period: 60 };
}

export function ofTable(
  place: Place,
  purpose: string,
  name: string,
  more: Record<string, string> = {},
  stat?: string,
): Metric {
  return metric('AWS/DynamoDB', name, { TableName: place.name('table', purpose), ...more }, stat);
}

export function database(place: Place): AlarmSpec[] {
  const { alarms, database } = place.config;
  const leading = 'the region that leads has none, and `database-silent` tells of a cluster that is gone.';
  const silent = '`database-silent` tells of a cluster without an instance.';
  const behind = (purpose: string, name: string, meaning: string, first: string): AlarmSpec => ({
    purpose,
    measure: lagOf(place, name),
    bad: ['>', alarms.replicationLag * 1000],
    lasting: [3, 5],
    meaning,
    first,
    noData: leading,
  });
  const instance = (
    purpose: string,
    name: string,
    bad: AlarmSpec['bad'],
    meaning: string,
    first: string,
    more: Partial<AlarmSpec> = {},
  ): AlarmSpec => ({
    purpose: `database-${purpose}`,
    measure: ofCluster(place, name, bad[0] === '<' ? 'Minimum' : 'Maximum'),
    bad,
    lasting: [3, 5],
    meaning,
    first,
    noData: silent,
    ...more,
  });
  return [
    behind(
      'replication-lag',
      'AuroraGlobalDBReplicationLag',
      `This region's database is more than ${alarms.replicationLag} s behind the one it follows.`,
      'see the load of the leading database and AWS Health; a recovery now would replay that much from the journal.',
    ),
    behind(
      'commits-missing',
      'AuroraGlobalDBRPOLag',
      `This region's database lacks the commits of more than ${alarms.replicationLag} s.`,
      'as for replication-lag; no order is lost, for the journal has them.',
    ),
    {
      purpose: 'database-silent',
      measure: ofCluster(place, 'CPUUtilization', 'SampleCount'),
      bad: ['<', 1],
      lasting: [5, 5],
      missing: 'breaching',
      meaning:
        "No instance of this region's database has reported for five minutes: it cannot settle, or cannot be promoted.",
      first: "see the cluster's instances and events; add an instance if it has none.",
      noData: 'a cluster without an instance reports nothing, which is what this is for.',
    },
    instance(
      'cpu',
      'CPUUtilization',
      ['>', 80],
      "An instance's processors are busy for more than 80 % of the time.",
      'see the top statements in Performance Insights; a larger instance class is a setting of the deployment.',
      { lasting: [10, 15] },
    ),
    instance(
      'connections',
      'DatabaseConnections',
      ['>', database.connectionsMax],
      'An instance has most of the connections it takes: new ones will be refused.',
      "see which service holds them (`pg_stat_activity`), and the processor's concurrency.",
    ),
    instance(
      'deadlocks',
      'Deadlocks',
      ['>', 0],
      'Transactions of the database wait for each other again and again.',
      "read both statements in the database's log; settlement itself takes its locks in one order.",
    ),
    instance(
      'local-storage',
      'FreeLocalStorage',
      ['<', 2_147_483_648],
      'An instance has little room for temporary tables and logs; the volume itself grows by itself.',
      'find the statement that sorts or keeps much, or use a larger instance class.',
    ),
    instance(
      'transaction-ids',
      'MaximumUsedTransactionIDs',
      ['>', 1_000_000_000],
      'Vacuum does not keep up: at two billion transaction ids the database stops taking writes.',
      'see which old transaction or replication slot keeps vacuum from its work.',
      { lasting: [3, 3], period: 300 },
    ),
  ];
}

const TABLES = [
  {
    purpose: 'journal',
    operations: ['BatchGetItem', 'GetItem', 'PutItem', 'Query'],
    throttled: 'orders are answered with 503 and repeated by their clients.',
  },
  { purpose: 'sessions', operations: ['GetItem', 'PutItem'], throttled: 'sessions are answered with 503.' },
];

export function tables(place: Place): AlarmSpec[] {
  const noData = 'DynamoDB reports what is not zero.';
  const each = TABLES.flatMap(({ purpose, operations, throttled }): AlarmSpec[] => [
    {
      purpose: `${purpose}-throttled`,
      measure: sumOf(['ReadThrottleEvents', 'WriteThrottleEvents'].map((name) => ofTable(place, purpose, name))),
      bad: ['>=', 1],
      lasting: [2, 3],
      meaning: `DynamoDB throttles the table of the ${purpose}: ${throttled}`,
      first:
        "see whether one partition is hot or the account's quota is reached; shards are a setting of the deployment.",
      noData,
    },
    {
      purpose: `${purpose}-errors`,
      measure: sumOf(operations.map((operation) => ofTable(place, purpose, 'SystemErrors', { Operation: operation }))),
      bad: ['>=', 1],
      lasting: [3, 5],
      meaning: `DynamoDB fails calls on the table of the ${purpose}, in this region.`,
      first: 'see AWS Health; a region whose journal does not answer loses the lease by itself.',
      noData,
    },
  ]);
  const replication: AlarmSpec = {
    purpose: 'sessions-replication',
    measure: ofTable(place, 'sessions', 'ReplicationLatency', { ReceivingRegion: place.peer.region }, 'Maximum'),
    bad: ['>', place.config.alarms.replicationLag * 1000],
    lasting: [3, 5],
    meaning: `Sessions written here take more than ${place.config.alarms.replicationLag} s to the other region.`,
    first: 'see AWS Health for DynamoDB in both regions; clients that move then read `stale_session`.',
    noData: 'without a write there is nothing to replicate.',
  };
  return [...each, replication];
}
