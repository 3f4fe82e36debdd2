import { Fn } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { customResource, parameter, TapStack } from '../pieces';
import { Place } from '../place';
import { allow, hookPolicy } from '../policy';
import { BUCKETS } from './storage';

export class PeeringStack extends TapStack {
  constructor(scope: Construct, place: Place) {
    super(scope, place, 'Peering', 'what this region must know about the other');
    const { peer } = place;
    const ofPeer = (kind: string, output: string) => Fn.getStackOutput(peer.stackName(kind), output, peer.region);
    parameter(this, 'PeerDatabaseHost', place, 'peer/database-host', ofPeer('Database', 'DatabaseHost'));
    parameter(
      this,
      'PeerDatabaseResource',
      place,
      'peer/database-resource-id',
      ofPeer('Database', 'DatabaseResourceId'),
    );
    if (place.isHome) {
      parameter(this, 'HostedZone', place, 'dns/hosted-zone-id', ofPeer('Dns', 'HostedZoneId'));
      this.replication(new Construct(this, 'Replication'));
    }
  }

  private replication(scope: Construct): void {
    const { place } = this;
    const purposes = Object.values(BUCKETS);
    const policy = hookPolicy(scope, 'Policy', place, 'replicate-buckets', [
      allow(
        ['s3:PutReplicationConfiguration'],
        purposes.map((purpose) => place.bucketArn(purpose)),
      ),
      allow(
        ['iam:PassRole'],
        purposes.map((purpose) => place.roleArn(`replicate-${purpose}`)),
        { StringEquals: { 'iam:PassedToService': 's3.amazonaws.com' } },
      ),
    ]);
    for (const [id, purpose] of Object.entries(BUCKETS)) {
      const replicate = customResource(scope, id, place, 'ReplicateBucket', {
        Bucket: place.bucket(purpose),
        Destination: place.peer.bucketArn(purpose),
        ReplicaKey: place.peer.keyAliasArn(purpose),
        Role: place.roleArn(`replicate-${purpose}`),
      });
      replicate.addResourceDependency(policy);
    }
  }
}
