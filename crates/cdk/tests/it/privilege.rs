//! What policies may not allow without a reason.

use cdk::Stack;
use cdk::aspect::LeastPrivilege;
use cfn::{iam, kms, ssm};
use serde_json::{Value, json};

use crate::aspects::refusals;
use crate::stack;

/// A stack with one role that has a policy of one statement.
fn allowing(statement: Value) -> Stack {
    let mut one = stack("One");
    let document = json!({ "Version": "2012-10-17", "Statement": [statement] });
    let policy = iam::role::Policy::new(document, "permissions");
    one.scope("Api").add("Role", iam::Role::new(json!({})).policies([policy]));
    one
}

fn least_privilege() -> LeastPrivilege {
    LeastPrivilege { reason_key: "Why".to_owned() }
}

#[test]
fn a_wildcard_without_a_reason_is_refused() {
    let exact = json!({ "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:r:1:q" });
    assert_eq!(refusals(allowing(exact.clone()), least_privilege()), [] as [String; 0]);
    let cases = [
        ("Action", json!("*"), "the action `*`"),
        ("Action", json!(["sqs:SendMessage", "sqs:*"]), "the action `sqs:*`"),
        ("Action", json!("sqs:Get*"), "the action `sqs:Get*`"),
        ("Resource", json!("*"), "the resource `*`"),
        ("Resource", json!(["arn:aws:sqs:r:1:q", "*"]), "the resource `*`"),
        ("Resource", json!("arn:aws:s3:::*"), "the resource `arn:aws:s3:::*`"),
        ("Resource", json!("arn:aws:sqs:r:1:*"), "the resource `arn:aws:sqs:r:1:*`"),
        ("Resource", json!("arn:aws:sqs:r:*:q"), "the resource `arn:aws:sqs:r:*:q`"),
        ("Resource", json!("arn:aws:dynamodb:r:1:table/*"), "the resource `arn:aws:dynamodb:r:1:table/*`"),
        ("Resource", json!("arn:aws:s3:::buck?t/*"), "the resource `arn:aws:s3:::buck?t/*`"),
        (
            "Resource",
            json!("arn:aws:logs:r:1:log-group:*:*"),
            "the resource `arn:aws:logs:r:1:log-group:*:*`",
        ),
        (
            "Resource",
            json!({ "Fn::Sub": "arn:aws:sqs:r:${AWS::AccountId}:q*" }),
            "the resource `arn:aws:sqs:r:${AWS::AccountId}:q*`",
        ),
        ("Action", json!("dynamodb:PutIte?"), "the action `dynamodb:PutIte?`"),
        ("Principal", json!("*"), "everybody"),
        ("Principal", json!({ "AWS": ["*"] }), "everybody"),
        ("Principal", json!({ "Service": "*" }), "everybody"),
        ("NotPrincipal", json!({ "AWS": "arn:aws:iam::1:root" }), "whatever is no principal"),
        ("NotAction", json!("iam:*"), "whatever is no action"),
        ("NotResource", json!("arn:aws:sqs:r:1:q"), "whatever is no resource"),
    ];
    for (field, value, what) in cases {
        let mut statement = exact.clone();
        statement[field] = value;
        let expected = format!("One/Api/Role: Policies allows {what} and gives no `Why`");
        assert_eq!(refusals(allowing(statement.clone()), least_privilege()), [expected]);
        statement["Effect"] = json!("Deny");
        assert_eq!(
            refusals(allowing(statement), least_privilege()),
            [] as [String; 0],
            "a denial may be wide"
        );
    }
    let narrow = [
        json!("arn:aws:s3:::bucket/*"),
        json!("arn:aws:logs:r:1:log-group:/one/group:*"),
        json!("arn:aws:states:r:1:execution:one:*"),
        json!("arn:aws:secretsmanager:r:1:secret:one-??????"),
        json!({ "Fn::Join": ["", [{ "Ref": "AWS::StackName" }, "/*"]] }),
        json!({ "Ref": "AWS::NoValue" }),
    ];
    for narrow in narrow {
        let statement = json!({ "Effect": "Allow", "Action": "s3:GetObject", "Resource": narrow });
        assert_eq!(refusals(allowing(statement), least_privilege()), [] as [String; 0]);
    }
}

