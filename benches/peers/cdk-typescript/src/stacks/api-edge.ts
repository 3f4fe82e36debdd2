import { Fn } from 'aws-cdk-lib';
import { CfnGatewayResponse, CfnModel, CfnRestApi, CfnStage } from 'aws-cdk-lib/aws-apigateway';
import { CfnLoggingConfiguration, CfnWebACL, CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import { logGroup } from '../pieces';
import { Place } from '../place';

/** What anybody may ask without a signature. */
export const HEALTH = ['health/live', 'health/ready', 'health/serving'];

/** What API Gateway itself answers: type, error, status, and whether the caller learns the reason. */
const ANSWERS: [type: string, error: string, status?: string, says?: 'reason' | 'retry'][] = [
  ['ACCESS_DENIED', 'access_denied', '403', 'reason'],
  ['BAD_REQUEST_BODY', 'invalid_body', '400', 'reason'],
  ['BAD_REQUEST_PARAMETERS', 'invalid_parameters', '400', 'reason'],
  ['DEFAULT_4XX', 'refused', undefined, 'reason'],
  ['DEFAULT_5XX', 'unavailable', undefined, 'retry'],
  ['EXPIRED_TOKEN', 'expired_credentials', '403', 'reason'],
  ['INVALID_SIGNATURE', 'invalid_signature', '403', 'reason'],
  ['MISSING_AUTHENTICATION_TOKEN', 'not_signed', '403', 'reason'],
  ['REQUEST_TOO_LARGE', 'body_too_large', '413'],
  ['THROTTLED', 'too_many_requests', '429', 'retry'],
  ['UNSUPPORTED_MEDIA_TYPE', 'unsupported_media_type', '415'],
  ['WAF_FILTERED', 'filtered', '403'],
];

export function addAnswers(parent: Construct, api: CfnRestApi): CfnGatewayResponse[] {
  const scope = new Construct(parent, 'Answers');
  return ANSWERS.map(([responseType, error, statusCode, says]) => {
    const reason = says === 'reason' ? ',"reason":$context.error.messageString' : '';
    return new CfnGatewayResponse(scope, error, {
      restApiId: api.ref,
      responseType,
      statusCode,
      responseTemplates: { 'application/json': `{"error":"${error}"${reason}}` },
      responseParameters: says === 'retry' ? { 'gatewayresponse.header.Retry-After': "'1'" } : undefined,
    });
  });
}

const text = (pattern: string) => ({ type: 'string', pattern });

const SCHEMAS = {
  Order: {
    required: ['account', 'symbol', 'side', 'quantity', 'limit_price'],
    properties: {
      id: text('^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-7[0-9A-Fa-f]{3}-[89ABab][0-9A-Fa-f]{3}-[0-9A-Fa-f]{12}$'),
      account: text('^[A-Za-z0-9._-]{1,32}$'),
      symbol: text('^[A-Z0-9.]{1,12}$'),
      side: { type: 'string', enum: ['buy', 'sell'] },
      quantity: { type: 'integer', minimum: 1, maximum: 1_000_000_000 },
      limit_price: text('^[0-9]{1,9}([.][0-9]{1,4})?$'),
    },
  },
  Session: { required: ['data'], properties: { data: { type: 'object' } } },
};

/** What a request must carry. */
export function model(scope: Construct, api: CfnRestApi, name: keyof typeof SCHEMAS): CfnModel {
  return new CfnModel(scope, `${name}Body`, {
    restApiId: api.ref,
    name,
    contentType: 'application/json',
    schema: {
      $schema: 'http://json-schema.org/draft-04/schema#',
      title: name,
      type: 'object',
      additionalProperties: false,
      ...SCHEMAS[name],
    },
  });
}

/** Who may call at all: anybody asks for health, and for the rest nobody of another account. */
export function accessPolicy(place: Place, stage: string): object {
  const invoke = (Sid: string, Effect: string, calls: string[], Condition?: object) => ({
    Sid,
    Effect,
    Principal: '*',
    Action: 'execute-api:Invoke',
    Resource: calls.map((call) => `execute-api:/${stage}/${call}`),
    Condition,
  });
  const health = HEALTH.map((path) => `GET/${path}`);
  const signed = ['POST/orders', 'GET/orders/*', 'GET/sessions/*', 'PUT/sessions/*'];
  const foreign = { StringNotEquals: { 'aws:PrincipalAccount': place.config.account } };
  return {
    Version: '2012-10-17',
    Statement: [
      invoke('AnybodyChecksHealth', 'Allow', health),
      invoke('NobodyOfAnotherAccount', 'Deny', signed, foreign),
    ],
  };
}

/** What one address may ask. */
export function addFirewall(parent: Construct, place: Place, api: CfnRestApi, stage: CfnStage): void {
  const scope = new Construct(parent, 'Firewall');
  const tooMany = 'too-many-requests';
  const onHealth: CfnWebACL.StatementProperty = {
    regexMatchStatement: {
      fieldToMatch: { uriPath: {} },
      regexString: `^(/live)?/(${HEALTH.join('|')})$`,
      textTransformations: [{ priority: 0, type: 'NONE' }],
    },
  };
  const visible = (metricName: string) => ({
    cloudWatchMetricsEnabled: true,
    metricName,
    sampledRequestsEnabled: false,
  });
  const rule = (name: string, priority: number, limit: number, scopeDownStatement: CfnWebACL.StatementProperty) => ({
    name,
    priority,
    statement: { rateBasedStatement: { aggregateKeyType: 'IP', evaluationWindowSec: 60, limit, scopeDownStatement } },
    action: {
      block: {
        customResponse: {
          customResponseBodyKey: tooMany,
          responseCode: 429,
          responseHeaders: [{ name: 'Retry-After', value: '1' }],
        },
      },
    },
    visibilityConfig: visible(name),
  });
  const firewall = new CfnWebACL(scope, 'Acl', {
    name: place.name('firewall', 'orders'),
    description: 'what one address may ask',
    scope: 'REGIONAL',
    defaultAction: { allow: {} },
    customResponseBodies: {
      [tooMany]: { contentType: 'APPLICATION_JSON', content: '{"error":"too_many_requests"}' },
    },
    rules: [
      rule('requests-per-address', 0, place.config.api.requestsPerAddress, { notStatement: { statement: onHealth } }),
      rule('health-per-address', 1, 400, onHealth),
    ],
    visibilityConfig: visible(place.name('firewall', 'orders')),
  });
  new CfnWebACLAssociation(scope, 'Association', {
    webAclArn: firewall.attrArn,
    resourceArn: Fn.sub(`arn:aws:apigateway:${place.region}::/restapis/\${api}/stages/\${stage}`, {
      api: api.ref,
      stage: stage.ref,
    }),
  });
  const name = `aws-waf-logs-orders-${place.config.environment}`;
  const logs = logGroup(scope, 'Logs', place, name);
  const logging = new CfnLoggingConfiguration(scope, 'Logging', {
    resourceArn: firewall.attrArn,
    logDestinationConfigs: [place.arn('logs', `log-group:${name}`)],
    loggingFilter: {
      DefaultBehavior: 'DROP',
      Filters: [{ Behavior: 'KEEP', Requirement: 'MEETS_ANY', Conditions: [{ ActionCondition: { Action: 'BLOCK' } }] }],
    },
    redactedFields: ['authorization', 'x-amz-security-token', 'session-token'].map((Name) => ({
      singleHeader: { Name },
    })),
  });
  logging.addResourceDependency(logs);
}
