import { CfnCustomResource } from 'aws-cdk-lib';
import { CfnFunction, CfnPermission } from 'aws-cdk-lib/aws-lambda';
import { CfnRotationSchedule } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { holdsData } from '../pieces';
import { Place } from '../place';

/** The schema and the users, which every other function waits for; in home also the rotation. */
export function addDatabaseKeeping(scope: Construct, place: Place, keeper: CfnFunction, others: CfnFunction[]): void {
  const roles = new CfnCustomResource(scope, 'DatabaseRoles', {
    serviceToken: keeper.attrArn,
    serviceTimeout: 300,
  });
  const { s3Key } = keeper.code as CfnFunction.CodeProperty;
  roles.addPropertyOverride('Package', s3Key);
  roles.addPropertyOverride('Shards', `${place.config.journal.shards}`);
  roles.addPropertyOverride('Writer', place.isHome ? 'required' : 'if-found');
  holdsData(roles, place);
  others.forEach((other) => other.addResourceDependency(roles));
  if (place.isHome) {
    addRotation(scope, place, keeper);
  }
}

function addRotation(scope: Construct, place: Place, keeper: CfnFunction): void {
  const permission = new CfnPermission(scope, 'RotationMayInvoke', {
    action: 'lambda:InvokeFunction',
    functionName: keeper.attrArn,
    principal: 'secretsmanager.amazonaws.com',
    sourceAccount: place.config.account,
    sourceArn: place.databaseSecretArn,
  });
  const rotation = new CfnRotationSchedule(scope, 'Rotation', {
    secretId: place.databaseSecret,
    rotationLambdaArn: keeper.attrArn,
    rotateImmediatelyOnUpdate: false,
    rotationRules: { scheduleExpression: 'rate(30 days)', duration: '4h' },
  });
  rotation.addResourceDependency(permission);
}
