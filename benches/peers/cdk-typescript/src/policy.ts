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
  /** Why the resource is `*`, or has a wildcard in it. */
  reason?: string;
  effect?: 'Allow' | 'Deny';
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

/** Denies actions on everything, whatever allows them, under a condition. */
export function deny(actions: string[], condition: Record<string, unknown>): Statement {
  return { effect: 'Deny', actions, resources: ['*'], condition };
}

function statement({ actions, resources, condition, effect = 'Allow' }: Statement): object {
  return { Effect: effect, Action: actions, Resource: resources, Condition: condition };
}

export function because(resource: CfnResource, reason: string): void {
  resource.addMetadata(WILDCARD_REASON, reason);
}

/** Services that set no source account when they assume a role. */
const WITHOUT_SOURCE = ['apigateway.amazonaws.com', 'lambda.amazonaws.com', 's3.amazonaws.com'];

/** A role that one service assumes, with these permissions and no others. */
export function role(
  scope: Construct,
  id: string,
  place: Place,
  purpose: string,
  service: string,
  allowed: Statement[],
): CfnRole {
  const condition = WITHOUT_SOURCE.includes(service)
    ? undefined
    : { StringEquals: { 'aws:SourceAccount': place.config.account } };
  return roleUnder(scope, id, place, purpose, trust({ Service: service }, condition), allowed);
}

/** A role that one other role of this account assumes. */
export function roleFor(
  scope: Construct,
  id: string,
  place: Place,
  purpose: string,
  principal: { arn: string; externalId: string },
  allowed: Statement[],
): CfnRole {
  const condition = {
    ArnEquals: { 'aws:PrincipalArn': principal.arn },
    StringEquals: { 'sts:ExternalId': principal.externalId },
  };
  const account = { AWS: `arn:aws:iam::${place.config.account}:root` };
  const role = roleUnder(scope, id, place, purpose, trust(account, condition), allowed);
  role.maxSessionDuration = 3600;
  return role;
}

function trust(Principal: object, Condition?: object): object {
  return document([{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole', Condition }]);
}

function roleUnder(
  scope: Construct,
  id: string,
  place: Place,
  purpose: string,
  assumeRolePolicyDocument: object,
  allowed: Statement[],
): CfnRole {
  const role = new CfnRole(scope, id, {
    roleName: place.roleName(purpose),
    assumeRolePolicyDocument,
    policies: [{ policyName: 'permissions', policyDocument: document(allowed.map(statement)) }],
  });
  const reasons = allowed
    .filter(({ reason }) => reason)
    .map(({ actions, reason }) => `${actions.join(', ')}: ${reason}`);
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

const GRANTS_FOR_SERVICES_ONLY = {
  Sid: 'GrantsForServicesOnly',
  Effect: 'Deny',
  Principal: { AWS: '*' },
  Action: ['kms:CreateGrant'],
  Resource: ['*'],
  Condition: {
    BoolIfExists: { 'aws:PrincipalIsAWSService': 'false', 'kms:GrantIsForAWSResource': 'false' },
  },
};

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
    GRANTS_FOR_SERVICES_ONLY,
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
    ...use(
      'ServicesUse',
      services.filter((service) => !silent(service)),
      {
        StringEquals: { 'aws:SourceAccount': account },
      },
    ),
    ...use('ServicesUseForWhomTheyDoNotSay', services.filter(silent)),
    GRANTS_FOR_SERVICES_ONLY,
  ]);
}
