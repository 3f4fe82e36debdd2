import { Place } from '../place';
import { AlarmSpec } from './alarm';
import { own } from './metric';

const SENTINEL = 'the sentinel reports this, and `watch-silent` tells of its silence.';
const NOT_COUNTED = 'what did not happen is not counted.';

/** Who is in charge, and whether somebody watches. */
export function lease({ config }: Place): AlarmSpec[] {
  return [
    {
      purpose: 'watch-silent',
      measure: own('sentinel', 'WatchTicks'),
      bad: ['<', 1],
      lasting: [3, 3],
      missing: 'breaching',
      meaning:
        'No sentinel has reported for three minutes: this region does not watch, renews no lease and cannot take over.',
      first: "see that the schedule is on and what the sentinel's last log lines say; the other region still watches.",
      noData: 'a dead watch reports nothing, which is what this is for.',
    },
    {
      purpose: 'lease-stale',
      measure: own('sentinel', 'LeaseAge', 'Maximum'),
      bad: ['>', config.lease.ttl],
      meaning: `The lease has not been renewed for more than its TTL of ${config.lease.ttl} s, as this region sees it.`,
      first:
        "see whether a take-over follows (lease-taken); if not, why the standby holds: its sentinel's log says so.",
      noData: SENTINEL,
    },
    {
      purpose: 'lease-taken',
      measure: own('sentinel', 'LeasesTaken'),
      bad: ['>=', 1],
      meaning:
        'This region has taken the lease and recovers: orders are accepted here, and settled once the workflow is through.',
      first:
        'follow the execution of the failover workflow; do not deploy and change nothing at the databases meanwhile.',
      noData: SENTINEL,
    },
    {
      purpose: 'region-not-ready',
      measure: own('sentinel', 'RegionReady', 'Minimum'),
      bad: ['<', 1],
      lasting: [3, 5],
      meaning: 'This region could not serve: its journal, queue, API or database does not answer its own sentinel.',
      first: "read which of them in the sentinel's log; a standby that is not ready takes no lease.",
      noData: SENTINEL,
    },
    {
      purpose: 'peer-unanswered',
      measure: {
        expression: '100 * failed / (failed + answered)',
        metrics: { failed: own('sentinel', 'ProbesFailed'), answered: own('sentinel', 'ProbesAnswered') },
      },
      bad: ['>', 50],
      lasting: [2, 3],
      meaning: 'The other region does not answer orders from outside, as this region sees it.',
      first:
        "ask the other region's own name from a third place; a take-over follows by itself if the probes go on failing.",
      noData: 'only the standby probes, so the owner of the lease has no data here.',
    },
    {
      purpose: 'switched-off',
      measure: own('sentinel', 'SwitchedOn', 'Minimum'),
      bad: ['<', 1],
      lasting: [6, 6],
      period: 300,
      meaning:
        'Standfast has been switched off in this region, or cannot read its switch, for half an hour: it takes no lease.',
      first: 'turn the switch on again if nobody works on the system (SSM parameter `automation`).',
      noData: SENTINEL,
    },
    {
      purpose: 'recovery-escalated',
      measure: own('recovery-step', 'RecoveriesEscalated'),
      bad: ['>=', 1],
      meaning: 'A recovery has stopped at a step that failed for good: people have to act.',
      first:
        "open the execution's history, and do by the runbook (`standfast workflow --format runbook`) what the step would have done.",
      noData: NOT_COUNTED,
    },
  ];
}

