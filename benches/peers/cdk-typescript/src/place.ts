import { Config, ZONES } from './config';

/** One region of the deployment, and every name and ARN that can be computed in it. */
export class Place {
  constructor(
    readonly config: Config,
    readonly region: string,
  ) {}

  get isHome(): boolean {
    return this.region === this.config.home;
  }

  get peer(): Place {
    return this.in(this.isHome ? this.config.standby : this.config.home);
  }

  get home(): Place {
    return this.in(this.config.home);
  }

  get standby(): Place {
    return this.in(this.config.standby);
  }

  private in(region: string): Place {
    return new Place(this.config, region);
  }

  stackName(kind: string): string {
    return `TapStack-${kind}-${this.region}-${this.config.environment}`;
  }

  /** A physical name: `{type}-{purpose}-{environment}`. */
  name(type: string, purpose: string): string {
    return `${type}-${purpose}-${this.config.environment}`;
  }

  arn(service: string, resource: string): string {
    return `arn:aws:${service}:${this.region}:${this.config.account}:${resource}`;
  }

  functionArn(name: string): string {
    return this.arn('lambda', `function:${this.name('function', name)}`);
  }

  functionLogs(name: string): string {
    return `/aws/lambda/${this.name('function', name)}`;
  }

  logGroupArn(name: string): string {
    return this.arn('logs', `log-group:${name}:*`);
  }

  roleName(purpose: string): string {
    return this.name('role', `${purpose}-${this.region}`);
  }

  roleArn(purpose: string): string {
    return `arn:aws:iam::${this.config.account}:role/${this.roleName(purpose)}`;
  }

  queueArn(purpose: string): string {
    return this.arn('sqs', this.name('queue', purpose));
  }

  tableArn(purpose: string): string {
    return this.arn('dynamodb', `table/${this.name('table', purpose)}`);
  }

  bucket(purpose: string): string {
    return this.name('bucket', `${purpose}-${this.region}-${this.config.account}`);
  }

  bucketArn(purpose: string): string {
    return `arn:aws:s3:::${this.bucket(purpose)}`;
  }

  keyAlias(purpose: string): string {
    return `alias/${this.name('key', purpose)}`;
  }

  keyAliasArn(purpose: string): string {
    return this.arn('kms', this.keyAlias(purpose));
  }

  get alertTopicArn(): string {
    return this.arn('sns', this.name('topic', 'alerts'));
  }

  get clusterName(): string {
    return this.name('cluster', `orders-${this.region}`);
  }

  get clusterArn(): string {
    return this.arn('rds', `cluster:${this.clusterName}`);
  }

  get databaseInstances(): string[] {
    const numbers = Array.from({ length: this.config.database.instances }, (_, index) => index + 1);
    return numbers.map((number) => this.name('database', `orders-${number}`));
  }

  get databaseSecret(): string {
    return this.name('secret', 'database');
  }

  /** Secrets Manager ends it in six characters of its own. */
  get databaseSecretArn(): string {
    return this.arn('secretsmanager', `secret:${this.databaseSecret}-??????`);
  }

  get globalClusterArn(): string {
    return `arn:aws:rds::${this.config.account}:global-cluster:${this.name('global-cluster', 'orders')}`;
  }

  get eventBusArn(): string {
    return this.arn('events', `event-bus/${this.name('bus', 'recovery')}`);
  }

  ruleArn(purpose: string): string {
    return this.arn('events', `rule/${this.name('bus', 'recovery')}/${this.name('rule', purpose)}`);
  }

  /** A rule on the account's own bus, where AWS puts its events. */
  get databaseEventsArn(): string {
    return this.arn('events', `rule/${this.name('rule', 'database-events')}`);
  }

  workflowArn(purpose: string): string {
    return this.arn('states', `stateMachine:${this.name('workflow', purpose)}`);
  }

  get publicHost(): string {
    return `orders.${this.config.zone}`;
  }

  get host(): string {
    return `${this.region}.${this.publicHost}`;
  }

  parameterName(key: string): string {
    return `/standfast/${this.config.environment}/${key}`;
  }

  parameterArn(key: string): string {
    return this.arn('ssm', `parameter${this.parameterName(key)}`);
  }

  /** Resolved by CloudFormation while a stack is deployed. */
  parameter(key: string): string {
    return `{{resolve:ssm:${this.parameterName(key)}}}`;
  }

  parameterPerZone(prefix: string): string[] {
    return ZONES.map((zone) => this.parameter(`${prefix}-${zone}`));
  }

  get hostedZone(): string {
    return this.parameter('dns/hosted-zone-id');
  }

  /** Second octet of the region's addresses: the regions are peered, so they differ. */
  private get octet(): number {
    return this.isHome ? 0 : 1;
  }

  cidr(third: number, size: number): string {
    return `10.${this.octet}.${third}.0/${size}`;
  }

  get privateRange(): string {
    return this.cidr(8, 21);
  }

  get isolatedRange(): string {
    return this.cidr(20, 22);
  }
}
