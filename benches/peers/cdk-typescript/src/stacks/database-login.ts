import { CfnResourcePolicy, CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { MASTER_USER } from '../config';
import { holdsData, key, parameter } from '../pieces';
import { Place } from '../place';
import { document } from '../policy';

/** Adds the secret with the master user's login, and says how the first writer takes its password from it. */
export function addLogin(parent: Construct, place: Place): string {
  const scope = new Construct(parent, 'Login');
  const encryption = key(scope, place, 'database-login');
  const secret = new CfnSecret(scope, 'Secret', {
    name: place.databaseSecret,
    description: `master user of the database of ${place.config.name}`,
    kmsKeyId: encryption.attrArn,
    generateSecretString: {
      secretStringTemplate: JSON.stringify({ username: MASTER_USER }),
      generateStringKey: 'password',
      passwordLength: 48,
      excludePunctuation: true,
    },
    replicaRegions: [{ region: place.standby.region }],
  });
  holdsData(secret, place);
  new CfnResourcePolicy(scope, 'Readers', {
    secretId: secret.ref,
    resourcePolicy: readers(place),
    blockPublicPolicy: true,
  });
  parameter(scope, 'KeyParameter', place, 'database/secret-key-arn', encryption.attrArn);
  return `{{resolve:secretsmanager:${secret.ref}:SecretString:password}}`;
}

/** Whatever IAM allows to others, only these read it: the keepers, and CloudFormation, which gives it to RDS. */
function readers(place: Place): object {
  const { account } = place.config;
  const cloudformation = `arn:aws:iam::${account}:role/cdk-*-cfn-exec-role-${account}-${place.region}`;
  return document([
    {
      Sid: 'OnlyTheKeeperReads',
      Effect: 'Deny',
      Principal: '*',
      Action: 'secretsmanager:GetSecretValue',
      Resource: '*',
      Condition: {
        ArnNotLike: {
          'aws:PrincipalArn': [
            place.home.roleArn('database-keeper'),
            place.standby.roleArn('database-keeper'),
            cloudformation,
          ],
        },
      },
    },
  ]);
}
