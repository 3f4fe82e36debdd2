import { Construct } from 'constructs';
import { addAlarm } from '../monitoring/alarm';
import { api } from '../monitoring/api';
import { addComposites } from '../monitoring/composite';
import { addDashboard } from '../monitoring/dashboard';
import { database, tables } from '../monitoring/data';
import { buckets, queues, workflow } from '../monitoring/delivery';
import { functions } from '../monitoring/functions';
import { lease, preflight, reconciler, settlement } from '../monitoring/lease';
import { TapStack } from '../pieces';
import { Place } from '../place';

const ALARMS = [lease, api, settlement, queues, database, tables, buckets, workflow, functions, preflight, reconciler];

export class MonitoringStack extends TapStack {
  constructor(scope: Construct, place: Place) {
    super(scope, place, 'Monitoring', 'alarms and dashboard');
    const alarms = new Construct(this, 'Alarms');
    const specs = ALARMS.flatMap((of) => of(place));
    const added = new Map(specs.map((spec) => [spec.purpose, addAlarm(alarms, place, spec)]));
    addComposites(new Construct(this, 'Composites'), place, added);
    addDashboard(this, place);
  }
}
