import { CfnDashboard } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { Place } from '../place';
import { ofMethod, ofStage, ROUTES } from './api';
import { COMPOSITES } from './composite';
import { lagOf, ofCluster, ofTable } from './data';
import { ofQueue } from './delivery';
import { ofFunction, WATCHED_NAMES } from './functions';
import { Computed, Metric, metric, own } from './metric';

interface Widget {
  type: string;
  properties: object;
}
type Line = (at: Place) => [label: string, shows: Metric | Computed];

/** The region's dashboard, which shows both regions. */
export function addDashboard(scope: Construct, place: Place): void {
  const rows = [...business(place), ...lead(place), ...callers(place), ...functions(place), ...data(place)];
  new CfnDashboard(scope, 'Dashboard', {
    dashboardName: place.name('dashboard', place.region),
    dashboardBody: JSON.stringify({ start: '-PT3H', periodOverride: 'inherit', widgets: arranged(rows) }),
  });
}

type Row = [height: number, ...widgets: Widget[]];

/** Rows below each other, whose widgets share the 24 columns evenly. */
function arranged(rows: Row[]): object[] {
  let y = 0;
  return rows.flatMap(([height, ...widgets]) => {
    const width = 24 / widgets.length;
    const row = widgets.map(({ type, properties }, index) => ({
      type,
      x: index * width,
      y,
      width,
      height,
      properties,
    }));
    y += height;
    return row;
  });
}

/** Each line in both regions, home first. */
function lines(place: Place, of: Line[]): object[] {
  return of.flatMap((line) =>
    [place.home, place.standby].map((at) => {
      const [name, shows] = line(at);
      const label = `${at.region} ${name}`.trimEnd();
      return 'expression' in shows
        ? [{ expression: shows.expression, label, region: at.region }]
        : [shows.namespace, shows.name, ...shows.dimensions.flat(), { label, region: at.region, stat: shows.stat }];
    }),
  );
}

function graph(place: Place, title: string, of: Line[], limit?: [label: string, value: number]): Widget {
  return {
    type: 'metric',
    properties: {
      title,
      view: 'timeSeries',
      stacked: false,
      region: place.region,
      period: 60,
      stat: 'Sum',
      metrics: lines(place, of),
      yAxis: { left: { min: 0 } },
      annotations: limit && { horizontal: [{ label: limit[0], value: limit[1] }] },
    },
  };
}

function figures(place: Place, title: string, of: Line[]): Widget {
  const { type, properties } = graph(place, title, of);
  return { type, properties: { ...properties, view: 'singleValue', yAxis: undefined } };
}

/** One of our own figures. */
const figure =
  (label: string, service: string, name: string, stat?: string): Line =>
  () => [label, own(service, name, stat)];

function business(place: Place): Row[] {
  const { config } = place;
  const { queueAge } = config.alarms;
  const count = (title: string, service: string, name: string) => figures(place, title, [figure('', service, name)]);
  const state = (at: Place): Widget => ({
    type: 'alarm',
    properties: {
      title: `${at.region} as a whole`,
      alarms: COMPOSITES.map(({ purpose }) => at.arn('cloudwatch', `alarm:${at.name('alarm', purpose)}`)),
    },
  });
  const markdown = `# ${config.name} (${config.environment})\nHome is ${config.home}, ${config.standby} stands by. What each alarm means and what to do first: \`docs/alarms.md\`.`;
  return [
    [2, { type: 'text', properties: { markdown } }],
    [
      3,
      count('Orders accepted', 'orders-api', 'OrdersAccepted'),
      count('Orders settled', 'order-processor', 'OrdersSettled'),
      count('Orders unavailable', 'orders-api', 'OrdersUnavailable'),
      count('Orders replayed', 'recovery-step', 'OrdersReplayed'),
    ],
    [
      6,
      graph(place, 'Orders per minute', [
        figure('accepted', 'orders-api', 'OrdersAccepted'),
        figure('settled', 'order-processor', 'OrdersSettled'),
        figure('replayed', 'recovery-step', 'OrdersReplayed'),
      ]),
      graph(
        place,
        'From acceptance to settlement, ms',
        [figure('p99', 'order-processor', 'SettlementLag', 'p99')],
        [`${queueAge} s`, queueAge * 1000],
      ),
    ],
    [3, state(place.home), state(place.standby)],
  ];
}

