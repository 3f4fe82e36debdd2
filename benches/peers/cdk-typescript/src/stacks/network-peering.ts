import { CfnOutput, Fn } from 'aws-cdk-lib';
import {
  CfnRoute,
  CfnSecurityGroupEgress,
  CfnSecurityGroupIngress,
  CfnVPCPeeringConnection,
} from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { DATABASE_PORT, ZONES } from '../config';
import { nameTag, TapStack } from '../pieces';
import { Place } from '../place';

const CONNECTION_OUTPUT = 'PeeringConnectionId';

export class NetworkPeeringStack extends TapStack {
  constructor(scope: Construct, place: Place) {
    super(scope, place, 'NetworkPeering', "private way to the other region's database");
    const { peer } = place;
    const connection = place.isHome
      ? Fn.getStackOutput(peer.stackName('NetworkPeering'), CONNECTION_OUTPUT, peer.region)
      : this.connection().ref;
    const ways = [
      { id: 'ToPeerDatabase', tables: 'network/private-routes', range: peer.isolatedRange },
      { id: 'ToPeerFunctions', tables: 'network/isolated-routes', range: peer.privateRange },
    ];
    for (const { id, tables, range } of ways) {
      for (const zone of ZONES) {
        new CfnRoute(this, `${id}${zone}`, {
          routeTableId: place.parameter(`${tables}-${zone}`),
          destinationCidrBlock: range,
          vpcPeeringConnectionId: connection,
        });
      }
    }
    const port = { ipProtocol: 'tcp', fromPort: DATABASE_PORT, toPort: DATABASE_PORT };
    new CfnSecurityGroupEgress(this, 'FunctionsToPeerDatabase', {
      ...port,
      groupId: place.parameter('network/function-security-group'),
      cidrIp: peer.isolatedRange,
      description: 'settlement in the other region',
    });
    new CfnSecurityGroupIngress(this, 'DatabaseFromPeerFunctions', {
      ...port,
      groupId: place.parameter('network/database-security-group'),
      cidrIp: peer.privateRange,
      description: 'settlement from the other region',
    });
  }

  private connection(): CfnVPCPeeringConnection {
    const { place } = this;
    const { peer } = place;
    const connection = new CfnVPCPeeringConnection(this, 'Connection', {
      vpcId: place.parameter('network/vpc'),
      peerVpcId: Fn.getStackOutput(peer.stackName('Networking'), 'VpcId', peer.region),
      peerRegion: peer.region,
      peerOwnerId: place.config.account,
      tags: nameTag(place, 'peering', 'regions'),
    });
    new CfnOutput(this, CONNECTION_OUTPUT, { description: 'id of the peering connection', value: connection.ref });
    return connection;
  }
}
