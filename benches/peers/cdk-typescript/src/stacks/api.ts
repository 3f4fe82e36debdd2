import {
  CfnAccount,
  CfnBasePathMapping,
  CfnDeployment,
  CfnDomainName,
  CfnMethod,
  CfnMethodProps,
  CfnRequestValidator,
  CfnResource,
  CfnRestApi,
  CfnStage,
} from 'aws-cdk-lib/aws-apigateway';
import { CfnCertificate } from 'aws-cdk-lib/aws-certificatemanager';
import { CfnPermission } from 'aws-cdk-lib/aws-lambda';
import { CfnRecordSet } from 'aws-cdk-lib/aws-route53';
import { CfnResource as CoreResource, Fn } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { logGroup, parameter, TapStack } from '../pieces';
import { Place } from '../place';
import { anywhere, role } from '../policy';
import { accessPolicy, addAnswers, addFirewall, HEALTH, model } from './api-edge';

export const STAGE = 'live';

const ROUTES: [path: string, ...methods: string[]][] = [
  ['/orders', 'POST'],
  ['/orders/{id}', 'GET'],
  ['/sessions/{id}', 'GET', 'PUT'],
  ['/health/live', 'GET'],
  ['/health/ready', 'GET'],
  ['/health/serving', 'GET'],
];

const ACCESS_LOG = {
  requestId: '$context.requestId',
  ip: '$context.identity.sourceIp',
  time: '$context.requestTime',
  caller: '$context.identity.userArn',
  method: '$context.httpMethod',
  path: '$context.resourcePath',
  status: '$context.status',
  refusal: '$context.error.responseType',
  latencyMs: '$context.responseLatency',
  integrationMs: '$context.integrationLatency',
  host: '$context.domainName',
};

export class ApiStack extends TapStack {
  private readonly api: CfnRestApi;

  constructor(scope: Construct, place: Place) {
    super(scope, place, 'Api', 'REST API and its names');
    this.api = new CfnRestApi(this, 'Api', {
      name: place.name('api', 'orders'),
      description: 'orders and sessions',
      endpointConfiguration: { types: ['REGIONAL'] },
      disableExecuteApiEndpoint: true,
      policy: accessPolicy(place, STAGE),
    });
    const methods = this.routes();
    new CfnPermission(this, 'MayInvoke', {
      action: 'lambda:InvokeFunction',
      functionName: place.functionArn('orders-api'),
      principal: 'apigateway.amazonaws.com',
      sourceArn: Fn.sub(place.arn('execute-api', `\${api}/${STAGE}/*/*`), { api: this.api.ref }),
    });
    const stage = this.stage([...methods, ...addAnswers(this, this.api)]);
    addFirewall(this, place, this.api, stage);
    const certificate = this.certificate();
    parameter(this, 'CertificateParameter', place, 'api/certificate', certificate.ref);
    this.domain('PublicDomain', place.publicHost, certificate, stage);
    const own = this.domain('RegionDomain', place.host, certificate, stage);
    new CfnRecordSet(this, 'RegionRecord', {
      hostedZoneId: place.hostedZone,
      name: `${place.host}.`,
      type: 'A',
      aliasTarget: {
        dnsName: own.attrRegionalDomainName,
        hostedZoneId: own.attrRegionalHostedZoneId,
        evaluateTargetHealth: false,
      },
    });
  }

  private routes(): CfnMethod[] {
    const scope = new Construct(this, 'Routes');
    const validator = new CfnRequestValidator(scope, 'Bodies', {
      restApiId: this.api.ref,
      name: this.place.name('validator', 'bodies'),
      validateRequestBody: true,
    });
    const bodies = new Map([
      ['POST/orders', model(scope, this.api, 'Order')],
      ['PUT/sessions/{id}', model(scope, this.api, 'Session')],
    ]);
    const resources = new Map<string, CfnResource>();
    const resource = (path: string): string => {
      if (path === '') {
        return this.api.attrRootResourceId;
      }
      const cut = path.lastIndexOf('/');
      const parentId = resource(path.slice(0, cut));
      const found =
        resources.get(path) ??
        new CfnResource(scope, path.replaceAll('/', '-'), {
          restApiId: this.api.ref,
          parentId,
          pathPart: path.slice(cut + 1),
        });
      resources.set(path, found);
      return found.ref;
    };
    return ROUTES.flatMap(([path, ...methods]) =>
      methods.map((httpMethod) => {
        const body = bodies.get(`${httpMethod}${path}`);
        return this.method(scope, `${httpMethod}${path.replaceAll('/', '-')}`, httpMethod, resource(path), {
          authorizationType: HEALTH.includes(path.slice(1)) ? 'NONE' : 'AWS_IAM',
          requestModels: body && { 'application/json': body.ref },
          requestValidatorId: body && validator.ref,
        });
      }),
    );
  }

