import { Annotations, App, AspectPriority, Aspects, CfnDeletionPolicy, CfnResource, IAspect, Stack } from 'aws-cdk-lib';
import { IConstruct } from 'constructs';
import { Config } from './config';
import { WILDCARD_REASON } from './policy';
import { tagsOf } from './tags';

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
type Fields = { [key: string]: Json };
type Rule = (type: string, properties: Fields, resource: CfnResource) => string[];

/** Which property of which type is its physical name. */
const NAMES: Record<string, string> = {
  'AWS::ApiGateway::RestApi': 'Name',
  'AWS::CloudWatch::Alarm': 'AlarmName',
  'AWS::CloudWatch::CompositeAlarm': 'AlarmName',
  'AWS::CloudWatch::Dashboard': 'DashboardName',
  'AWS::DynamoDB::GlobalTable': 'TableName',
  'AWS::EC2::SecurityGroup': 'GroupName',
  'AWS::Events::EventBus': 'Name',
  'AWS::Events::Rule': 'Name',
  'AWS::IAM::Role': 'RoleName',
  'AWS::KMS::Alias': 'AliasName',
  'AWS::Lambda::Function': 'FunctionName',
  'AWS::Logs::LogGroup': 'LogGroupName',
  'AWS::RDS::DBCluster': 'DBClusterIdentifier',
  'AWS::RDS::DBClusterParameterGroup': 'DBClusterParameterGroupName',
  'AWS::RDS::DBInstance': 'DBInstanceIdentifier',
  'AWS::RDS::DBParameterGroup': 'DBParameterGroupName',
  'AWS::RDS::DBSubnetGroup': 'DBSubnetGroupName',
  'AWS::RDS::GlobalCluster': 'GlobalClusterIdentifier',
  'AWS::S3::Bucket': 'BucketName',
  'AWS::SNS::Topic': 'TopicName',
  'AWS::SQS::Queue': 'QueueName',
  'AWS::SSM::Parameter': 'Name',
  'AWS::Scheduler::Schedule': 'Name',
  'AWS::SecretsManager::Secret': 'Name',
  'AWS::StepFunctions::StateMachine': 'StateMachineName',
  'AWS::WAFv2::WebACL': 'Name',
};
const NAMED_BY_TAG = [
  'AWS::EC2::EIP',
  'AWS::EC2::FlowLog',
  'AWS::EC2::InternetGateway',
  'AWS::EC2::NatGateway',
  'AWS::EC2::RouteTable',
  'AWS::EC2::Subnet',
  'AWS::EC2::VPC',
  'AWS::EC2::VPCEndpoint',
  'AWS::EC2::VPCPeeringConnection',
];
const LENGTHS: Record<string, number> = {
  'AWS::CloudWatch::Alarm': 255,
  'AWS::IAM::Role': 64,
  'AWS::Lambda::Function': 64,
  'AWS::RDS::DBCluster': 63,
  'AWS::RDS::DBInstance': 63,
  'AWS::S3::Bucket': 63,
  'AWS::SQS::Queue': 80,
  'AWS::StepFunctions::StateMachine': 80,
};
/** For each type, properties of which each row must have one. */
const ENCRYPTION: Record<string, string[][]> = {
  'AWS::DynamoDB::GlobalTable': [['SSESpecification']],
  'AWS::Logs::LogGroup': [['KmsKeyId']],
  'AWS::RDS::DBCluster': [['StorageEncrypted'], ['KmsKeyId']],
  'AWS::RDS::DBInstance': [['PerformanceInsightsKMSKeyId']],
  'AWS::S3::Bucket': [['BucketEncryption']],
  'AWS::SNS::Topic': [['KmsMasterKeyId']],
  'AWS::SQS::Queue': [['KmsMasterKeyId', 'SqsManagedSseEnabled']],
  'AWS::SecretsManager::Secret': [['KmsKeyId']],
};
const HOLDS_DATA = [
  'AWS::CloudFormation::CustomResource',
  'AWS::DynamoDB::GlobalTable',
  'AWS::KMS::Key',
  'AWS::Logs::LogGroup',
  'AWS::RDS::DBCluster',
  'AWS::RDS::DBInstance',
  'AWS::RDS::GlobalCluster',
  'AWS::Route53::HostedZone',
  'AWS::S3::Bucket',
  'AWS::SQS::Queue',
  'AWS::SecretsManager::Secret',
];
/** Types whose own policy can name nothing but `*`, which there is the resource itself. */
const ITSELF = ['AWS::KMS::Key', 'AWS::KMS::ReplicaKey'];

/** Adds the rules that every resource must keep: each violation is an error at its construct. */
export function addValidation(app: App, config: Config): void {
  const rules: Rule[] = [names(config), lengths, encryption, removal(config), tags(config), leastPrivilege];
  rules.forEach((rule) => Aspects.of(app).add(new Validation(rule), { priority: AspectPriority.READONLY }));
}

