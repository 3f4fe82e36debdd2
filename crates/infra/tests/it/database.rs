//! R02, R13, R18: who gets into the database, what it logs, and what both of its sides have in common.

use serde_json::{Value, json};

use crate::{Template, deployment, every_template, everywhere, one, synthesise, trading};

const REGIONS: [&str; 2] = ["us-east-1", "us-east-2"];

fn stack<'t>(templates: &'t [Template], kind: &str, region: &str) -> &'t Template {
    let name = format!("TapStack-{kind}-{region}-production");
    templates.iter().find(|template| template.name == name).expect("each region has each kind of stack")
}

/// The only resource of a type in a stack, with its logical id.
fn only<'t>(template: &'t Template, kind: &str) -> (&'t String, &'t Value) {
    let found: Vec<_> = template.resources().filter(|(_, resource)| resource["Type"] == kind).collect();
    assert_eq!(found.len(), 1, "{kind} in {}", template.name);
    found[0]
}

fn depends(resource: &Value, on: &str) -> bool {
    match &resource["DependsOn"] {
        Value::Array(ids) => ids.iter().any(|id| id == on),
        id => id == on,
    }
}

#[test]
fn the_master_user_s_login_is_a_generated_secret_of_home_with_a_replica_and_a_key_of_its_own() {
    let templates = trading();
    let home = stack(&templates, "Database", "us-east-1");
    let (id, secret) = only(home, "AWS::SecretsManager::Secret");
    let secret = &secret["Properties"];
    assert_eq!(secret["Name"], "secret-database-production");
    assert_eq!(secret.get("SecretString"), None, "nobody chooses it");
    let generated = &secret["GenerateSecretString"];
    assert_eq!(generated["SecretStringTemplate"], r#"{"username":"standfast"}"#);
    assert_eq!((&generated["PasswordLength"], &generated["ExcludePunctuation"]), (&json!(48), &json!(true)));
    assert_eq!(secret["ReplicaRegions"], json!([{ "Region": "us-east-2" }]));
    let key = secret["KmsKeyId"]["Fn::GetAtt"][0].as_str().expect("a key of the stack");
    let cluster = &only(home, "AWS::RDS::DBCluster").1["Properties"];
    assert_ne!(cluster["KmsKeyId"]["Fn::GetAtt"][0], key, "not the key of the data");
    assert_eq!(
        cluster["MasterUserPassword"],
        json!({ "Fn::Join": ["", ["{{resolve:secretsmanager:", { "Ref": id }, ":SecretString:password}}"]] })
    );
    assert!(stack(&templates, "Database", "us-east-2").all("AWS::SecretsManager::Secret").is_empty());
}

#[test]
fn only_the_keepers_and_the_deployment_read_the_login() {
    let templates = trading();
    let home = stack(&templates, "Database", "us-east-1");
    let (_, policy) = only(home, "AWS::SecretsManager::ResourcePolicy");
    let statement = &policy["Properties"]["ResourcePolicy"]["Statement"][0];
    assert_eq!((&statement["Effect"], &statement["Principal"]), (&json!("Deny"), &json!("*")));
    assert_eq!(statement["Action"], "secretsmanager:GetSecretValue");
    let role = |name: &str| format!("arn:aws:iam::111122223333:role/{name}");
    assert_eq!(
        statement["Condition"]["ArnNotLike"]["aws:PrincipalArn"],
        json!([
            role("role-database-keeper-us-east-1-production"),
            role("role-database-keeper-us-east-2-production"),
            role("cdk-*-cfn-exec-role-111122223333-us-east-1"),
        ])
    );
    for template in &templates {
        for role in template.all("AWS::IAM::Role") {
            let keeper = role["RoleName"].as_str().is_some_and(|name| name.contains("database-keeper"));
            assert_eq!(role.to_string().contains("secretsmanager:"), keeper, "{}", role["RoleName"]);
        }
    }
}

#[test]
fn the_login_is_rotated_every_thirty_days_by_the_keeper_alone() {
    let templates = trading();
    let compute = stack(&templates, "Compute", "us-east-1");
    let (_, rotation) = only(compute, "AWS::SecretsManager::RotationSchedule");
    let schedule = &rotation["Properties"];
    assert_eq!(schedule["SecretId"], "secret-database-production");
    assert_eq!(schedule["RotationRules"], json!({ "Duration": "4h", "ScheduleExpression": "rate(30 days)" }));
    assert_eq!(schedule["RotateImmediatelyOnUpdate"], false, "a deployment changes no password");
    let keeper = schedule["RotationLambdaARN"]["Fn::GetAtt"][0].as_str().expect("a function of the stack");
    let function = &compute.json["Resources"][keeper]["Properties"];
    assert_eq!(function["FunctionName"], "function-database-keeper-production");
    let (permission, may) = compute
        .resources()
        .find(|(_, r)| r["Properties"]["Principal"] == "secretsmanager.amazonaws.com")
        .expect("Secrets Manager may call it");
    assert!(depends(rotation, permission));
    assert_eq!(may["Properties"]["SourceAccount"], "111122223333");
    let secret = "arn:aws:secretsmanager:us-east-1:111122223333:secret:secret-database-production-??????";
    assert_eq!(may["Properties"]["SourceArn"], secret);
    assert!(
        stack(&templates, "Compute", "us-east-2").all("AWS::SecretsManager::RotationSchedule").is_empty()
    );
}

#[test]
fn no_function_runs_before_the_schema_and_the_users_are_there() {
    let templates = trading();
    for (region, writer) in REGIONS.into_iter().zip(["required", "if-found"]) {
        let compute = stack(&templates, "Compute", region);
        let (roles, resource) = only(compute, "AWS::CloudFormation::CustomResource");
        let told = &resource["Properties"];
        assert_eq!((&told["Writer"], &told["Shards"]), (&json!(writer), &json!("4")));
        let keeper = told["ServiceToken"]["Fn::GetAtt"][0].as_str().expect("a function of the stack");
        let timeout_s = compute.json["Resources"][keeper]["Properties"]["Timeout"].as_i64().expect("seconds");
        assert!(told["ServiceTimeout"].as_i64().is_some_and(|answer_s| answer_s > 2 * timeout_s));
        let package = &compute.json["Resources"][keeper]["Properties"]["Code"]["S3Key"];
        assert_eq!(&told["Package"], package, "another package may know another schema");
        for (id, function) in compute.resources().filter(|(_, r)| r["Type"] == "AWS::Lambda::Function") {
            assert_eq!(depends(function, roles), id != keeper, "{id}");
        }
    }
}

#[test]
fn each_function_has_a_database_user_of_its_own() {
    for template in every_template() {
        for function in template.all("AWS::Lambda::Function") {
            let name = function["FunctionName"].as_str().expect("a name");
            let binary = name.trim_start_matches("function-").trim_end_matches("-production");
            let variables = &function["Environment"]["Variables"];
            let Some(user) = variables["STANDFAST_DATABASE_USER"].as_str() else {
                assert_eq!(binary, "stack-hook", "it is in no network, and knows no database");
                continue;
            };
            let keeper = binary == "database-keeper";
            assert_eq!(user, if keeper { "standfast".to_owned() } else { binary.replace('-', "_") });
            assert_eq!(variables.get("STANDFAST_DATABASE_SECRET").is_some(), keeper, "{name}");
        }
    }
}

#[test]
fn both_sides_have_the_same_parameters_windows_and_logs() {
    let templates = trading();
    let [home, standby] = REGIONS.map(|region| stack(&templates, "Database", region));
    for kind in ["AWS::RDS::DBClusterParameterGroup", "AWS::RDS::DBParameterGroup"] {
        let [home, standby] = [home, standby].map(|side| &only(side, kind).1["Properties"]);
        assert_eq!(home["Parameters"], standby["Parameters"], "Aurora hands them on to nobody");
        assert_eq!(home["Family"], "aurora-postgresql16");
        assert_eq!(standby["Family"], "aurora-postgresql16");
    }
    for (side, region) in [(home, "us-east-1"), (standby, "us-east-2")] {
        let (_, cluster) = only(side, "AWS::RDS::DBCluster");
        let properties = &cluster["Properties"];
        assert_eq!(properties["PreferredBackupWindow"], "07:00-08:00");
        assert_eq!(properties["PreferredMaintenanceWindow"], "sun:08:30-sun:09:30");
        assert_eq!(properties["CopyTagsToSnapshot"], true);
        assert_eq!(properties["EnableCloudwatchLogsExports"], json!(["postgresql"]));
        let log = format!("/aws/rds/cluster/cluster-orders-{region}-production/postgresql");
        let (id, group) = only(side, "AWS::Logs::LogGroup");
        assert_eq!(group["Properties"]["LogGroupName"], log);
        assert_eq!(group["Properties"]["RetentionInDays"], 30);
        assert!(group["Properties"]["KmsKeyId"].is_string());
        assert!(depends(cluster, id), "RDS would make it otherwise, for ever");
        let (parameters, _) = only(side, "AWS::RDS::DBParameterGroup");
        for instance in side.all("AWS::RDS::DBInstance") {
            assert_eq!(instance["DBParameterGroupName"], json!({ "Ref": parameters }));
            assert_eq!(instance["PreferredMaintenanceWindow"], "sun:08:30-sun:09:30");
            assert_eq!(instance["AutoMinorVersionUpgrade"], false);
            assert_eq!(instance["EnablePerformanceInsights"], true);
            assert_eq!(instance["PerformanceInsightsRetentionPeriod"], 7);
        }
    }
}

#[test]
fn the_standby_has_instances_as_home_has() {
    for instances in [2, 3] {
        let mut deployment = deployment();
        deployment.database.instances_per_region = instances;
        let templates = synthesise(&deployment);
        for region in REGIONS {
            let side = stack(&templates, "Database", region);
            assert_eq!(
                side.all("AWS::RDS::DBInstance").len(),
                instances as usize,
                "never headless: {region}"
            );
        }
    }
}

#[test]
fn what_rds_says_of_the_database_reaches_people() {
    for (templates, region) in everywhere() {
        let rule = one(templates, region, "AWS::Events::Rule", "Name", "rule-database-events-production");
        assert_eq!(rule.get("EventBusName"), None, "AWS's own events are on the account's own bus");
        let pattern = &rule["EventPattern"];
        assert_eq!(pattern["source"], json!(["aws.rds"]));
        let categories = pattern["detail"]["EventCategories"].as_array().expect("categories");
        assert!(["failover", "failure"].iter().all(|wanted| categories.iter().any(|one| one == wanted)));
        let sources = &pattern["detail"]["SourceIdentifier"];
        let cluster = format!("cluster-orders-{region}-production");
        assert_eq!(
            *sources,
            json!(["database-orders-1-production", "database-orders-2-production", cluster])
        );
        let topic = format!("arn:aws:sns:{region}:111122223333:topic-alerts-production");
        assert_eq!(rule["Targets"][0]["Arn"], topic);
        let arn = format!("arn:aws:events:{region}:111122223333:rule/rule-database-events-production");
        let queues = stack(templates, "DisasterRecovery", region).all("AWS::SQS::QueuePolicy");
        assert!(queues.iter().any(|policy| policy.to_string().contains(&arn)), "what is not told is kept");
    }
}
