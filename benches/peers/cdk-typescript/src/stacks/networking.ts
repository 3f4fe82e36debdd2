import { CfnOutput, Fn } from 'aws-cdk-lib';
import {
  CfnEIP,
  CfnFlowLog,
  CfnInternetGateway,
  CfnNatGateway,
  CfnRoute,
  CfnRouteTable,
  CfnSecurityGroup,
  CfnSecurityGroupEgress,
  CfnSecurityGroupIngress,
  CfnSubnet,
  CfnSubnetRouteTableAssociation,
  CfnVPC,
  CfnVPCGatewayAttachment,
} from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { DATABASE_PORT, ZONES } from '../config';
import { logGroup, nameTag, parameter, TapStack } from '../pieces';
import { Place } from '../place';
import { allow, role } from '../policy';
import { addEndpoints } from './endpoints';

/** Third octets at which the subnets of a kind start. */
const KINDS = { public: 0, private: 10, isolated: 20 };

export class NetworkingStack extends TapStack {
  private readonly vpc: CfnVPC;

  constructor(scope: Construct, place: Place) {
    super(scope, place, 'Networking', 'VPC, subnets, endpoints and security groups');
    this.vpc = new CfnVPC(this, 'Vpc', {
      cidrBlock: place.cidr(0, 16),
      enableDnsHostnames: true,
      enableDnsSupport: true,
      tags: nameTag(place, 'vpc', 'main'),
    });
    const internet = new CfnInternetGateway(this, 'InternetGateway', { tags: nameTag(place, 'gateway', 'internet') });
    const attachment = new CfnVPCGatewayAttachment(this, 'InternetGatewayAttachment', {
      vpcId: this.vpc.ref,
      internetGatewayId: internet.ref,
    });
    const functions = securityGroup(this, place, this.vpc, 'functions', 'functions');
    const database = securityGroup(this, place, this.vpc, 'database', 'database instances');
    const privates = ZONES.map((zone) => this.zone(zone, internet, attachment));
    this.rules(functions, database);
    this.flowLogs();
    addEndpoints(this, place, this.vpc, privates, functions);
    parameter(this, 'FunctionGroupParameter', place, 'network/function-security-group', functions.attrGroupId);
    parameter(this, 'VpcParameter', place, 'network/vpc', this.vpc.ref);
    parameter(this, 'DatabaseGroupParameter', place, 'network/database-security-group', database.attrGroupId);
    new CfnOutput(this, 'VpcId', { description: 'id of the VPC', value: this.vpc.ref });
  }

  /** The subnets of one zone; answers the private one with its route table. */
  private zone(zone: number, internet: CfnInternetGateway, attachment: CfnVPCGatewayAttachment) {
    const scope = new Construct(this, `Zone${zone}`);
    const translation = this.translation(scope, zone, internet, attachment);
    const own = this.subnet(scope, 'private', zone);
    new CfnRoute(scope, 'PrivateRoute', {
      routeTableId: own.table.ref,
      destinationCidrBlock: '0.0.0.0/0',
      natGatewayId: translation.ref,
    });
    const isolated = this.subnet(scope, 'isolated', zone);
    const parameters = {
      'network/private-subnet': own.subnet,
      'network/private-routes': own.table,
      'network/isolated-subnet': isolated.subnet,
      'network/isolated-routes': isolated.table,
    };
    for (const [name, resource] of Object.entries(parameters)) {
      parameter(scope, `${name.replace('network/', '')}-parameter`, this.place, `${name}-${zone}`, resource.ref);
    }
    return own;
  }

