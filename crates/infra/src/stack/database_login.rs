//! The master user's login: a secret of home with a replica in the standby.
//!
//! RDS cannot manage the password of a global database's master user
//! (<https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-secrets-manager.html>), so the secret
//! is ours. Only the keeper reads it; every other function signs in with IAM tokens.

use cdk::{Handle, Scope};
use cfn::{Json, Value, secretsmanager};
use serde_json::json;

use super::{key, parameter};
use crate::packages::DATABASE_KEEPER;
use crate::place::{MASTER_USER, Place, parameter as key_of};

/// Characters of the password, letters and digits: nothing that a URL, a shell or SQL would quote.
const PASSWORD_LENGTH: i64 = 48;

/// Adds the secret, and says how the first writer takes its password from it.
pub(super) fn add(root: &mut Scope<'_>, place: &Place<'_>) -> Value<String> {
    use secretsmanager::secret::{GenerateSecretString, ReplicaRegion};
    let mut scope = root.scope("Login");
    let encryption = key(&mut scope, place, "database-login", &[]);
    let generated = GenerateSecretString::new()
        .secret_string_template(json!({ "username": MASTER_USER }).to_string())
        .generate_string_key("password")
        .password_length(PASSWORD_LENGTH)
        .exclude_punctuation(true);
    // The replica is under AWS's own key there: one of ours would have to exist before home's database does,
    // and home could not be deployed without the standby.
    let replica = ReplicaRegion::new(place.standby().region.as_str());
    let secret = scope.add(
        "Secret",
        secretsmanager::Secret::new()
            .name(place.names().database_secret())
            .description(format!("master user of the database of {}", place.deployment.name))
            .kms_key_id(encryption.attribute("Arn"))
            .generate_secret_string(generated)
            .replica_regions([replica]),
    );
    scope.add(
        "Readers",
        secretsmanager::ResourcePolicy::new(readers(place), secret.reference()).block_public_policy(true),
    );
    parameter(&mut scope, place, "KeyParameter", key_of::SECRET_KEY, encryption.attribute("Arn"));
    password(&secret)
}

/// Whatever IAM allows to others, only these read it: the keepers, and CloudFormation, which gives it to RDS.
fn readers(place: &Place<'_>) -> Json {
    let keeper = |at: &Place<'_>| {
        let role = place.names().function_role(DATABASE_KEEPER, at.region);
        format!("arn:aws:iam::{}:role/{role}", place.account)
    };
    // As the bootstrap stack names it, whatever its qualifier.
    let (account, region) = (place.account, place.region);
    let cloudformation = format!("arn:aws:iam::{account}:role/cdk-*-cfn-exec-role-{account}-{region}");
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "OnlyTheKeeperReads",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "secretsmanager:GetSecretValue",
            "Resource": "*",
            "Condition": {
                "ArnNotLike": {
                    "aws:PrincipalArn": [keeper(&place.home()), keeper(&place.standby()), cloudformation],
                },
            },
        }],
    })
}

/// Resolved by CloudFormation, and in no template.
fn password(secret: &Handle) -> Value<String> {
    cfn::join(
        "",
        [
            Value::from("{{resolve:secretsmanager:"),
            secret.reference().into(),
            Value::from(":SecretString:password}}"),
        ],
    )
}
