import { CfnGlobalTable, CfnGlobalTableProps } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { holdsData, TapStack } from '../pieces';
import { Place } from '../place';
import { tagsOf } from '../tags';

export class GlobalTablesStack extends TapStack {
  constructor(scope: Construct, place: Place) {
    super(scope, place, 'GlobalTables', 'order journal with the lease, and sessions');
    this.table('Journal', ['pk', 'sk'], {
      multiRegionConsistency: 'STRONG',
      globalTableWitnesses: [{ region: place.config.witness }],
    });
    this.table('Sessions', ['pk'], {
      multiRegionConsistency: 'EVENTUAL',
      streamSpecification: { streamViewType: 'NEW_AND_OLD_IMAGES' },
      timeToLiveSpecification: { attributeName: 'expires_at', enabled: true },
    });
  }

  private table(id: string, keys: string[], props: Partial<CfnGlobalTableProps>): void {
    const { place } = this;
    const table = new CfnGlobalTable(this, id, {
      tableName: place.name('table', id.toLowerCase()),
      billingMode: 'PAY_PER_REQUEST',
      attributeDefinitions: keys.map((attributeName) => ({ attributeName, attributeType: 'S' })),
      keySchema: keys.map((attributeName, index) => ({ attributeName, keyType: index === 0 ? 'HASH' : 'RANGE' })),
      sseSpecification: { sseEnabled: true, sseType: 'KMS' },
      replicas: [place.standby, place.home].map((at) => ({
        region: at.region,
        deletionProtectionEnabled: place.config.protect,
        pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
        tags: Object.entries({ ...tagsOf(place.config), region: at.region }).map(([key, value]) => ({ key, value })),
      })),
      ...props,
    });
    holdsData(table, place);
  }
}
