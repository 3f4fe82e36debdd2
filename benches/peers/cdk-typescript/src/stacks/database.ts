import { CfnOutput, CfnResource, Fn } from 'aws-cdk-lib';
import {
  CfnDBCluster,
  CfnDBClusterParameterGroup,
  CfnDBInstance,
  CfnDBParameterGroup,
  CfnDBSubnetGroup,
  CfnGlobalCluster,
} from 'aws-cdk-lib/aws-rds';
import { Construct } from 'constructs';
import { DATABASE_NAME, DATABASE_PORT, MASTER_USER, ZONES } from '../config';
import { customResource, holdsData, key, logGroup, parameter, TapStack } from '../pieces';
import { Place } from '../place';
import { allow, hookPolicy } from '../policy';
import { addLogin } from './database-login';

const ENGINE = 'aurora-postgresql';
const MAINTENANCE_WINDOW = 'sun:08:30-sun:09:30';
const CLUSTER_PARAMETERS = {
  'rds.force_ssl': '1',
  ssl_min_protocol_version: 'TLSv1.2',
  log_connections: '1',
  log_statement: 'ddl',
  idle_in_transaction_session_timeout: '60000',
  tcp_keepalives_idle: '15',
  tcp_keepalives_interval: '5',
  tcp_keepalives_count: '3',
};

export class DatabaseStack extends TapStack {
  constructor(scope: Construct, place: Place) {
    super(scope, place, 'Database', 'cluster of the Aurora global database');
    const { database } = place.config;
    const family = `${ENGINE}${database.version.split('.')[0]}`;
    const encryption = key(this, place, 'database');
    const subnets = new CfnDBSubnetGroup(this, 'SubnetGroup', {
      dbSubnetGroupName: place.name('subnets', 'database'),
      dbSubnetGroupDescription: 'isolated subnets of three zones',
      subnetIds: place.parameterPerZone('network/isolated-subnet'),
    });
    const parameters = new CfnDBClusterParameterGroup(this, 'Parameters', {
      dbClusterParameterGroupName: place.name('parameters', 'database'),
      description: 'encrypted connections only',
      family,
      parameters: CLUSTER_PARAMETERS,
    });
    const instanceParameters = new CfnDBParameterGroup(this, 'InstanceParameters', {
      dbParameterGroupName: place.name('parameters', 'database-instance'),
      description: 'slow statements are logged',
      family,
      parameters: { log_min_duration_statement: '1000', log_lock_waits: '1' },
    });
    const logs = logGroup(this, 'Logs', place, `/aws/rds/cluster/${place.clusterName}/postgresql`);
    const cluster = new CfnDBCluster(this, 'Cluster', {
      dbClusterIdentifier: place.clusterName,
      engine: ENGINE,
      engineVersion: database.version,
      port: DATABASE_PORT,
      storageEncrypted: true,
      kmsKeyId: encryption.attrArn,
      dbSubnetGroupName: subnets.ref,
      vpcSecurityGroupIds: [place.parameter('network/database-security-group')],
      dbClusterParameterGroupName: parameters.ref,
      enableIamDatabaseAuthentication: true,
      backupRetentionPeriod: database.backupDays,
      preferredBackupWindow: '07:00-08:00',
      preferredMaintenanceWindow: MAINTENANCE_WINDOW,
      copyTagsToSnapshot: true,
      enableCloudwatchLogsExports: ['postgresql'],
      deletionProtection: place.config.protect,
      ...(place.isHome
        ? { databaseName: DATABASE_NAME, masterUsername: MASTER_USER, masterUserPassword: addLogin(this, place) }
        : { globalClusterIdentifier: place.name('global-cluster', 'orders') }),
    });
    holdsData(cluster, place).addResourceDependency(logs);
    if (place.isHome) {
      const global = new CfnGlobalCluster(this, 'GlobalCluster', {
        globalClusterIdentifier: place.name('global-cluster', 'orders'),
        sourceDbClusterIdentifier: cluster.attrDbClusterArn,
        deletionProtection: place.config.protect,
      });
      holdsData(global, place);
    }
    const instances = place.databaseInstances.map((dbInstanceIdentifier, index) => {
      const instance = new CfnDBInstance(this, `Instance${index + 1}`, {
        dbInstanceIdentifier,
        dbClusterIdentifier: cluster.ref,
        dbInstanceClass: database.instanceClass,
        engine: ENGINE,
        availabilityZone: Fn.select(index % ZONES.length, Fn.getAzs()),
        publiclyAccessible: false,
        autoMinorVersionUpgrade: false,
        dbParameterGroupName: instanceParameters.ref,
        preferredMaintenanceWindow: MAINTENANCE_WINDOW,
        enablePerformanceInsights: true,
        performanceInsightsRetentionPeriod: 7,
        performanceInsightsKmsKeyId: encryption.attrArn,
      });
      return holdsData(instance, place);
    });
    const known = [
      parameter(this, 'HostParameter', place, 'database/host', cluster.attrEndpointAddress),
      parameter(this, 'ResourceParameter', place, 'database/resource-id', cluster.attrDbClusterResourceId),
    ];
    if (!place.isHome) {
      this.release(new Construct(this, 'Removal'), [...instances, ...known]);
    }
    new CfnOutput(this, 'DatabaseHost', {
      description: 'host of the writer endpoint',
      value: cluster.attrEndpointAddress,
    });
    new CfnOutput(this, 'DatabaseResourceId', {
      description: 'resource id of the cluster',
      value: cluster.attrDbClusterResourceId,
    });
  }

  /** The other cluster leaves the global one before this stack goes. */
  private release(scope: Construct, after: CfnResource[]): void {
    const { place } = this;
    const policy = hookPolicy(scope, 'Policy', place, 'release-database', [
      allow(['ssm:GetParameter'], [place.parameterArn('automation')]),
      allow(['rds:DescribeGlobalClusters'], [place.globalClusterArn]),
      allow(['rds:RemoveFromGlobalCluster'], [place.globalClusterArn, place.clusterArn, place.peer.clusterArn]),
    ]);
    const release = customResource(scope, 'ReleaseGlobalCluster', place, 'ReleaseGlobalCluster', {
      GlobalCluster: place.name('global-cluster', 'orders'),
      Cluster: place.clusterArn,
      Switch: place.parameterName('automation'),
    });
    [policy, ...after].forEach((before) => release.addResourceDependency(before));
  }
}
