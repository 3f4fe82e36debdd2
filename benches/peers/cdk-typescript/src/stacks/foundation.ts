import { Construct } from 'constructs';
import { customResource, keyUnder, lambdaFunction, parameter, TapStack } from '../pieces';
import { Place } from '../place';
import { allow, logKeyPolicy } from '../policy';

export class FoundationStack extends TapStack {
  constructor(scope: Construct, place: Place) {
    super(scope, place, 'Foundation', 'key for logs, and what makes custom resources');
    const logsKey = keyUnder(new Construct(this, 'Logs'), place, 'logs', logKeyPolicy(place));
    parameter(this, 'LogsKeyParameter', place, 'logs/key-arn', logsKey.attrArn);
    const hook = lambdaFunction(this, place, 'stack-hook', {
      timeout: 900,
      memorySize: 256,
      logsKey: logsKey.attrArn,
      allowed: [
        allow(['cloudformation:DescribeStacks'], [place.arn('cloudformation', `stack/${place.stackName('*')}/*`)]),
      ],
    });
    const claim = customResource(this, 'Claim', place, 'ClaimRegion', { Deployment: place.config.name });
    claim.addResourceDependency(hook);
  }
}
