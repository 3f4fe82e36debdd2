import { Place } from './place';
import { allow, anywhere, deny, Statement } from './policy';

/** The functions of the compute stack. */
export const FUNCTIONS = [
  'orders-api',
  'order-processor',
  'sentinel',
  'recovery-step',
  'preflight',
  'database-keeper',
  'reconciler',
] as const;
export type FunctionName = (typeof FUNCTIONS)[number];
/** Those of every stack. */
export const ALL_FUNCTIONS = [
  'orders-api',
  'order-processor',
  'sentinel',
  'recovery-step',
  'stack-hook',
  'preflight',
  'database-keeper',
  'reconciler',
];

/** Those that nothing may call for weeks. */
export const IDLE_FUNCTIONS: FunctionName[] = ['order-processor', 'recovery-step', 'database-keeper'];

/** The user of the database that a function logs in as. */
export const databaseUser = (name: FunctionName) => name.replaceAll('-', '_');

const database = (at: Place, resource: string, name: FunctionName) =>
  allow(['rds-db:connect'], [at.arn('rds-db', `dbuser:${resource}/${databaseUser(name)}`)]);
const ownDatabase = (place: Place, name: FunctionName) =>
  database(place, place.parameter('database/resource-id'), name);
const peerDatabase = (place: Place, name: FunctionName) =>
  database(place.peer, place.parameter('peer/database-resource-id'), name);

const journal = (place: Place, actions: string[], condition?: Record<string, unknown>) =>
  allow(actions, [place.tableArn('journal')], condition);

const keysOnly = (operator: string, ...keys: string[]) => ({
  [`ForAllValues:${operator}`]: { 'dynamodb:LeadingKeys': keys },
  Null: { 'dynamodb:LeadingKeys': 'false' },
});

export const WORKFLOWS = ['failover', 'failback'];

const lease = (place: Place) =>
  journal(place, ['dynamodb:GetItem', 'dynamodb:PutItem'], keysOnly('StringEquals', 'lease'));

const look = (place: Place) => allow(['sqs:GetQueueAttributes', 'sqs:GetQueueUrl'], [place.queueArn('orders')]);
const send = (place: Place, queue: string) => allow(['sqs:SendMessage'], [place.queueArn(queue)]);
const theSwitch = (place: Place) => allow(['ssm:GetParameter'], [place.parameterArn('automation')]);

const INTERFACES = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
];

/** Signed calls of an API, as clients make them. */
const apiCalls = (...of: [place: Place, call: string][]): Statement => ({
  actions: ['execute-api:Invoke'],
  resources: of.map(([place, call]) => place.arn('execute-api', `*/live/${call}`)),
  reason:
    'the id of an API is made by API Gateway, and a parameter that holds it would make this stack wait for the API, which waits for this stack',
});

const replication = (place: Place) =>
  allow(
    ['s3:GetReplicationConfiguration'],
    ['config', 'audit'].map((purpose) => place.bucketArn(purpose)),
  );
const configurations = (place: Place) =>
  allow(
    ['lambda:GetFunctionConfiguration'],
    ALL_FUNCTIONS.map((name) => place.functionArn(name)),
  );

/** What a function in the network needs before it calls anything. */
export function inNetwork(name: FunctionName, place: Place): Statement[] {
  return [
    anywhere(
      INTERFACES,
      "Lambda makes the interfaces of a function in a VPC under the function's role, and checks for `*` (Lambda developer guide)",
    ),
    deny(INTERFACES, { ArnEquals: { 'lambda:SourceFunctionArn': place.functionArn(name) } }),
    ...onItsBehalf(name, place),
  ];
}

/** What a service that it calls does for it, under its role. */
function onItsBehalf(name: FunctionName, place: Place): Statement[] {
  return name === 'database-keeper' && place.isHome
    ? [
        allow(['kms:Decrypt', 'kms:GenerateDataKey'], [place.parameter('database/secret-key-arn')], {
          StringEquals: { 'kms:ViaService': `secretsmanager.${place.region}.amazonaws.com` },
        }),
      ]
    : [];
}

/** What the peer's preflight may look at in this region. */
export function observer(place: Place): Statement[] {
  return [
    configurations(place),
    allow(['rds:DescribeDBClusters'], [place.clusterArn]),
    allow(['states:DescribeStateMachine'], [place.workflowArn('failover'), place.workflowArn('failback')]),
    replication(place),
  ];
}

