import { CfnBucket, CfnBucketPolicy } from 'aws-cdk-lib/aws-s3';
import { CfnKey } from 'aws-cdk-lib/aws-kms';
import { CfnPolicy } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { customResource, holdsData, key, TapStack } from '../pieces';
import { Place } from '../place';
import { allow, document, hookPolicy, role } from '../policy';

export const BUCKETS = { Configuration: 'config', Audit: 'audit' };

export class StorageStack extends TapStack {
  constructor(scope: Construct, place: Place) {
    super(scope, place, 'Storage', 'buckets for configuration and for the audit log');
    const arns = Object.values(BUCKETS).map((purpose) => place.bucketArn(purpose));
    const emptying = hookPolicy(this, 'EmptyBuckets', place, 'empty-buckets', [
      allow(['s3:ListBucketMultipartUploads', 's3:ListBucketVersions'], arns),
      allow(
        ['s3:AbortMultipartUpload', 's3:DeleteObject', 's3:DeleteObjectVersion'],
        arns.map((arn) => `${arn}/*`),
      ),
    ]);
    for (const [id, purpose] of Object.entries(BUCKETS)) {
      this.bucket(new Construct(this, id), purpose, emptying);
    }
  }

  private bucket(scope: Construct, purpose: string, emptying: CfnPolicy): void {
    const { place } = this;
    const encryption = key(scope, place, purpose);
    const replicator = this.replicator(new Construct(scope, 'Replication'), purpose, encryption);
    const bucket = new CfnBucket(scope, 'Bucket', {
      bucketName: place.bucket(purpose),
      bucketEncryption: {
        serverSideEncryptionConfiguration: [
          {
            bucketKeyEnabled: true,
            serverSideEncryptionByDefault: { sseAlgorithm: 'aws:kms', kmsMasterKeyId: encryption.attrArn },
          },
        ],
      },
      lifecycleConfiguration: { rules: this.lifecycle(purpose) },
      ownershipControls: { rules: [{ objectOwnership: 'BucketOwnerEnforced' }] },
      publicAccessBlockConfiguration: {
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      },
      versioningConfiguration: { status: 'Enabled' },
      // Home's buckets are made before the standby's; the peering stack has the hook do this for them.
      replicationConfiguration: place.isHome
        ? undefined
        : { role: replicator.attrArn, rules: [replication(place.peer, purpose)] },
    });
    holdsData(bucket, place);
    new CfnBucketPolicy(scope, 'Policy', { bucket: bucket.ref, policyDocument: access(place, purpose, encryption) });
    const empty = customResource(scope, 'EmptyBucket', place, 'EmptyBucket', { Bucket: place.bucket(purpose) });
    empty.addResourceDependency(bucket);
    empty.addResourceDependency(emptying);
  }

  private replicator(scope: Construct, purpose: string, encryption: CfnKey) {
    const { place } = this;
    const [own, copy] = [place.bucketArn(purpose), place.peer.bucketArn(purpose)];
    return role(scope, 'Role', place, `replicate-${purpose}`, 's3.amazonaws.com', [
      allow(['s3:GetReplicationConfiguration', 's3:ListBucket'], [own]),
      allow(
        ['s3:GetObjectVersionAcl', 's3:GetObjectVersionForReplication', 's3:GetObjectVersionTagging'],
        [`${own}/*`],
      ),
      allow(['s3:ReplicateDelete', 's3:ReplicateObject', 's3:ReplicateTags'], [`${copy}/*`]),
      allow(['kms:Decrypt'], [encryption.attrArn], {
        StringEquals: { 'kms:ViaService': `s3.${place.region}.amazonaws.com` },
        StringLike: { 'kms:EncryptionContext:aws:s3:arn': [own, `${own}/*`] },
      }),
      allow(['kms:Encrypt', 'kms:GenerateDataKey'], [place.peer.arn('kms', 'key/*')], {
        'ForAnyValue:StringEquals': { 'kms:ResourceAliases': [place.keyAlias(purpose)] },
        StringEquals: { 'kms:ViaService': `s3.${place.peer.region}.amazonaws.com` },
      }),
    ]);
  }

  private lifecycle(purpose: string): CfnBucket.RuleProperty[] {
    const kept: CfnBucket.RuleProperty = {
      id: 'kept',
      status: 'Enabled',
      abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
      noncurrentVersionExpiration: { noncurrentDays: 90 },
    };
    const archived = {
      expirationInDays: this.place.config.auditRetentionDays,
      transitions: [
        { storageClass: 'GLACIER_IR', transitionInDays: 90 },
        { storageClass: 'DEEP_ARCHIVE', transitionInDays: 365 },
      ],
    };
    return [
      purpose === BUCKETS.Audit ? { ...kept, ...archived } : kept,
      { id: 'markers', status: 'Enabled', expiredObjectDeleteMarker: true },
    ];
  }
}

/** Everything, within a quarter of an hour, into the other region's bucket. */
function replication(to: Place, purpose: string): CfnBucket.ReplicationRuleProperty {
  return {
    id: 'everything',
    status: 'Enabled',
    priority: 1,
    filter: { prefix: '' },
    deleteMarkerReplication: { status: 'Enabled' },
    destination: {
      bucket: to.bucketArn(purpose),
      encryptionConfiguration: { replicaKmsKeyId: to.keyAliasArn(purpose) },
      metrics: { status: 'Enabled', eventThreshold: { minutes: 15 } },
      replicationTime: { status: 'Enabled', time: { minutes: 15 } },
    },
    sourceSelectionCriteria: {
      replicaModifications: { status: 'Enabled' },
      sseKmsEncryptedObjects: { status: 'Enabled' },
    },
  };
}

function access(place: Place, purpose: string, encryption: CfnKey): object {
  const arn = place.bucketArn(purpose);
  const deny = (Sid: string, Action: string, Resource: string[], Condition: object) => ({
    Sid,
    Effect: 'Deny',
    Principal: '*',
    Action,
    Resource,
    Condition,
  });
  const unlessGiven = (header: string, value: string) => ({
    Null: { [header]: 'false' },
    StringNotEquals: { [header]: value },
  });
  const everything = [arn, `${arn}/*`];
  const header = 's3:x-amz-server-side-encryption';
  return document([
    deny('TlsOnly', 's3:*', everything, { Bool: { 'aws:SecureTransport': 'false' } }),
    deny('ModernTlsOnly', 's3:*', everything, { NumericLessThan: { 's3:TlsVersion': '1.2' } }),
    deny('NoOtherEncryption', 's3:PutObject', [`${arn}/*`], unlessGiven(header, 'aws:kms')),
    deny('NoOtherKey', 's3:PutObject', [`${arn}/*`], unlessGiven(`${header}-aws-kms-key-id`, encryption.attrArn)),
  ]);
}
