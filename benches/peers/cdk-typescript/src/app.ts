import { App, Stack, Tags } from 'aws-cdk-lib';
import { load } from './config';
import { Place } from './place';
import { AlertsStack } from './stacks/alerts';
import { ApiStack } from './stacks/api';
import { ComputeStack } from './stacks/compute';
import { DatabaseStack } from './stacks/database';
import { DisasterRecoveryStack } from './stacks/disaster-recovery';
import { DnsStack } from './stacks/dns';
import { FoundationStack } from './stacks/foundation';
import { GlobalTablesStack } from './stacks/global-tables';
import { MonitoringStack } from './stacks/monitoring';
import { NetworkPeeringStack } from './stacks/network-peering';
import { NetworkingStack } from './stacks/networking';
import { PeeringStack } from './stacks/peering';
import { StorageStack } from './stacks/storage';
import { tagsOf } from './tags';
import { addValidation } from './validation';

const config = load();
const app = new App({ analyticsReporting: false });

const home = new Place(config, config.home);
const standby = new Place(config, config.standby);
const dns = new DnsStack(app, standby);
const tables = new GlobalTablesStack(app, standby);
const [inHome, inStandby] = [home, standby].map(region);
connect(inHome, inStandby);
connect(inStandby, inHome);
inStandby.storage.addStackDependency(inHome.storage);
inStandby.database.addStackDependency(inHome.database);
inHome.peering.addStackDependency(inStandby.storage);
inHome.networkPeering.addStackDependency(inStandby.networkPeering);
inStandby.networkPeering.addStackDependency(inHome.networking);
dns.addStackDependency(inStandby.foundation);
tables.addStackDependency(inStandby.foundation);

for (const [key, value] of Object.entries(tagsOf(config))) {
  Tags.of(app).add(key, value);
}
if (process.env.VALIDATE) {
  addValidation(app, config);
}
app.synth();

/** Every stack of one region. */
function region(place: Place) {
  return {
    alerts: new AlertsStack(app, place),
    foundation: new FoundationStack(app, place),
    networking: new NetworkingStack(app, place),
    storage: new StorageStack(app, place),
    database: new DatabaseStack(app, place),
    peering: new PeeringStack(app, place),
    networkPeering: new NetworkPeeringStack(app, place),
    compute: new ComputeStack(app, place),
    api: new ApiStack(app, place),
    recovery: new DisasterRecoveryStack(app, place),
    monitoring: new MonitoringStack(app, place),
  };
}

/** What has to be deployed before what. */
function connect(own: ReturnType<typeof region>, peer: ReturnType<typeof region>): void {
  const waits: [Stack, ...Stack[]][] = [
    [own.alerts, own.foundation],
    [own.networking, own.foundation],
    [own.storage, own.foundation],
    [own.database, own.alerts, own.networking],
    [own.peering, peer.database, dns],
    [own.networkPeering, own.networking],
    [own.compute, own.database, own.storage, own.peering, tables],
    [own.api, own.compute],
    [own.recovery, own.alerts, own.compute],
    [own.monitoring, own.alerts, own.api, own.recovery],
  ];
  waits.forEach(([stack, ...before]) => before.forEach((one) => stack.addStackDependency(one)));
}
