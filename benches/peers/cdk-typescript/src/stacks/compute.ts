import { CfnParameter } from 'aws-cdk-lib';
import { CfnEventInvokeConfig, CfnEventSourceMapping, CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { ZONES } from '../config';
import { environmentOf } from '../environment';
import { calls, FunctionName, inNetwork } from '../permissions';
import { lambdaFunction, queue, restingQueue, TapStack } from '../pieces';
import { Place } from '../place';
import { addDatabaseKeeping } from './database-keeper';

export class ComputeStack extends TapStack {
  private readonly network: CfnFunction.VpcConfigProperty;

  constructor(scope: Construct, place: Place) {
    super(scope, place, 'Compute', 'functions and queues');
    this.network = {
      securityGroupIds: [this.stored('FunctionSecurityGroupId', 'network/function-security-group')],
      subnetIds: ZONES.map((zone) => this.stored(`PrivateSubnet${zone}Id`, `network/private-subnet-${zone}`)),
    };
    const deadLetters = restingQueue(this, 'DeadLetters', place, 'orders-dead-letter', {
      redriveAllowPolicy: { redrivePermission: 'byQueue', sourceQueueArns: [place.queueArn('orders')] },
    });
    const orders = queue(this, 'Orders', place, 'orders', {
      visibilityTimeout: 180,
      redrivePolicy: { deadLetterTargetArn: deadLetters.attrArn, maxReceiveCount: 1000 },
    });
    const failed = restingQueue(this, 'FailedInvocations', place, 'failed-invocations');
    const { sentinel } = place.config;
    const api = this.function('orders-api', 10);
    const processor = this.function('order-processor', 30);
    const watch = this.function('sentinel', sentinel.watch + 40, sentinel.reserved);
    const step = this.function('recovery-step', 30, 6);
    const preflight = this.function('preflight', 90);
    const keeper = this.function('database-keeper', 120);
    const reconciler = this.function('reconciler', 180);
    new CfnEventSourceMapping(this, 'OrdersToProcessor', {
      functionName: processor.ref,
      eventSourceArn: orders.attrArn,
      batchSize: 10,
      scalingConfig: { maximumConcurrency: 10 },
      maximumBatchingWindowInSeconds: 0,
      functionResponseTypes: ['ReportBatchItemFailures'],
    });
    const invocations = (
      id: string,
      functionName: string,
      maximumRetryAttempts: number,
      maximumEventAgeInSeconds: number,
    ) =>
      new CfnEventInvokeConfig(this, id, {
        functionName,
        qualifier: '$LATEST',
        maximumRetryAttempts,
        maximumEventAgeInSeconds,
        destinationConfig: { onFailure: { destination: failed.attrArn } },
      });
    invocations('SentinelInvocations', watch.ref, 0, 60);
    invocations('PreflightInvocations', preflight.ref, 1, 1800);
    invocations('ReconcilerInvocations', reconciler.ref, 0, 600);
    addDatabaseKeeping(this, place, keeper, [api, processor, watch, step, preflight, reconciler]);
  }

  private function(name: FunctionName, timeout: number, reserved?: number) {
    const { place } = this;
    return lambdaFunction(this, place, name, {
      timeout,
      reserved,
      allowed: [...inNetwork(name, place), ...calls[name](place)],
      environment: environmentOf(place, name),
      network: this.network,
    });
  }

  /** Read from the Parameter Store once for all functions. */
  private stored(id: string, key: string): string {
    const type = 'AWS::SSM::Parameter::Value<String>';
    return new CfnParameter(this, id, { type, default: this.place.parameterName(key) }).valueAsString;
  }
}