/** What each function calls itself. */
export const calls: Record<FunctionName, (place: Place) => Statement[]> = {
  'orders-api': (place) => [
    journal(place, ['dynamodb:GetItem']),
    journal(place, ['dynamodb:PutItem'], keysOnly('StringLike', '2*')),
    allow(['dynamodb:GetItem', 'dynamodb:PutItem'], [place.tableArn('sessions')]),
    send(place, 'orders'),
    look(place),
    ownDatabase(place, 'orders-api'),
    peerDatabase(place, 'orders-api'),
  ],
  'order-processor': (place) => [
    journal(place, ['dynamodb:BatchGetItem', 'dynamodb:GetItem']),
    allow(['sqs:ChangeMessageVisibility', 'sqs:DeleteMessage', 'sqs:ReceiveMessage'], [place.queueArn('orders')]),
    look(place),
    allow(['sqs:GetQueueUrl', 'sqs:SendMessage'], [place.queueArn('orders-dead-letter')]),
    ownDatabase(place, 'order-processor'),
    peerDatabase(place, 'order-processor'),
  ],
  sentinel: (place) => [
    ownDatabase(place, 'sentinel'),
    lease(place),
    journal(place, ['dynamodb:Query']),
    look(place),
    send(place, 'orders'),
    theSwitch(place),
    allow(['rds:DescribeDBClusters'], [place.clusterArn]),
    allow(
      ['states:StartExecution'],
      WORKFLOWS.map((purpose) => place.workflowArn(purpose)),
    ),
    allow(
      ['states:DescribeExecution'],
      WORKFLOWS.map((purpose) => place.arn('states', `execution:${place.name('workflow', purpose)}:${purpose}-*`)),
    ),
    send(place, 'failed-invocations'),
    apiCalls([place.peer, 'POST/orders']),
  ],
  'recovery-step': (place) => {
    const zone = `arn:aws:route53:::hostedzone/${place.hostedZone}`;
    return [
      ownDatabase(place, 'recovery-step'),
      lease(place),
      journal(place, ['dynamodb:Query']),
      theSwitch(place),
      allow(['rds:DescribeGlobalClusters'], [place.globalClusterArn]),
      allow(
        ['rds:FailoverGlobalCluster', 'rds:SwitchoverGlobalCluster'],
        [place.globalClusterArn, place.clusterArn, place.peer.clusterArn],
      ),
      peerDatabase(place, 'recovery-step'),
      theSwitch(place.home),
      allow(['events:PutEvents'], [place.eventBusArn]),
      allow(['s3:PutObject'], [`${place.bucketArn('audit')}/recovery/*`]),
      allow(['kms:GenerateDataKey'], [place.arn('kms', 'key/*')], {
        'ForAnyValue:StringEquals': { 'kms:ResourceAliases': [place.keyAlias('audit')] },
        StringEquals: { 'kms:ViaService': `s3.${place.region}.amazonaws.com` },
      }),
      allow(['route53:ListResourceRecordSets'], [zone]),
      allow(['route53:ChangeResourceRecordSets'], [zone], {
        'ForAllValues:StringEquals': {
          'route53:ChangeResourceRecordSetsNormalizedRecordNames': [place.publicHost],
          'route53:ChangeResourceRecordSetsRecordTypes': ['CNAME'],
          'route53:ChangeResourceRecordSetsActions': ['UPSERT'],
        },
      }),
      apiCalls(
        [place, 'POST/orders'],
        [place, 'GET/orders/*'],
        [place.peer, 'POST/orders'],
        [place.peer, 'GET/orders/*'],
      ),
    ];
  },
  preflight: (place) => [
    journal(place, ['dynamodb:GetItem'], keysOnly('StringEquals', 'lease', 'preflight')),
    journal(place, ['dynamodb:PutItem'], keysOnly('StringEquals', 'preflight')),
    allow(['dynamodb:GetItem'], [place.tableArn('sessions')]),
    allow(
      ['sqs:GetQueueAttributes', 'sqs:GetQueueUrl'],
      [place.queueArn('orders'), place.queueArn('orders-dead-letter')],
    ),
    theSwitch(place),
    allow(['ssm:GetParameter'], [place.parameterArn('workflow/digests')]),
    ownDatabase(place, 'preflight'),
    peerDatabase(place, 'preflight'),
    allow(['rds:DescribeDBClusters'], [place.clusterArn]),
    allow(['rds:DescribeGlobalClusters'], [place.globalClusterArn]),
    configurations(place),
    allow(
      ['lambda:InvokeFunction'],
      IDLE_FUNCTIONS.map((name) => `${place.functionArn(name)}:$LATEST`),
    ),
    allow(['states:DescribeStateMachine'], [place.workflowArn('failover'), place.workflowArn('failback')]),
    replication(place),
    allow(['scheduler:GetSchedule'], [place.arn('scheduler', `schedule/default/${place.name('schedule', 'watch')}`)]),
    allow(['events:PutEvents'], [place.eventBusArn]),
    allow(
      ['iam:SimulatePrincipalPolicy'],
      ['sentinel', 'failover', 'failback', 'recovery-step'].map((purpose) => place.roleArn(purpose)),
    ),
    allow(['sts:AssumeRole'], [place.peer.roleArn('observer')]),
    send(place, 'failed-invocations'),
  ],
  reconciler: (place) => [
    journal(place, ['dynamodb:GetItem'], keysOnly('StringEquals', 'lease', 'reconciler')),
    journal(place, ['dynamodb:PutItem'], keysOnly('StringEquals', 'reconciler')),
    journal(place, ['dynamodb:Query'], keysOnly('StringLike', '2*')),
    allow(['dynamodb:Scan'], [place.tableArn('sessions')]),
    allow(['dynamodb:BatchGetItem'], [place.peer.tableArn('sessions')]),
    ownDatabase(place, 'reconciler'),
    peerDatabase(place, 'reconciler'),
    look(place),
    look(place.peer),
    send(place, 'orders'),
    theSwitch(place),
    allow(['events:PutEvents'], [place.eventBusArn]),
    send(place, 'failed-invocations'),
  ],
  'database-keeper': (place) =>
    place.isHome
      ? [
          allow(
            [
              'secretsmanager:DescribeSecret',
              'secretsmanager:GetSecretValue',
              'secretsmanager:PutSecretValue',
              'secretsmanager:UpdateSecretVersionStage',
            ],
            [place.databaseSecretArn],
          ),
          anywhere(
            ['secretsmanager:GetRandomPassword'],
            'a random password is of no secret yet (service authorization reference)',
          ),
        ]
      : [allow(['secretsmanager:GetSecretValue'], [place.databaseSecretArn])],
};