/// A reason is for the actions that stand before it; a word of them somewhere in a text is none.
#[test]
fn a_written_reason_permits_its_own_actions_and_no_others() {
    let cases = [
        ("xray:PutTraceSegments: X-Ray has no resource for traces", 0),
        ("sqs:ListQueues: why; which goes on; xray:PutTraceSegments: why", 0),
        (" ", 1),
        ("X-Ray has no resource for traces", 1),
        ("xray:PutTraceSegments: ", 1),
        ("sqs:ListQueues, xray:PutTraceSegments: a list of others", 1),
        ("no xray:PutTraceSegments: why", 1),
    ];
    for (reason, refused) in cases {
        let mut one = stack("One");
        let statement = json!({ "Effect": "Allow", "Action": "xray:PutTraceSegments", "Resource": "*" });
        let role = one.root().add("Policy", iam::Policy::new(json!({ "Statement": statement }), "policy"));
        one.root().node(&role).because("Why", reason);
        assert_eq!(refusals(one, least_privilege()).len(), refused, "{reason}");
    }
}

#[test]
fn a_condition_makes_a_principal_somebody_when_it_says_whose_the_call_is() {
    let cases = [
        (json!({ "StringEquals": { "aws:PrincipalAccount": "111122223333" } }), false),
        (json!({ "ArnLike": { "AWS:SourceArn": "arn:aws:sns:r:1:topic" } }), false),
        (json!({ "Bool": { "aws:SecureTransport": "true" } }), true),
        (json!({ "StringEqualsIfExists": { "aws:PrincipalAccount": "111122223333" } }), true),
        (json!({ "ForAllValues:StringEquals": { "aws:PrincipalAccount": "111122223333" } }), true),
        (json!({ "StringLike": { "aws:PrincipalAccount": "*" } }), true),
        (json!({ "StringNotEquals": { "aws:PrincipalAccount": "111122223333" } }), true),
    ];
    for (condition, open) in cases {
        let statement = json!({ "Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole", "Condition": condition });
        let mut one = stack("One");
        one.root().add("Role", iam::Role::new(json!({ "Statement": [statement] })));
        let expected = "One/Role: AssumeRolePolicyDocument allows everybody and gives no `Why`".to_owned();
        assert_eq!(
            refusals(one, least_privilege()),
            if open { vec![expected] } else { Vec::new() },
            "{condition}"
        );
    }
}

#[test]
fn a_policy_from_elsewhere_needs_a_reason_and_one_of_the_template_none() {
    let administrator = "arn:aws:iam::aws:policy/AdministratorAccess";
    let role = |policies: [cfn::Value<String>; 1]| iam::Role::new(json!({})).managed_policy_arns(policies);
    let mut one = stack("One");
    let own = one.root().add("Own", iam::Policy::new(json!({ "Statement": [] }), "policy"));
    one.root().add("Exact", role([own.reference().into()]));
    one.root().add("Wide", role([administrator.into()]));
    let told = one.root().add("Told", role([administrator.into()]));
    one.root().node(&told).because("Why", &cdk::policy::reason(&[administrator], "a role for people"));
    let expected =
        format!("One/Wide: ManagedPolicyArns allows all that `{administrator}` does and gives no `Why`");
    assert_eq!(refusals(one, least_privilege()), [expected]);
}

#[test]
fn a_key_s_own_policy_means_itself_and_a_policy_may_be_a_text() {
    let policy = |action: &str| {
        let principal = json!({ "AWS": "arn:aws:iam::111122223333:root" });
        let statement =
            json!({ "Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*" });
        json!({ "Version": "2012-10-17", "Statement": [statement] })
    };
    let mut one = stack("One");
    one.root().add("Exact", kms::Key::new().key_policy(policy("kms:Decrypt")));
    one.root().add("Wide", kms::Key::new().key_policy(policy("kms:*")));
    one.root().add("Text", ssm::Parameter::new("String", policy("logs:PutLogEvents").to_string()));
    assert_eq!(
        refusals(one, least_privilege()),
        [
            "One/Wide: KeyPolicy allows the action `kms:*` and gives no `Why`",
            "One/Text: Value allows the resource `*` and gives no `Why`",
        ]
    );
}