  private subnet(parent: Construct, kind: keyof typeof KINDS, zone: number) {
    const scope = new Construct(parent, kind);
    const subnet = new CfnSubnet(scope, 'Subnet', {
      vpcId: this.vpc.ref,
      availabilityZone: Fn.select(zone - 1, Fn.getAzs()),
      cidrBlock: this.place.cidr(KINDS[kind] + zone, 24),
      mapPublicIpOnLaunch: false,
      tags: nameTag(this.place, 'subnet', `${kind}-${zone}`),
    });
    const table = new CfnRouteTable(scope, 'RouteTable', {
      vpcId: this.vpc.ref,
      tags: nameTag(this.place, 'routes', `${kind}-${zone}`),
    });
    new CfnSubnetRouteTableAssociation(scope, 'RouteTableAssociation', {
      routeTableId: table.ref,
      subnetId: subnet.ref,
    });
    return { subnet, table };
  }

  private translation(
    scope: Construct,
    zone: number,
    internet: CfnInternetGateway,
    attachment: CfnVPCGatewayAttachment,
  ): CfnNatGateway {
    const { subnet, table } = this.subnet(scope, 'public', zone);
    const route = new CfnRoute(scope, 'PublicRoute', {
      routeTableId: table.ref,
      destinationCidrBlock: '0.0.0.0/0',
      gatewayId: internet.ref,
    });
    route.addResourceDependency(attachment);
    const address = new CfnEIP(scope, 'Address', {
      domain: 'vpc',
      tags: nameTag(this.place, 'address', `translation-${zone}`),
    });
    address.addResourceDependency(attachment);
    const translation = new CfnNatGateway(scope, 'Translation', {
      subnetId: subnet.ref,
      allocationId: address.attrAllocationId,
      tags: nameTag(this.place, 'gateway', `translation-${zone}`),
    });
    translation.addResourceDependency(route);
    return translation;
  }

  private rules(functions: CfnSecurityGroup, database: CfnSecurityGroup): void {
    const port = { ipProtocol: 'tcp', fromPort: DATABASE_PORT, toPort: DATABASE_PORT, description: 'settlement' };
    new CfnSecurityGroupEgress(this, 'FunctionsToDatabase', {
      ...port,
      groupId: functions.attrGroupId,
      destinationSecurityGroupId: database.attrGroupId,
    });
    new CfnSecurityGroupEgress(this, 'FunctionsToHttps', {
      groupId: functions.attrGroupId,
      ipProtocol: 'tcp',
      fromPort: 443,
      toPort: 443,
      cidrIp: '0.0.0.0/0',
      description: 'AWS APIs, and the other region seen from outside',
    });
    new CfnSecurityGroupIngress(this, 'DatabaseFromFunctions', {
      ...port,
      groupId: database.attrGroupId,
      sourceSecurityGroupId: functions.attrGroupId,
    });
  }

  private flowLogs(): void {
    const { place } = this;
    const scope = new Construct(this, 'FlowLogs');
    const name = `/aws/vpc/${place.name('flow-logs', 'main')}`;
    const logs = logGroup(scope, 'Logs', place, name);
    const writer = role(scope, 'Role', place, 'flow-logs', 'vpc-flow-logs.amazonaws.com', [
      allow(['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'], [place.logGroupArn(name)]),
      allow(['logs:DescribeLogGroups'], [place.arn('logs', 'log-group:*')]),
    ]);
    new CfnFlowLog(scope, 'FlowLog', {
      resourceId: this.vpc.ref,
      resourceType: 'VPC',
      trafficType: 'ALL',
      logDestinationType: 'cloud-watch-logs',
      logGroupName: logs.ref,
      deliverLogsPermissionArn: writer.attrArn,
      maxAggregationInterval: 60,
      tags: nameTag(place, 'flow-log', 'main'),
    });
  }
}

/** A group that sends nowhere until a rule says so. */
export function securityGroup(
  scope: Construct,
  place: Place,
  vpc: CfnVPC,
  purpose: string,
  groupDescription: string,
): CfnSecurityGroup {
  return new CfnSecurityGroup(scope, `${purpose}-group`, {
    groupName: place.name('group', purpose),
    groupDescription,
    vpcId: vpc.ref,
    securityGroupEgress: [
      { ipProtocol: 'icmp', cidrIp: '255.255.255.255/32', fromPort: 252, toPort: 86, description: 'nothing' },
    ],
  });
}