/** Orders and sessions, from acceptance to settlement. */
export function settlement({ config }: Place): AlarmSpec[] {
  const { queueAge } = config.alarms;
  return [
    {
      purpose: 'orders-unavailable',
      measure: own('orders-api', 'OrdersUnavailable'),
      bad: ['>=', 1],
      lasting: [2, 3],
      meaning: 'Orders are not accepted: the journal did not take them. Their clients were told to repeat them.',
      first: "see the journal table's system errors and throttles, and AWS Health for DynamoDB in the three regions.",
      noData: NOT_COUNTED,
    },
    {
      purpose: 'settlement-lag',
      measure: own('order-processor', 'SettlementLag', 'p99'),
      bad: ['>', queueAge * 1000],
      lasting: [3, 5],
      meaning: `1 of 100 orders is settled more than ${queueAge} s after it was accepted.`,
      first: "expected while a recovery catches up; else see the database's load and the processor's errors.",
      noData: NOT_COUNTED,
    },
    {
      purpose: 'settlements-fenced',
      measure: own('order-processor', 'SettlementsFenced'),
      bad: ['>=', 1],
      meaning: "The database's fence has refused a settlement: a processor acted under an epoch that is over.",
      first: "expected for moments around a move; if it goes on, compare the lease's epoch with the table `fence`.",
      noData: NOT_COUNTED,
    },
    {
      purpose: 'orders-queued-again',
      measure: own('sentinel', 'OrdersQueuedAgain'),
      bad: ['>=', 1],
      lasting: [3, 3],
      period: 300,
      meaning:
        'The sweep finds acknowledged orders that nobody settled, again and again: their messages are lost on the way.',
      first: "see whether the API can send to the queue, and what the processor's log says of these orders.",
      noData: NOT_COUNTED,
    },
    {
      purpose: 'sessions-stale',
      measure: own('orders-api', 'SessionsStale'),
      bad: ['>', 3],
      lasting: [3, 5],
      meaning:
        'More sessions than the share allowed for errors are behind what their clients have seen: replication is slow.',
      first: 'see the replication latency of the sessions table; clients that stay in one region do not notice.',
      noData: NOT_COUNTED,
    },
  ];
}

/** Whether this region could take over, asked every hour. */
export function preflight(): AlarmSpec[] {
  return [
    {
      purpose: 'preflight-gaps',
      measure: own('preflight', 'PreflightFailed', 'Maximum'),
      bad: ['>=', 1],
      period: 3600,
      meaning: 'This region could not take over, or could not be relieved: a preflight found gaps.',
      first: "read which in the event or in the preflight's log; `docs/preflight.md` says what to do about each.",
      noData: 'the preflight reports this, and `preflight-silent` tells of its silence.',
    },
    {
      purpose: 'preflight-silent',
      measure: own('preflight', 'PreflightRan'),
      bad: ['<', 1],
      lasting: [2, 2],
      period: 3600,
      missing: 'breaching',
      meaning: 'No preflight has come to its end for two hours: nobody knows whether this region could take over.',
      first: 'see that its schedule is on, and the queue of failed invocations.',
      noData: 'a preflight that does not run reports nothing, which is what this is for.',
    },
  ];
}

/** Whether journal, databases and sessions agree, asked every quarter of an hour. */
export function reconciler(): AlarmSpec[] {
  return [
    {
      purpose: 'differences-unexplained',
      measure: own('reconciler', 'DifferencesUnexplained', 'Maximum'),
      bad: ['>=', 1],
      period: 900,
      meaning:
        'Journal, databases or sessions differ, and nothing explains it: an order may be missing, or may not be what was acknowledged.',
      first:
        "read which in the event or in the reconciler's log; `docs/consistency.md` says what each kind means and what is repaired by itself.",
      noData: 'the reconciler reports this, and `reconciler-silent` tells of its silence.',
    },
    {
      purpose: 'reconciler-behind',
      measure: own('reconciler', 'ComparedAge', 'Maximum'),
      bad: ['>', 3600],
      lasting: [2, 2],
      period: 900,
      meaning: 'Orders were last compared up to more than an hour ago: the reconciler runs and gets no further.',
      first:
        'expected after a longer recovery, and it catches up by itself; else see in its log which minute keeps differences, and `differences-unexplained`.',
      noData: 'the reconciler reports this, and `reconciler-silent` tells of its silence.',
    },
    {
      purpose: 'reconciler-silent',
      measure: own('reconciler', 'ReconcilerRan'),
      bad: ['<', 1],
      lasting: [3, 3],
      period: 900,
      missing: 'breaching',
      meaning:
        'No reconciliation has compared orders for three quarters of an hour: nobody knows whether journal and database agree.',
      first:
        'expected while the lease is recovering or draining; else see that its schedule is on, what its log says it could not compare, and the queue of failed invocations.',
      noData: 'a reconciler that does not run reports nothing, which is what this is for.',
    },
  ];
}
