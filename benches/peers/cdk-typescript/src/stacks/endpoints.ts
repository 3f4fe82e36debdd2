import {
  CfnRouteTable,
  CfnSecurityGroup,
  CfnSecurityGroupIngress,
  CfnSubnet,
  CfnVPC,
  CfnVPCEndpoint,
} from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { calls, FUNCTIONS } from '../permissions';
import { nameTag } from '../pieces';
import { Place } from '../place';
import { because, document } from '../policy';
import { securityGroup } from './networking';

/** Services with an endpoint: prefix of their actions, and name in the endpoint's. */
const SERVICES: Record<string, string> = {
  cloudwatch: 'monitoring',
  dynamodb: 'dynamodb',
  events: 'events',
  kms: 'kms',
  lambda: 'lambda',
  logs: 'logs',
  rds: 'rds',
  s3: 's3',
  secretsmanager: 'secretsmanager',
  sqs: 'sqs',
  ssm: 'ssm',
  states: 'states',
  sts: 'sts',
};
const GATEWAYS = ['dynamodb', 's3'];

/** An endpoint for each service that a function calls, which lets through those calls alone. */
export function addEndpoints(
  parent: Construct,
  place: Place,
  vpc: CfnVPC,
  subnets: { subnet: CfnSubnet; table: CfnRouteTable }[],
  functions: CfnSecurityGroup,
): void {
  const scope = new Construct(parent, 'Endpoints');
  const group = securityGroup(scope, place, vpc, 'endpoints', 'interface endpoints');
  new CfnSecurityGroupIngress(scope, 'FromFunctions', {
    groupId: group.attrGroupId,
    ipProtocol: 'tcp',
    fromPort: 443,
    toPort: 443,
    sourceSecurityGroupId: functions.attrGroupId,
    description: 'AWS APIs',
  });
  for (const [prefix, name] of Object.entries(SERVICES)) {
    const allowed = allowedAt(prefix, place);
    if (allowed.length === 0) {
      continue;
    }
    const endpoint = new CfnVPCEndpoint(scope, name, {
      vpcId: vpc.ref,
      serviceName: `com.amazonaws.${place.region}.${name}`,
      policyDocument: document(allowed),
      tags: nameTag(place, 'endpoint', name),
      ...(GATEWAYS.includes(name)
        ? { vpcEndpointType: 'Gateway', routeTableIds: subnets.map(({ table }) => table.ref) }
        : {
            vpcEndpointType: 'Interface',
            privateDnsEnabled: true,
            subnetIds: subnets.map(({ subnet }) => subnet.ref),
            securityGroupIds: [group.attrGroupId],
          }),
    });
    if (allowed.some(({ Resource }) => Resource.includes('*'))) {
      because(endpoint, "as in the functions' own policies, which say why");
    }
  }
}

/** Whether only another service may call, which does not leave the network of the function. */
function isOnBehalf(condition: Record<string, unknown> = {}): boolean {
  return 'kms:ViaService' in ((condition.StringEquals as object | undefined) ?? {});
}

/** A custom resource answers CloudFormation by a signed URL into a bucket of AWS's. */
function answers(place: Place) {
  const region = place.region.replaceAll('-', '');
  return {
    Effect: 'Allow',
    Principal: '*',
    Action: ['s3:PutObject'],
    Resource: [`arn:aws:s3:::cloudformation-custom-resource-response-${region}/*`],
  };
}

/** What the functions may do at one service, each statement once. */
function allowedAt(prefix: string, place: Place) {
  const statements = FUNCTIONS.flatMap((name) => calls[name](place))
    .filter(({ condition }) => !isOnBehalf(condition))
    .map(({ actions, resources }) => ({
      Effect: 'Allow',
      Principal: '*',
      Action: actions.filter((action) => action.startsWith(`${prefix}:`)),
      Resource: resources,
      Condition: { StringEquals: { 'aws:PrincipalAccount': place.config.account } },
    }))
    .filter(({ Action }) => Action.length > 0);
  const all = prefix === 's3' ? [answers(place), ...statements] : statements;
  return [...new Map(all.map((statement) => [JSON.stringify(statement), statement])).values()];
}
