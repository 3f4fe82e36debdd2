import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CfnEventBus, CfnRule } from 'aws-cdk-lib/aws-events';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import { CfnQueuePolicy } from 'aws-cdk-lib/aws-sqs';
import { CfnParameter } from 'aws-cdk-lib/aws-ssm';
import { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { logGroup, parameter, restingQueue, TapStack } from '../pieces';
import { Place } from '../place';
import { allow, anywhere, document, role } from '../policy';

export class DisasterRecoveryStack extends TapStack {
  constructor(scope: Construct, place: Place) {
    super(scope, place, 'DisasterRecovery', 'watch, failover workflow and switch');
    this.announcements();
    this.settings();
    this.workflow('Failover', 'failover');
    this.watch(new Construct(this, 'Watch'));
  }

  private announcements(): void {
    const { place } = this;
    const bus = new CfnEventBus(this, 'Bus', { name: place.name('bus', 'recovery') });
    const undelivered = restingQueue(this, 'Undelivered', place, 'undelivered-events');
    const rule = place.name('rule', 'announcements');
    new CfnQueuePolicy(this, 'UndeliveredPolicy', {
      queues: [undelivered.ref],
      policyDocument: document([
        {
          Sid: 'RulePutsAside',
          Effect: 'Allow',
          Principal: { Service: 'events.amazonaws.com' },
          Action: 'sqs:SendMessage',
          Resource: undelivered.attrArn,
          Condition: {
            ArnEquals: { 'aws:SourceArn': place.arn('events', `rule/${place.name('bus', 'recovery')}/${rule}`) },
          },
        },
      ]),
    });
    new CfnRule(this, 'Announcements', {
      name: rule,
      eventBusName: bus.ref,
      eventPattern: { source: ['standfast'] },
      targets: [
        {
          id: 'alerts',
          arn: place.alertTopicArn,
          retryPolicy: { maximumRetryAttempts: 185, maximumEventAgeInSeconds: 86_400 },
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
  private workflow(id: string, purpose: string): void {
    const { place } = this;
    const scope = new Construct(this, id);
    const name = place.name('workflow', purpose);
    const definition = join(process.env.WORKFLOWS ?? 'workflows', `${name}-${place.region}.json`);
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
      definitionString: readFileSync(definition, 'utf8'),
      loggingConfiguration: {
        level: 'ALL',
        includeExecutionData: true,
        destinations: [{ cloudWatchLogsLogGroup: { logGroupArn: logs.attrArn } }],
      },
      tracingConfiguration: { enabled: true },
    });
  }

  private watch(scope: Construct): void {
    const { place } = this;
    const failed = place.queueArn('failed-invocations');
    const target = place.functionArn('sentinel');
    const starter = role(scope, 'Role', place, 'watch', 'scheduler.amazonaws.com', [
      allow(['lambda:InvokeFunction'], [target]),
      allow(['sqs:SendMessage'], [failed]),
    ]);
    new CfnSchedule(scope, 'Schedule', {
      name: place.name('schedule', 'watch'),
      flexibleTimeWindow: { mode: 'OFF' },
      scheduleExpression: 'rate(1 minute)',
      target: {
        arn: target,
        roleArn: starter.attrArn,
        retryPolicy: { maximumRetryAttempts: 0, maximumEventAgeInSeconds: 60 },
        deadLetterConfig: { arn: failed },
      },
    });
  }
}
