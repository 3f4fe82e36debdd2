import { Place } from '../place';
import { AlarmSpec } from './alarm';
import { metric, Metric, sumOf } from './metric';

interface Watched {
  name: string;
  timeout: number;
  /** Whether one failure is worth a word, for it runs seldom. */
  seldom?: boolean;
  /** What is told of its errors: a share of its invocations, each one, or nothing. */
  errors?: 'share' | 'each';
  /** Whether it is invoked by what does not wait. */
  lost?: boolean;
}

const WATCHED: Watched[] = [
  { name: 'orders-api', timeout: 10, errors: 'share' },
  { name: 'order-processor', timeout: 30, errors: 'share' },
  { name: 'sentinel', timeout: 180, errors: 'share', lost: true },
  { name: 'recovery-step', timeout: 30, seldom: true },
  { name: 'stack-hook', timeout: 900, seldom: true, errors: 'each', lost: true },
  { name: 'preflight', timeout: 90, seldom: true, errors: 'each', lost: true },
  { name: 'database-keeper', timeout: 120, seldom: true, errors: 'each', lost: true },
  { name: 'reconciler', timeout: 180, seldom: true, errors: 'each', lost: true },
];
export const WATCHED_NAMES = WATCHED.map(({ name }) => name);
const NO_DATA = 'Lambda reports what was invoked.';

export function ofFunction(place: Place, name: string, metricName: string, stat?: string): Metric {
  return metric('AWS/Lambda', metricName, { FunctionName: place.name('function', name) }, stat);
}

export function functions(place: Place): AlarmSpec[] {
  return [...WATCHED.flatMap((watched) => ofOne(place, watched)), concurrency()];
}

function ofOne(place: Place, { name, timeout, seldom, errors, lost }: Watched): AlarmSpec[] {
  const found: AlarmSpec[] = [
    {
      purpose: `${name}-throttles`,
      measure: ofFunction(place, name, 'Throttles'),
      bad: ['>=', 1],
      lasting: seldom ? [1, 1] : [2, 5],
      meaning: `Invocations of ${name} find no instance.`,
      first:
        'see `concurrency`, and which function of the account uses up the instances; reservations are in the compute stack.',
      noData: NO_DATA,
    },
    {
      purpose: `${name}-duration`,
      measure: ofFunction(place, name, 'Duration', 'Maximum'),
      bad: ['>', timeout * 900],
      lasting: seldom ? [1, 1] : [3, 5],
      meaning: `An invocation of ${name} takes more than 90 % of its timeout.`,
      first: 'see its traces for the call that is slow; what is cut off is tried again by whoever invoked it.',
      noData: NO_DATA,
    },
  ];
  const first = 'read its log from the first error on; the trace says which call failed.';
  if (errors === 'share') {
    const percent = place.config.alarms.errorPercent;
    found.push({
      purpose: `${name}-errors`,
      measure: {
        expression: 'IF(whole > 0, 100 * FILL(part, 0) / whole, 0)',
        metrics: { part: ofFunction(place, name, 'Errors'), whole: ofFunction(place, name, 'Invocations') },
      },
      bad: ['>', percent],
      lasting: [3, 5],
      meaning: `More than ${percent} % of the invocations of ${name} fail, for minutes.`,
      first,
      noData: NO_DATA,
    });
  } else if (errors === 'each') {
    found.push({
      purpose: `${name}-errors`,
      measure: ofFunction(place, name, 'Errors'),
      bad: ['>=', 1],
      period: 300,
      meaning: `${name} has failed.`,
      first,
      noData: NO_DATA,
    });
  }
  if (lost) {
    found.push({
      purpose: `${name}-lost`,
      measure: sumOf(['AsyncEventsDropped', 'DestinationDeliveryFailures'].map((one) => ofFunction(place, name, one))),
      bad: ['>=', 1],
      meaning: `Invocations of ${name} that nobody waits for were given up.`,
      first: 'read the queue of failed invocations; if it is empty, the queue itself could not be reached.',
      noData: NO_DATA,
    });
  }
  return found;
}

function concurrency(): AlarmSpec {
  const usage = { Service: 'Lambda', Type: 'Resource', Resource: 'ConcurrentExecutions', Class: 'None' };
  return {
    purpose: 'concurrency',
    measure: {
      expression: '100 * claimed / SERVICE_QUOTA(usage)',
      metrics: {
        claimed: metric('AWS/Lambda', 'ClaimedAccountConcurrency', {}, 'Maximum'),
        usage: metric('AWS/Usage', 'ConcurrentExecutions', usage, 'Maximum'),
      },
    },
    bad: ['>', 80],
    lasting: [3, 5],
    meaning: 'More than 80 % of the instances that Lambda gives this account here are claimed.',
    first:
      "see which function grows; ask AWS for a higher quota in both regions, for a failover brings the other's load.",
    noData: NO_DATA,
  };
}
