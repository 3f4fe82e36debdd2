import { Place } from '../place';
import { WORKFLOWS } from '../permissions';
import { BUCKETS } from '../stacks/storage';
import { AlarmSpec } from './alarm';
import { metric, Metric, sumOf } from './metric';

export function ofQueue(place: Place, purpose: string, name: string): Metric {
  return metric('AWS/SQS', name, { QueueName: place.name('queue', purpose) }, 'Maximum');
}

export function queues(place: Place): AlarmSpec[] {
  const { queueAge } = place.config.alarms;
  const noData = 'SQS reports nothing of a queue that has been quiet for hours.';
  const holds = (purpose: string, queue: string, meaning: string, first: string): AlarmSpec => ({
    purpose,
    measure: ofQueue(place, queue, 'ApproximateNumberOfMessagesVisible'),
    bad: ['>=', 1],
    meaning,
    first,
    noData,
  });
  return [
    {
      purpose: 'queue-age',
      measure: ofQueue(place, 'orders', 'ApproximateAgeOfOldestMessage'),
      bad: ['>', queueAge],
      lasting: [3, 3],
      meaning: `An order waits for more than ${queueAge} s to be settled.`,
      first:
        "expected until a recovery settles again; else see the processor's errors and throttles, and the database.",
      noData,
    },
    holds(
      'dead-letters',
      'orders-dead-letter',
      'Messages that can never be settled were put aside; each has its reason as an attribute.',
      'read the reason; an order is in the journal and can be queued again once the cause is gone.',
    ),
    holds(
      'failed-invocations',
      'failed-invocations',
      'Invocations that nobody waits for were given up.',
      "read the message: it says which function and why; the next minute's watch makes up for one of the sentinel's.",
    ),
    holds(
      'undelivered-events',
      'undelivered-events',
      'Announcements of a recovery reached nobody.',
      "read them in the queue: they say what happened; then see the topic's policy and key.",
    ),
    holds(
      'unforwarded-events',
      'unforwarded-events',
      'Critical events did not reach the record in the other region.',
      "expected while that region is out for more than a day; else see its bus's policy and the forwarder's role.",
    ),
  ];
}

export function buckets(place: Place): AlarmSpec[] {
  const noData = 'S3 reports a rule from a quarter of an hour after it was made.';
  const replicated = (name: string, purpose: string, from: Place, to: Place, stat?: string) =>
    metric(
      'AWS/S3',
      name,
      { SourceBucket: from.bucket(purpose), DestinationBucket: to.bucket(purpose), RuleId: 'everything' },
      stat,
    );
  return Object.values(BUCKETS).flatMap((purpose): AlarmSpec[] => [
    {
      purpose: `${purpose}-bucket-late`,
      measure: replicated('ReplicationLatency', purpose, place.peer, place, 'Maximum'),
      bad: ['>', 900],
      lasting: [3, 5],
      meaning: `Objects of the other region's ${purpose} bucket take more than a quarter of an hour to this one.`,
      first: 'see AWS Health for S3 in both regions; what is written meanwhile is in the other region alone.',
      noData,
    },
    {
      purpose: `${purpose}-bucket-failed`,
      measure: replicated('OperationsFailedReplication', purpose, place, place.peer),
      bad: ['>=', 1],
      period: 300,
      meaning: `Objects of the ${purpose} bucket were not replicated, and S3 does not try again.`,
      first: "see the role's permissions and both keys, then replicate what failed with S3 Batch Replication.",
      noData,
    },
  ]);
}

export function workflow(place: Place): AlarmSpec[] {
  const schedules = (name: string) => metric('AWS/Scheduler', name, { ScheduleGroup: 'default' });
  const executions = WORKFLOWS.map((purpose): AlarmSpec => {
    const dimensions = { StateMachineArn: place.workflowArn(purpose) };
    const names = ['ExecutionsFailed', 'ExecutionsTimedOut', 'ExecutionsAborted'];
    return {
      purpose: `${purpose}-executions`,
      measure: sumOf(names.map((name) => metric('AWS/States', name, dimensions))),
      bad: ['>=', 1],
      meaning: `An execution of the ${purpose} workflow failed, took too long or was stopped.`,
      first: 'read its history; the sentinel starts another attempt some minutes later, a limited number of times.',
      noData: 'Step Functions reports what ran.',
    };
  });
  const undelivered = (rule: string, onBus: Record<string, string>, meaning: string, target: string): AlarmSpec => ({
    purpose: `${rule}-undelivered`,
    measure: sumOf(
      ['FailedInvocations', 'InvocationsFailedToBeSentToDlq'].map((name) =>
        metric('AWS/Events', name, { ...onBus, RuleName: place.name('rule', rule) }),
      ),
    ),
    bad: ['>=', 1],
    meaning,
    first: `see the queue of undelivered events, and the policy of the ${target}.`,
    noData: 'EventBridge reports what is not zero.',
  });
  const bus = { EventBusName: place.name('bus', 'recovery') };
  const rules = ['announcements', 'forwarding', 'peer-events'].map((rule) =>
    undelivered(rule, bus, "Events of the recovery's bus could not be delivered.", 'target'),
  );
  return [
    ...executions,
    ...rules,
    undelivered('database-events', {}, 'What RDS says of the database could not be delivered.', 'topic'),
    {
      purpose: 'schedules-missed',
      measure: sumOf(
        [
          'TargetErrorCount',
          'TargetErrorThrottledCount',
          'InvocationThrottleCount',
          'InvocationDroppedCount',
          'InvocationsFailedToBeSentToDeadLetterCount',
        ].map(schedules),
      ),
      bad: ['>=', 1],
      lasting: [2, 5],
      meaning:
        'Schedules of this region did not start what they should, again and again; others of this account count too.',
      first: 'read the queue of failed invocations; if the sentinel is throttled, its reservation is too small.',
      noData: 'EventBridge Scheduler reports what went wrong only when it did.',
    },
  ];
}
