import { CfnAlarm, CfnCompositeAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { Place } from '../place';

export const COMPOSITES = [
  {
    purpose: 'region-impaired',
    of: [
      'api-latency',
      'api-server-errors',
      'orders-api-errors',
      'orders-api-throttles',
      'orders-unavailable',
      'region-not-ready',
    ],
    says: 'This region does not serve its callers as it should. First: see which of its alarms rings, and on the dashboard whether the other region serves; a region that is lost is left by itself.',
  },
  {
    purpose: 'recovery-impaired',
    of: [
      'commits-missing',
      'concurrency',
      'database-silent',
      'failover-executions',
      'journal-errors',
      'preflight-gaps',
      'preflight-silent',
      'recovery-escalated',
      'recovery-step-throttles',
      'region-not-ready',
      'replication-lag',
      'schedules-missed',
      'sentinel-errors',
      'sentinel-throttles',
      'switched-off',
      'watch-silent',
    ],
    says: 'If the other region were lost now, this one could not take over as promised. First: mend what its alarms name before anything else is changed: until then there is no second region.',
  },
  {
    purpose: 'data-behind',
    of: [
      'audit-bucket-failed',
      'audit-bucket-late',
      'commits-missing',
      'config-bucket-failed',
      'config-bucket-late',
      'dead-letters',
      'differences-unexplained',
      'orders-queued-again',
      'queue-age',
      'replication-lag',
      'sessions-replication',
      'settlement-lag',
    ],
    says: 'What was acknowledged is not yet where it should be: settlement, replication or both are behind. First: nothing is lost while the journal answers; see whether it is the queue, the database or replication.',
  },
];

export function addComposites(scope: Construct, place: Place, alarms: Map<string, CfnAlarm>): void {
  for (const { purpose, of, says } of COMPOSITES) {
    const composite = new CfnCompositeAlarm(scope, purpose, {
      alarmName: place.name('alarm', purpose),
      alarmDescription: says,
      alarmRule: of.map((name) => `ALARM("${place.name('alarm', name)}")`).join(' OR '),
      alarmActions: [place.alertTopicArn],
      okActions: [place.alertTopicArn],
    });
    of.forEach((name) => {
      const alarm = alarms.get(name);
      if (!alarm) {
        throw new Error(`${purpose} is made of ${name}, which is no alarm`);
      }
      composite.addResourceDependency(alarm);
    });
  }
}
