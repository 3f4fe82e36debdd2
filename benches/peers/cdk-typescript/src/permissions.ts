import { DATABASE_USER } from './config';
import { Place } from './place';
import { allow, anywhere, Statement } from './policy';

/** The functions of the compute stack. */
export const FUNCTIONS = ['orders-api', 'order-processor', 'sentinel', 'recovery-step'] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

const database = (at: Place, resource: string) =>
  allow(['rds-db:connect'], [at.arn('rds-db', `dbuser:${resource}/${DATABASE_USER}`)]);
const ownDatabase = (place: Place) => database(place, place.parameter('database/resource-id'));
const peerDatabase = (place: Place) => database(place.peer, place.parameter('peer/database-resource-id'));

const journal = (place: Place, actions: string[], condition?: Record<string, unknown>) =>
  allow(actions, [place.tableArn('journal')], condition);

const keysOnly = (operator: string, key: string) => ({
  [`ForAllValues:${operator}`]: { 'dynamodb:LeadingKeys': [key] },
  Null: { 'dynamodb:LeadingKeys': 'false' },
});

const lease = (place: Place) =>
  journal(place, ['dynamodb:GetItem', 'dynamodb:PutItem'], keysOnly('StringEquals', 'lease'));

const look = (place: Place) => allow(['sqs:GetQueueAttributes', 'sqs:GetQueueUrl'], [place.queueArn('orders')]);
const send = (place: Place, queue: string) => allow(['sqs:SendMessage'], [place.queueArn(queue)]);
const theSwitch = (place: Place) => allow(['ssm:GetParameter'], [place.parameterArn('automation')]);

/** What a function in the network needs before it calls anything. */
export function inNetwork(place: Place): Statement[] {
  return [
    anywhere(
      [
        'ec2:CreateNetworkInterface',
        'ec2:DeleteNetworkInterface',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeSubnets',
      ],
      "Lambda makes the interfaces of a function in a VPC under the function's role, and checks for `*` (Lambda developer guide)",
    ),
    ownDatabase(place),
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
    peerDatabase(place),
  ],
  'order-processor': (place) => [
    journal(place, ['dynamodb:BatchGetItem', 'dynamodb:GetItem']),
    allow(['sqs:ChangeMessageVisibility', 'sqs:DeleteMessage', 'sqs:ReceiveMessage'], [place.queueArn('orders')]),
    look(place),
    allow(['sqs:GetQueueUrl', 'sqs:SendMessage'], [place.queueArn('orders-dead-letter')]),
    peerDatabase(place),
  ],
  sentinel: (place) => [
    lease(place),
    journal(place, ['dynamodb:Query']),
    look(place),
    send(place, 'orders'),
    theSwitch(place),
    allow(['rds:DescribeDBClusters'], [place.clusterArn]),
    allow(['states:StartExecution'], [place.workflowArn('failover')]),
    allow(
      ['states:DescribeExecution'],
      [place.arn('states', `execution:${place.name('workflow', 'failover')}:failover-*`)],
    ),
    send(place, 'failed-invocations'),
  ],
  'recovery-step': (place) => {
    const zone = `arn:aws:route53:::hostedzone/${place.hostedZone}`;
    return [
      lease(place),
      journal(place, ['dynamodb:Query']),
      theSwitch(place),
      allow(['rds:DescribeGlobalClusters'], [place.globalClusterArn]),
      allow(['rds:FailoverGlobalCluster'], [place.globalClusterArn, place.clusterArn, place.peer.clusterArn]),
      allow(['events:PutEvents'], [place.arn('events', `event-bus/${place.name('bus', 'recovery')}`)]),
      allow(['route53:ListResourceRecordSets'], [zone]),
      allow(['route53:ChangeResourceRecordSets'], [zone], {
        'ForAllValues:StringEquals': {
          'route53:ChangeResourceRecordSetsNormalizedRecordNames': [place.publicHost],
          'route53:ChangeResourceRecordSetsRecordTypes': ['CNAME'],
          'route53:ChangeResourceRecordSetsActions': ['UPSERT'],
        },
      }),
    ];
  },
};