  private method(
    scope: Construct,
    id: string,
    httpMethod: string,
    resourceId: string,
    access: Pick<CfnMethodProps, 'authorizationType' | 'requestModels' | 'requestValidatorId'>,
  ): CfnMethod {
    const { region } = this.place;
    const target = this.place.functionArn('orders-api');
    return new CfnMethod(scope, id, {
      restApiId: this.api.ref,
      resourceId,
      httpMethod,
      ...access,
      integration: {
        type: 'AWS_PROXY',
        integrationHttpMethod: 'POST',
        timeoutInMillis: 10_000,
        uri: `arn:aws:apigateway:${region}:lambda:path/2015-03-31/functions/${target}/invocations`,
      },
    });
  }

  private stage(deployed: CoreResource[]): CfnStage {
    const { place } = this;
    const { requestsPerSecond, burst } = place.config.api;
    const deployment = new CfnDeployment(this, 'Deployment', { restApiId: this.api.ref });
    deployed.forEach((resource) => deployment.addResourceDependency(resource));
    const logs = logGroup(this, 'AccessLogs', place, `/aws/apigateway/${place.name('api', 'orders')}`);
    const account = this.loggingAccount();
    const stage = new CfnStage(this, 'Stage', {
      restApiId: this.api.ref,
      deploymentId: deployment.ref,
      stageName: STAGE,
      tracingEnabled: true,
      accessLogSetting: { destinationArn: logs.attrArn, format: JSON.stringify(ACCESS_LOG) },
      methodSettings: [
        limits('*', '/*', requestsPerSecond, burst),
        ...HEALTH.map((path) => limits('GET', `/~1${path.replaceAll('/', '~1')}`, 100, 200)),
      ],
    });
    stage.addResourceDependency(account);
    return stage;
  }

  private loggingAccount(): CfnAccount {
    const scope = new Construct(this, 'Logging');
    const writer = role(scope, 'Role', this.place, 'api-logs', 'apigateway.amazonaws.com', [
      anywhere(
        [
          'logs:CreateLogGroup',
          'logs:CreateLogStream',
          'logs:DescribeLogGroups',
          'logs:DescribeLogStreams',
          'logs:FilterLogEvents',
          'logs:GetLogEvents',
          'logs:PutLogEvents',
        ],
        'API Gateway refuses a logging role that cannot do this to every log group of the account (API Gateway developer guide)',
      ),
    ]);
    return new CfnAccount(scope, 'Account', { cloudWatchRoleArn: writer.attrArn });
  }

  private certificate(): CfnCertificate {
    const { publicHost, host, hostedZone } = this.place;
    return new CfnCertificate(this, 'Certificate', {
      domainName: publicHost,
      subjectAlternativeNames: [host],
      validationMethod: 'DNS',
      domainValidationOptions: [publicHost, host].map((domainName) => ({ domainName, hostedZoneId: hostedZone })),
    });
  }

  private domain(id: string, host: string, certificate: CfnCertificate, stage: CfnStage): CfnDomainName {
    const scope = new Construct(this, id);
    const domain = new CfnDomainName(scope, 'Domain', {
      domainName: host,
      endpointConfiguration: { types: ['REGIONAL'] },
      regionalCertificateArn: certificate.ref,
      securityPolicy: 'TLS_1_2',
    });
    new CfnBasePathMapping(scope, 'Mapping', { domainName: domain.ref, restApiId: this.api.ref, stage: stage.ref });
    return domain;
  }
}

function limits(httpMethod: string, resourcePath: string, rate: number, burst: number): CfnStage.MethodSettingProperty {
  return {
    httpMethod,
    resourcePath,
    metricsEnabled: true,
    dataTraceEnabled: false,
    throttlingRateLimit: rate,
    throttlingBurstLimit: burst,
  };
}
