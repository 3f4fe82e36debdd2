import { join } from 'node:path';
import {
  CfnCustomResource,
  CfnResource,
  CfnTag,
  DefaultStackSynthesizer,
  RemovalPolicy,
  Stack,
  Tags,
} from 'aws-cdk-lib';
import { CfnAlias, CfnKey } from 'aws-cdk-lib/aws-kms';
import { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { CfnQueue, CfnQueuePolicy, CfnQueueProps } from 'aws-cdk-lib/aws-sqs';
import { CfnParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { LOG_RETENTION_DAYS } from './config';
import { Place } from './place';
import { allow, because, document, keyPolicy, role, Statement, TRACES } from './policy';

/** A stack of one kind in one region. */
export class TapStack extends Stack {
  constructor(
    scope: Construct,
    readonly place: Place,
    kind: string,
    description: string,
  ) {
    const { config, region } = place;
    super(scope, place.stackName(kind), {
      env: { account: config.account, region },
      description: `${config.name}, ${region}: ${description}`,
      terminationProtection: config.protect,
      synthesizer: new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }),
    });
    Tags.of(this).add('region', region);
  }
}

/** Goes or stays with its stack, as the deployment says. */
export function holdsData<R extends CfnResource>(resource: R, place: Place): R {
  resource.applyRemovalPolicy(place.config.protect ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY);
  return resource;
}

export function nameTag(place: Place, type: string, purpose: string): CfnTag[] {
  return [{ key: 'Name', value: place.name(type, purpose) }];
}

export function key(scope: Construct, place: Place, purpose: string, services: string[] = []): CfnKey {
  return keyUnder(scope, place, purpose, keyPolicy(place.config.account, services));
}

export function keyUnder(parent: Construct, place: Place, purpose: string, policy: object): CfnKey {
  const scope = new Construct(parent, 'Key');
  const key = new CfnKey(scope, 'Key', {
    description: `${purpose} of ${place.config.name}`,
    enableKeyRotation: true,
    pendingWindowInDays: 7,
    keyPolicy: policy,
  });
  because(
    key,
    "kms:*: in a key policy `*` is this key alone, and without the account's own statement nobody could administer it",
  );
  new CfnAlias(scope, 'Alias', { aliasName: place.keyAlias(purpose), targetKeyId: key.ref });
  return holdsData(key, place);
}

export function logGroup(scope: Construct, id: string, place: Place, name: string, kmsKeyId?: string): CfnLogGroup {
  const group = new CfnLogGroup(scope, id, {
    logGroupName: name,
    retentionInDays: LOG_RETENTION_DAYS,
    kmsKeyId: kmsKeyId ?? place.parameter('logs/key-arn'),
  });
  return holdsData(group, place);
}

export function parameter(scope: Construct, id: string, place: Place, name: string, value: string): CfnParameter {
  return new CfnParameter(scope, id, { type: 'String', name: place.parameterName(name), value });
}

/** A queue, closed to whoever comes without TLS and open to rules of the event bus, by their purpose or ARN. */
export function queue(
  scope: Construct,
  id: string,
  place: Place,
  purpose: string,
  props: CfnQueueProps = {},
  rules?: { sid: string; purposes: string | string[] },
): CfnQueue {
  const queue = new CfnQueue(scope, id, {
    queueName: place.name('queue', purpose),
    sqsManagedSseEnabled: true,
    ...props,
  });
  const arnOf = (rule: string) => (rule.startsWith('arn:') ? rule : place.ruleArn(rule));
  const purposes = rules?.purposes ?? [];
  const send = rules && {
    Sid: rules.sid,
    Effect: 'Allow',
    Principal: { Service: 'events.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: queue.attrArn,
    Condition: {
      ArnEquals: { 'aws:SourceArn': typeof purposes === 'string' ? arnOf(purposes) : purposes.map(arnOf) },
    },
  };
  const encryptedOnly = {
    Sid: 'EncryptedOnly',
    Effect: 'Deny',
    Principal: '*',
    Action: 'sqs:*',
    Resource: queue.attrArn,
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  };
  new CfnQueuePolicy(scope, `${id}Policy`, {
    queues: [queue.ref],
    policyDocument: document(send ? [send, encryptedOnly] : [encryptedOnly]),
  });
  return holdsData(queue, place);
}

/** A queue that nothing reads but people: for as long as SQS keeps a message. */
export function restingQueue(
  scope: Construct,
  id: string,
  place: Place,
  purpose: string,
  props: CfnQueueProps = {},
  rules?: { sid: string; purposes: string | string[] },
): CfnQueue {
  return queue(scope, id, place, purpose, { messageRetentionPeriod: 1_209_600, ...props }, rules);
}

export interface FunctionProps {
  timeout: number;
  memorySize?: number;
  allowed: Statement[];
  reserved?: number;
  environment?: Record<string, string>;
  network?: CfnFunction.VpcConfigProperty;
  logsKey?: string;
}

/** A function with its log group and its role, from the package of its name. */
export function lambdaFunction(parent: Construct, place: Place, name: string, props: FunctionProps): CfnFunction {
  const scope = new Construct(parent, name);
  const logs = logGroup(scope, 'Logs', place, place.functionLogs(name), props.logsKey);
  const permissions = [
    allow(['logs:CreateLogStream', 'logs:PutLogEvents'], [place.logGroupArn(place.functionLogs(name))]),
    TRACES,
    ...props.allowed,
  ];
  const code = new Asset(scope, 'Code', { path: join(process.env.PACKAGES ?? 'packages', `${name}.zip`) });
  return new CfnFunction(scope, 'Function', {
    functionName: place.name('function', name),
    runtime: 'provided.al2023',
    handler: 'bootstrap',
    architectures: [place.config.architecture],
    code: { s3Bucket: code.s3BucketName, s3Key: code.s3ObjectKey },
    role: role(scope, 'Role', place, name, 'lambda.amazonaws.com', permissions).attrArn,
    memorySize: props.memorySize ?? 512,
    timeout: props.timeout,
    reservedConcurrentExecutions: props.reserved,
    environment: props.environment && { variables: props.environment },
    loggingConfig: { logGroup: logs.ref, logFormat: props.network ? 'JSON' : undefined },
    recursiveLoop: props.network ? 'Terminate' : undefined,
    tracingConfig: { mode: 'Active' },
    vpcConfig: props.network,
  });
}

/** A resource that has the region's `stack-hook` carry out an action. */
export function customResource(
  scope: Construct,
  id: string,
  place: Place,
  action: string,
  properties: Record<string, string>,
): CfnCustomResource {
  const resource = new CfnCustomResource(scope, id, {
    serviceToken: place.functionArn('stack-hook'),
    serviceTimeout: 1920,
  });
  resource.addPropertyOverride('Action', action);
  for (const [name, value] of Object.entries(properties)) {
    resource.addPropertyOverride(name, value);
  }
  return holdsData(resource, place);
}