function lead(place: Place): Row[] {
  const sentinel = (name: string, stat?: string) => [figure('', 'sentinel', name, stat)];
  const executions =
    (label: string, name: string): Line =>
    (at) => [label, metric('AWS/States', name, { StateMachineArn: at.workflowArn('failover') })];
  return [
    [
      5,
      graph(place, 'Owner of the lease', sentinel('LeaseOwned', 'Minimum')),
      graph(place, 'Epoch', sentinel('LeaseEpoch', 'Maximum')),
      graph(place, 'Age of the lease, s', sentinel('LeaseAge', 'Maximum'), ['TTL', place.config.lease.ttl]),
      graph(place, 'Ready to serve', sentinel('RegionReady', 'Minimum')),
    ],
    [
      5,
      graph(place, 'Ticks of the watch', sentinel('WatchTicks')),
      graph(place, 'Probes of the peer', [
        figure('answered', 'sentinel', 'ProbesAnswered'),
        figure('failed', 'sentinel', 'ProbesFailed'),
      ]),
      graph(place, 'Recoveries', [
        executions('started', 'ExecutionsStarted'),
        executions('succeeded', 'ExecutionsSucceeded'),
        executions('failed', 'ExecutionsFailed'),
      ]),
      graph(place, 'Moves of the lease, and what came of them', [
        figure('taken', 'sentinel', 'LeasesTaken'),
        figure('recovered', 'recovery-step', 'RecoveriesCompleted'),
        figure('escalated', 'recovery-step', 'RecoveriesEscalated'),
      ]),
    ],
    [
      5,
      graph(place, 'Refused and repeated settlements', [
        figure('fenced', 'order-processor', 'SettlementsFenced'),
        figure('queued again', 'sentinel', 'OrdersQueuedAgain'),
        figure('poison', 'order-processor', 'MessagesPoisoned'),
      ]),
      graph(place, 'Sessions', [
        figure('stale', 'orders-api', 'SessionsStale'),
        figure('conflicted', 'orders-api', 'SessionsConflicted'),
      ]),
      graph(place, 'Differences', [
        figure('found', 'reconciler', 'DifferencesFound', 'Maximum'),
        figure('unexplained', 'reconciler', 'DifferencesUnexplained', 'Maximum'),
        figure('queued again', 'reconciler', 'DifferencesRepaired'),
      ]),
      graph(place, 'Compared up to, s ago', [figure('', 'reconciler', 'ComparedAge', 'Maximum')]),
    ],
  ];
}

function callers(place: Place): Row[] {
  const limit = place.config.alarms.apiLatencyMs;
  return [
    [
      6,
      graph(place, 'Requests, checks included', [(at) => ['', ofStage(at, 'Count')]]),
      graph(place, 'Errors, checks included', [
        (at) => ['5xx', ofStage(at, '5XXError')],
        (at) => ['4xx', ofStage(at, '4XXError')],
      ]),
      graph(
        place,
        'Latency, p99, ms',
        ROUTES.map(
          ([method, path]): Line =>
            (at) => [`${method} ${path}`, ofMethod(at, 'Latency', method, path, 'p99')],
        ),
        [`${limit} ms`, limit],
      ),
    ],
  ];
}

function functions(place: Place): Row[] {
  const { queueAge } = place.config.alarms;
  const each = (name: string, stat?: string) =>
    WATCHED_NAMES.map(
      (one): Line =>
        (at) => [one, ofFunction(at, one, name, stat)],
    );
  return [
    [
      6,
      graph(place, 'Errors', each('Errors')),
      graph(place, 'Throttles', each('Throttles')),
      graph(place, 'Duration, p99, ms', each('Duration', 'p99')),
      graph(place, 'Instances', each('ConcurrentExecutions', 'Maximum')),
    ],
    [
      5,
      graph(
        place,
        'Oldest order in the queue, s',
        [(at) => ['', ofQueue(at, 'orders', 'ApproximateAgeOfOldestMessage')]],
        [`${queueAge} s`, queueAge],
      ),
      graph(place, 'Messages', [
        (at) => ['orders', ofQueue(at, 'orders', 'ApproximateNumberOfMessagesVisible')],
        (at) => ['dead letters', ofQueue(at, 'orders-dead-letter', 'ApproximateNumberOfMessagesVisible')],
      ]),
    ],
  ];
}

function data(place: Place): Row[] {
  const { replicationLag } = place.config.alarms;
  const cluster = (name: string): Line[] => [(at) => ['', ofCluster(at, name, 'Maximum')]];
  return [
    [
      6,
      graph(
        place,
        'Database behind, ms',
        [
          (at) => ['volume', lagOf(at, 'AuroraGlobalDBReplicationLag')],
          (at) => ['commits', lagOf(at, 'AuroraGlobalDBRPOLag')],
        ],
        [`${replicationLag} s`, replicationLag * 1000],
      ),
      graph(place, 'Processors, %', cluster('CPUUtilization')),
      graph(place, 'Connections', cluster('DatabaseConnections')),
      graph(place, 'Deadlocks per second', cluster('Deadlocks')),
    ],
    [
      6,
      graph(place, 'Journal, p99, ms', [
        (at) => ['PutItem', ofTable(at, 'journal', 'SuccessfulRequestLatency', { Operation: 'PutItem' }, 'p99')],
      ]),
      graph(place, 'Sessions to the other region, ms', [
        (at) => ['', ofTable(at, 'sessions', 'ReplicationLatency', { ReceivingRegion: at.peer.region }, 'Maximum')],
      ]),
    ],
  ];
}
