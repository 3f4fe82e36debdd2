import { CfnResource } from 'aws-cdk-lib';
import { CfnPolicy, CfnRole } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { Place } from './place';

/** Metadata in which a resource says why something in its policies cannot be narrowed. */
export const WILDCARD_REASON = 'WildcardReason';

export interface Statement {
  actions: string[];
  resources: string[];
  condition?: Record<string, unknown>;
  /** Why the resource is `*`. */
  reason?: string;
}

export function allow(actions: string[], resources: string[], condition?: Record<string, unknown>): Statement {
  return { actions, resources, condition };
}

export function anywhere(actions: string[], reason: string): Statement {
  return { actions, resources: ['*'], reason };
}

export const TRACES = anywhere(
  ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'],
  'X-Ray has no resource for traces (service authorization reference)',
);

export function document(statements: object[]): object {
  return { Version: '2012-10-17', Statement: statements };
}

function statement({ actions, resources, condition }: Statement): object {
  return { Effect: 'Allow', Action: actions, Resource: resources, Condition: condition };
}

export function because(resource: CfnResource, reason: string): void {
  resource.addMetadata(WILDCARD_REASON, reason);
}

/** Services that set no source account when they assume a role. */
const WITHOUT_SOURCE = ['lambda.amazonaws.com', 'apigateway.amazonaws.com'];

/** A role that one service assumes, with these permissions and no others. */
export function role(
  scope: Construct,
  id: string,
  place: Place,
  purpose: string,
  service: string,
  allowed: Statement[],
): CfnRole {
  const role = new CfnRole(scope, id, {
    roleName: place.roleName(purpose),
    assumeRolePolicyDocument: document([
      {
        Effect: 'Allow',
        Principal: { Service: service },
        Action: 'sts:AssumeRole',
        Condition: WITHOUT_SOURCE.includes(service)
          ? undefined
          : { StringEquals: { 'aws:SourceAccount': place.config.account } },
      },
    ]),
    policies: [{ policyName: 'permissions', policyDocument: document(allowed.map(statement)) }],
  });
  const reasons = allowed.filter(({ reason }) => reason).map(({ actions, reason }) => `${actions.join(', ')}: ${reason}`);
  if (reasons.length > 0) {
    because(role, reasons.join('; '));
  }
  return role;
}

/** What a stack's custom resources need of the function behind them. */
export function hookPolicy(scope: Construct, id: string, place: Place, name: string, allowed: Statement[]): CfnPolicy {
  return new CfnPolicy(scope, id, {
    policyName: place.name('policy', name),
    policyDocument: document(allowed.map(statement)),
    roles: [place.roleName('stack-hook')],
  });
}

function administration(account: string): object {
  return {
    Sid: 'AccountAdministersThroughIam',
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${account}:root` },
    Action: 'kms:*',
    Resource: '*',
  };
}

export function logKeyPolicy(place: Place): object {
  const { account, environment } = place.config;
  const groups = [`*-${environment}`, `*-${environment}/*`, `*/${environment}/*`];
  return document([
    administration(account),
    {
      Sid: 'LogsUse',
      Effect: 'Allow',
      Principal: { Service: `logs.${place.region}.amazonaws.com` },
      Action: [
        'kms:Decrypt',
        'kms:DescribeKey',
        'kms:Encrypt',
        'kms:GenerateDataKey',
        'kms:GenerateDataKeyWithoutPlaintext',
        'kms:ReEncryptFrom',
        'kms:ReEncryptTo',
      ],
      Resource: '*',
      Condition: {
        ArnLike: { 'kms:EncryptionContext:aws:logs:arn': groups.map((name) => place.arn('logs', `log-group:${name}`)) },
      },
    },
  ]);
}

/** The account administers the key, and these services use it. */
export function keyPolicy(account: string, services: string[]): object {
  const use = (sid: string, of: string[], condition?: object) =>
    of.length === 0
      ? []
      : [
          {
            Sid: sid,
            Effect: 'Allow',
            Principal: { Service: of },
            Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
            Resource: '*',
            Condition: condition,
          },
        ];
  const silent = (service: string) => service === 'events.amazonaws.com';
  return document([
    administration(account),
    ...use('ServicesUse', services.filter((service) => !silent(service)), {
      StringEquals: { 'aws:SourceAccount': account },
    }),
    ...use('ServicesUseForWhomTheyDoNotSay', services.filter(silent)),
    {
      Sid: 'GrantsForServicesOnly',
      Effect: 'Deny',
      Principal: { AWS: '*' },
      Action: ['kms:CreateGrant'],
      Resource: ['*'],
      Condition: {
        BoolIfExists: { 'aws:PrincipalIsAWSService': 'false', 'kms:GrantIsForAWSResource': 'false' },
      },
    },
  ]);
}
