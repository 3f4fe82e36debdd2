import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CfnEventBus, CfnEventBusPolicy, CfnRule } from 'aws-cdk-lib/aws-events';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import { CfnQueue } from 'aws-cdk-lib/aws-sqs';
import { CfnParameter } from 'aws-cdk-lib/aws-ssm';
import { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { observer } from '../permissions';
import { logGroup, parameter, restingQueue, TapStack } from '../pieces';
import { Place } from '../place';
import { allow, anywhere, role, roleFor } from '../policy';

/** Events that the other region keeps as well. */
const CRITICAL = [
  'recovery completed',
  'recovery escalated',
  'preflight failed',
  'failback completed',
  'failback escalated',
  'differences unexplained',
];

const RETRIES = { maximumRetryAttempts: 185, maximumEventAgeInSeconds: 86_400 };

export class DisasterRecoveryStack extends TapStack {
  constructor(scope: Construct, place: Place) {
    super(scope, place, 'DisasterRecovery', 'watch, recovery workflows and switch');
    const bus = new CfnEventBus(this, 'Bus', { name: place.name('bus', 'recovery') });
    this.announcements(bus);
    this.databaseEvents();
    this.forwarding(new Construct(this, 'Forwarding'), bus);
    this.settings();
    const failover = this.workflow('Failover', 'failover');
    const failback = this.workflow('Failback', 'failback');
    this.schedule(new Construct(this, 'Watch'), 'watch', 'watch', 'sentinel', 'rate(1 minute)', 0, 60);
    this.preflight(new Construct(this, 'Preflight'), [failover, failback]);
    const reconcile = new Construct(this, 'Reconciler');
    this.schedule(reconcile, 'reconcile', 'reconcile-schedule', 'reconciler', 'rate(15 minutes)', 3, 900);
  }

  private announcements(bus: CfnEventBus): void {
    const { place } = this;
    const sender = { sid: 'RulePutsAside', purposes: ['announcements', place.databaseEventsArn] };
    const undelivered = restingQueue(this, 'Undelivered', place, 'undelivered-events', {}, sender);
    this.rule(this, 'Announcements', 'announcements', bus, undelivered, [place.region], {
      id: 'alerts',
      arn: place.alertTopicArn,
    });
  }

  /** What RDS says of the region's database reaches people. */
  private databaseEvents(): void {
    const { place } = this;
    new CfnRule(this, 'DatabaseEvents', {
      name: place.name('rule', 'database-events'),
      description: 'what RDS says of the database',
      eventPattern: {
        source: ['aws.rds'],
        'detail-type': ['RDS DB Cluster Event', 'RDS DB Instance Event'],
        detail: {
          EventCategories: ['failover', 'failure', 'global failover', 'availability', 'maintenance'],
          SourceIdentifier: [...place.databaseInstances, place.clusterName],
        },
      },
      targets: [
        {
          id: 'alerts',
          arn: place.alertTopicArn,
          retryPolicy: RETRIES,
          deadLetterConfig: { arn: place.queueArn('undelivered-events') },
        },
      ],
    });
  }

  /** Critical events go to the other region's bus, and what comes from there is kept. */
  private forwarding(scope: Construct, bus: CfnEventBus): void {
    const { place } = this;
    const { peer } = place;
    const unforwarded = restingQueue(
      scope,
      'Unforwarded',
      place,
      'unforwarded-events',
      {},
      {
        sid: 'RulesSend',
        purposes: ['forwarding', 'peer-events'],
      },
    );
    const forwarder = role(scope, 'Role', place, 'forwarder', 'events.amazonaws.com', [
      allow(['events:PutEvents'], [peer.eventBusArn]),
    ]);
    const target = { id: 'peer', arn: peer.eventBusArn, roleArn: forwarder.attrArn };
    this.rule(scope, 'Rule', 'forwarding', bus, unforwarded, [place.region], target, CRITICAL);
    const record = restingQueue(
      scope,
      'PeerEvents',
      place,
      'peer-events',
      {},
      {
        sid: 'RulesSend',
        purposes: ['peer-events'],
      },
    );
    new CfnEventBusPolicy(scope, 'BusPolicy', {
      eventBusName: bus.ref,
      statementId: 'PeerForwards',
      statement: {
        Sid: 'PeerForwards',
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${place.config.account}:root` },
        Action: 'events:PutEvents',
        Resource: place.eventBusArn,
        Condition: { ArnEquals: { 'aws:PrincipalArn': peer.roleArn('forwarder') } },
      },
    });
    const kept = { id: 'record', arn: record.attrArn };
    this.rule(scope, 'RecordRule', 'peer-events', bus, unforwarded, [peer.region], kept);
  }

  private rule(
    scope: Construct,
    id: string,
    purpose: string,
    bus: CfnEventBus,
    undelivered: CfnQueue,
    region: string[],
    target: CfnRule.TargetProperty,
    detailTypes?: string[],
  ): void {
    new CfnRule(scope, id, {
      name: this.place.name('rule', purpose),
      eventBusName: bus.ref,
      eventPattern: { source: ['standfast'], 'detail-type': detailTypes, region },
      targets: [
        {
          ...target,
          retryPolicy: RETRIES,
          deadLetterConfig: { arn: undelivered.attrArn },
        },
      ],
    });
  }

  private settings(): void {
    const { place } = this;
    new CfnParameter(this, 'Switch', {
      type: 'String',
      name: place.parameterName('automation'),
      value: 'on',
      allowedPattern: '^(on|off)$',
      description: '`on` lets Standfast act, `off` makes it watch only',
    });
    parameter(this, 'RegionRole', place, 'region/role', place.isHome ? 'home' : 'standby');
    parameter(this, 'RegionPeer', place, 'region/peer', place.peer.region);
    parameter(this, 'RegionUrl', place, 'region/url', `https://${place.host}`);
  }

  /** A state machine, whose definition is a file. */
  private workflow(id: string, purpose: string): string {
    const { place } = this;
    const scope = new Construct(this, id);
    const name = place.name('workflow', purpose);
    const file = join(process.env.WORKFLOWS ?? 'workflows', `${name}-${place.region}.json`);
    const definition = readFileSync(file, 'utf8');
    const logs = logGroup(scope, 'Logs', place, `/aws/vendedlogs/states/${name}`);
    const runner = role(scope, 'Role', place, purpose, 'states.amazonaws.com', [
      allow(['lambda:InvokeFunction'], [place.functionArn('recovery-step')]),
      anywhere(
        [
          'logs:CreateLogDelivery',
          'logs:DeleteLogDelivery',
          'logs:DescribeLogGroups',
          'logs:DescribeResourcePolicies',
          'logs:GetLogDelivery',
          'logs:ListLogDeliveries',
          'logs:PutResourcePolicy',
          'logs:UpdateLogDelivery',
        ],
        'log deliveries have no resource (Step Functions developer guide)',
      ),
      anywhere(
        ['xray:GetSamplingRules', 'xray:GetSamplingTargets', 'xray:PutTelemetryRecords', 'xray:PutTraceSegments'],
        'X-Ray has no resource for traces (service authorization reference)',
      ),
    ]);
    new CfnStateMachine(scope, 'Workflow', {
      roleArn: runner.attrArn,
      stateMachineName: name,
      stateMachineType: 'STANDARD',
      definitionString: definition,
      loggingConfiguration: {
        level: 'ALL',
        includeExecutionData: true,
        destinations: [{ cloudWatchLogsLogGroup: { logGroupArn: logs.attrArn } }],
      },
      tracingConfiguration: { enabled: true },
    });
    return definition;
  }

  /** What belongs to the preflight beside its function. */
  private preflight(scope: Construct, definitions: string[]): void {
    const { place } = this;
    const digests = definitions.map((definition) => createHash('sha256').update(definition).digest('hex'));
    parameter(scope, 'WorkflowDigest', place, 'workflow/digests', digests.join(','));
    const principal = { arn: place.peer.roleArn('preflight'), externalId: place.name('observer', 'preflight') };
    roleFor(scope, 'Observer', place, 'observer', principal, observer(place));
    this.schedule(scope, 'preflight', 'preflight-schedule', 'preflight', 'rate(1 hour)', 3, 1800);
  }

  private schedule(
    scope: Construct,
    purpose: string,
    roleName: string,
    name: string,
    scheduleExpression: string,
    maximumRetryAttempts: number,
    maximumEventAgeInSeconds: number,
  ): void {
    const { place } = this;
    const failed = place.queueArn('failed-invocations');
    const target = place.functionArn(name);
    const starter = role(scope, 'Role', place, roleName, 'scheduler.amazonaws.com', [
      allow(['lambda:InvokeFunction'], [target]),
      allow(['sqs:SendMessage'], [failed]),
    ]);
    new CfnSchedule(scope, 'Schedule', {
      name: place.name('schedule', purpose),
      flexibleTimeWindow: { mode: 'OFF' },
      scheduleExpression,
      target: {
        arn: target,
        roleArn: starter.attrArn,
        retryPolicy: { maximumRetryAttempts, maximumEventAgeInSeconds },
        deadLetterConfig: { arn: failed },
      },
    });
  }
}
