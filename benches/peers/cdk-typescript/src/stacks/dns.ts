import { CfnOutput, Fn } from 'aws-cdk-lib';
import { CfnHealthCheck, CfnHostedZone, CfnRecordSet } from 'aws-cdk-lib/aws-route53';
import { Construct } from 'constructs';
import { customResource, holdsData, parameter, TapStack } from '../pieces';
import { Place } from '../place';
import { allow, hookPolicy } from '../policy';

export class DnsStack extends TapStack {
  constructor(scope: Construct, place: Place) {
    super(scope, place, 'Dns', 'hosted zone, failover records and health checks');
    const zone = holdsData(new CfnHostedZone(this, 'Zone', { name: `${place.config.zone}.` }), place);
    this.side('Home', place.home, zone, 'PRIMARY', '/health/serving');
    this.side('Standby', place.standby, zone, 'SECONDARY', '/health/ready');
    this.removal(new Construct(this, 'Removal'), zone);
    parameter(this, 'ZoneParameter', place, 'dns/hosted-zone-id', zone.ref);
    new CfnOutput(this, 'HostedZoneId', { description: 'id of the hosted zone', value: zone.ref });
  }

  private side(id: string, at: Place, zone: CfnHostedZone, failover: string, resourcePath: string): void {
    const { healthCheck, recordTtl } = at.config;
    const scope = new Construct(this, id);
    const check = new CfnHealthCheck(scope, 'HealthCheck', {
      healthCheckConfig: {
        type: 'HTTPS',
        fullyQualifiedDomainName: at.host,
        port: 443,
        resourcePath,
        enableSni: true,
        requestInterval: healthCheck.interval,
        failureThreshold: healthCheck.failureThreshold,
      },
      healthCheckTags: [{ key: 'Name', value: at.name('check', at.region) }],
    });
    new CfnRecordSet(scope, 'Record', {
      hostedZoneId: zone.ref,
      name: `${at.publicHost}.`,
      type: 'CNAME',
      ttl: `${recordTtl}`,
      resourceRecords: [at.host],
      setIdentifier: at.region,
      failover,
      healthCheckId: check.ref,
    });
  }

  /** Nothing that was added to the zone since keeps it from being removed. */
  private removal(scope: Construct, zone: CfnHostedZone): void {
    const { place } = this;
    const arn = Fn.sub('arn:aws:route53:::hostedzone/${zone}', { zone: zone.ref });
    const policy = hookPolicy(scope, 'Policy', place, 'empty-zone', [
      allow(['route53:GetHostedZone', 'route53:ListResourceRecordSets', 'route53:UpdateHostedZoneFeatures'], [arn]),
      allow(['route53:ChangeResourceRecordSets'], [arn], {
        'ForAllValues:StringEquals': {
          'route53:ChangeResourceRecordSetsRecordTypes': ['CNAME'],
          'route53:ChangeResourceRecordSetsActions': ['DELETE'],
        },
      }),
    ]);
    customResource(scope, 'EmptyZone', place, 'EmptyZone', { Zone: zone.ref }).addResourceDependency(policy);
  }
}