/** One rule, on what each resource becomes in its template. */
class Validation implements IAspect {
  constructor(private readonly rule: Rule) {}

  visit(node: IConstruct): void {
    if (!CfnResource.isCfnResource(node)) {
      return;
    }
    const properties = propertiesOf(node);
    this.rule(node.cfnResourceType, properties, node).forEach((problem) => Annotations.of(node).addError(problem));
  }
}

const resolved = new WeakMap<CfnResource, Fields>();

/** Resolved once per resource: that is what costs. */
function propertiesOf(resource: CfnResource): Fields {
  const known = resolved.get(resource);
  if (known) {
    return known;
  }
  const template = Stack.of(resource).resolve(resource._toCloudFormation()) as {
    Resources: Record<string, { Properties?: Fields }>;
  };
  const properties = Object.values(template.Resources)[0].Properties ?? {};
  resolved.set(resource, properties);
  return properties;
}

function tagsIn(properties: Fields): Record<string, Json> {
  const found = properties.Tags ?? properties.HealthCheckTags ?? properties.HostedZoneTags;
  if (Array.isArray(found)) {
    return Object.fromEntries((found as Fields[]).map(({ Key, Value }) => [Key as string, Value]));
  }
  return (found ?? {}) as Fields;
}

function names({ environment }: Config): Rule {
  const holds = (name: string) =>
    name.split('/').some((part) => part === environment || part.endsWith(`-${environment}`));
  return (type, properties) => {
    const property = NAMES[type];
    const name = NAMED_BY_TAG.includes(type) ? tagsIn(properties).Name : property ? properties[property] : '';
    if (name === undefined) {
      return [`has no name, so its name would not end with -${environment}`];
    }
    return typeof name === 'string' && name !== '' && !holds(name) ? [`${name} does not end with -${environment}`] : [];
  };
}

const lengths: Rule = (type, properties) => {
  const name = properties[NAMES[type] ?? ''];
  return typeof name === 'string' && name.length > (LENGTHS[type] ?? Infinity) ? [`${name} is too long`] : [];
};

const encryption: Rule = (type, properties) =>
  (ENCRYPTION[type] ?? [])
    .filter((anyOf) => !anyOf.some((name) => properties[name] !== undefined && properties[name] !== false))
    .map((anyOf) => `is not encrypted as it must be: ${anyOf.join(' or ')}`);

function removal({ protect }: Config): Rule {
  const wanted = protect ? CfnDeletionPolicy.RETAIN : CfnDeletionPolicy.DELETE;
  return (type, _, { cfnOptions: { deletionPolicy, updateReplacePolicy } }) => {
    if (HOLDS_DATA.includes(type) && (deletionPolicy !== wanted || updateReplacePolicy !== wanted)) {
      return [`must say ${wanted} as its removal policy`];
    }
    const leaves = [deletionPolicy, updateReplacePolicy].some(
      (policy) => policy && policy !== CfnDeletionPolicy.DELETE,
    );
    return leaves && !protect ? ['leaves something behind, and this deployment is not protected'] : [];
  };
}

function tags(config: Config): Rule {
  const wanted = [...Object.keys(tagsOf(config)), 'region'];
  return (_, properties) => {
    const found = tagsIn(properties);
    return Object.keys(found).length === 0
      ? []
      : wanted.filter((key) => !(key in found)).map((key) => `has no tag ${key}`);
  };
}

const leastPrivilege: Rule = (type, properties, resource) => {
  if (resource.getMetadata(WILDCARD_REASON)) {
    return [];
  }
  const problems = new Set<string>();
  visit(properties, (statement) => {
    texts(statement.Action)
      .filter((action) => /[*?]/.test(action))
      .forEach((action) => problems.add(`allows the action ${action} and gives no reason`));
    texts(statement.Resource)
      .filter((arn) => !ITSELF.includes(type) && (arn === '*' || arn.split(':').slice(5).join(':') === '*'))
      .forEach((arn) => problems.add(`allows the resource ${arn} and gives no reason`));
    ['NotAction', 'NotResource']
      .filter((but) => but in statement)
      .forEach((but) => problems.add(`allows whatever is no ${but}`));
  });
  return [...problems];
};

/** Every allowing statement below a value, also in policies that are texts. */
function visit(value: Json, found: (statement: Fields) => void): void {
  if (Array.isArray(value)) {
    value.forEach((item) => visit(item, found));
  } else if (typeof value === 'string' && value.trimStart().startsWith('{') && value.includes('"Effect"')) {
    visit(JSON.parse(value) as Json, found);
  } else if (value !== null && typeof value === 'object') {
    if (value.Effect === 'Allow') {
      found(value);
    }
    Object.values(value).forEach((item) => visit(item, found));
  }
}

function texts(value: Json | undefined): string[] {
  return (Array.isArray(value) ? value : [value]).filter((item): item is string => typeof item === 'string');
}
