//! R16, R18: the key for logs, and the function that removes what CloudFormation leaves behind.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::calls::{list, services, sources};
use crate::{Template, every_template, everywhere, one, trading};

const REGIONS: [&str; 2] = ["us-east-1", "us-east-2"];

fn foundation<'t>(templates: &'t [Template], region: &str) -> &'t Template {
    let name = format!("TapStack-Foundation-{region}-production");
    templates.iter().find(|template| template.name == name).expect("each region has a foundation")
}

#[test]
fn every_log_group_is_kept_for_a_while_under_the_region_s_own_key() {
    let mut seen = 0;
    for template in every_template() {
        for group in template.all("AWS::Logs::LogGroup") {
            let key = &group["KmsKeyId"];
            let own = key["Fn::GetAtt"].is_array() && template.name.contains("-Foundation-");
            let read = *key == "{{resolve:ssm:/standfast/production/logs/key-arn}}";
            assert!(own || read, "{}: {group}", template.name);
            assert_eq!(group["RetentionInDays"], 30, "{group}");
            seen += 1;
        }
    }
    assert!(seen >= 14, "{seen} log groups");
}

#[test]
fn the_key_for_logs_serves_the_log_groups_of_this_deployment_only() {
    for (templates, region) in everywhere() {
        let keys = foundation(templates, region).all("AWS::KMS::Key");
        assert_eq!(keys.len(), 1);
        let statement = &keys[0]["KeyPolicy"]["Statement"][1];
        assert_eq!(statement["Principal"]["Service"], format!("logs.{region}.amazonaws.com"));
        let allowed = list(&statement["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]);
        let fits = |name: &str| {
            let tail = |pattern: &&str| pattern.rsplit_once("log-group:*").expect("a pattern").1.to_owned();
            let tails: Vec<String> = allowed.iter().map(tail).collect();
            tails.iter().any(|tail| match tail.strip_suffix('*') {
                Some(inner) => name.contains(inner),
                None => name.ends_with(tail.as_str()),
            })
        };
        let prefix = format!("arn:aws:logs:{region}:111122223333:log-group:*");
        assert!(allowed.iter().all(|arn| arn.starts_with(&prefix)), "{allowed:?}");
        assert!(!fits("/aws/lambda/somebody-else"), "{allowed:?}");
        for template in templates.iter().filter(|template| template.region == region) {
            for group in template.all("AWS::Logs::LogGroup") {
                let name = group["LogGroupName"].as_str().expect("a name");
                assert!(fits(name), "{name} in {allowed:?}");
            }
        }
    }
}

#[test]
fn the_hook_outlives_the_networks_and_answers_within_its_time() {
    for (templates, region) in everywhere() {
        let name = "function-stack-hook-production";
        let hook = one(templates, region, "AWS::Lambda::Function", "FunctionName", name);
        assert_eq!(hook.get("VpcConfig"), None);
        assert_eq!(hook["Runtime"], "provided.al2023");
        assert_eq!(hook["TracingConfig"]["Mode"], "Active");
        let timeout = hook["Timeout"].as_i64().expect("seconds");
        assert!(timeout <= 900, "Lambda's most");
        let arn = format!("arn:aws:lambda:{region}:111122223333:function:{name}");
        for template in templates.iter().filter(|template| template.region == region) {
            for resource in template.all("AWS::CloudFormation::CustomResource") {
                if resource["ServiceToken"] == arn {
                    let waits = resource["ServiceTimeout"].as_i64().expect("seconds");
                    assert!(waits > timeout && waits <= 3600, "{resource}");
                }
            }
        }
    }
}

/// What the code calls, and the actions IAM knows the calls by where they differ.
const CALLS: [(&str, &str); 14] = [
    (".abort_multipart_upload()", "s3:AbortMultipartUpload"),
    (".change_resource_record_sets()", "route53:ChangeResourceRecordSets"),
    (".delete_bucket_replication()", "s3:PutReplicationConfiguration"),
    (".delete_objects()", "s3:DeleteObject s3:DeleteObjectVersion"),
    (".describe_global_clusters()", "rds:DescribeGlobalClusters"),
    (".describe_stacks()", "cloudformation:DescribeStacks"),
    (".get_hosted_zone()", "route53:GetHostedZone"),
    (".get_parameter()", "ssm:GetParameter"),
    (".list_multipart_uploads()", "s3:ListBucketMultipartUploads"),
    (".list_object_versions()", "s3:ListBucketVersions"),
    (".list_resource_record_sets()", "route53:ListResourceRecordSets"),
    // The role under which S3 copies is passed on with the configuration.
    (".put_bucket_replication()", "s3:PutReplicationConfiguration iam:PassRole"),
    (".remove_from_global_cluster()", "rds:RemoveFromGlobalCluster"),
    (".update_hosted_zone_features()", "route53:UpdateHostedZoneFeatures"),
];

/// Every action on every resource that a region's hook may take, over all stacks.
fn allowed(templates: &[Template], region: &str) -> BTreeSet<(String, String)> {
    let role = format!("role-stack-hook-{region}-production");
    let own = one(templates, region, "AWS::IAM::Role", "RoleName", &role);
    let mut documents = vec![&own["Policies"][0]["PolicyDocument"]];
    for template in templates.iter().filter(|template| template.region == region) {
        let more = template.all("AWS::IAM::Policy").into_iter().filter(|p| p["Roles"] == json!([role]));
        documents.extend(more.map(|policy| &policy["PolicyDocument"]));
    }
    let statements = documents.into_iter().flat_map(|document| document["Statement"].as_array()).flatten();
    let pairs = statements.flat_map(|statement| {
        let resources = statement["Resource"].as_array().expect("resources").iter();
        let resources: Vec<String> = resources.map(Value::to_string).collect();
        let actions = list(&statement["Action"]).into_iter();
        actions.flat_map(move |action| {
            resources.clone().into_iter().map(move |resource| (action.to_owned(), resource))
        })
    });
    pairs.filter(|(action, _)| !action.starts_with("logs:") && !action.starts_with("xray:")).collect()
}

#[test]
fn the_hook_may_call_what_its_code_calls_and_nothing_everywhere() {
    let mut files = Vec::new();
    sources(&services().join("stack_hook"), &mut files);
    let text: String = files.iter().map(|f| fs::read_to_string(f).expect("a readable source")).collect();
    let sent = text.matches(".send()").count();
    let named: usize = CALLS.iter().map(|(call, _)| text.matches(call).count()).sum();
    assert_eq!(named, sent, "a call that the list does not have");
    let called: BTreeSet<&str> =
        CALLS.iter().filter(|(call, _)| text.contains(call)).flat_map(|(_, is)| is.split(' ')).collect();
    let templates = trading();
    let mut listed = BTreeSet::new();
    for region in REGIONS {
        for (action, resource) in allowed(&templates, region) {
            assert!(!resource.contains("\"*\"") && !resource.ends_with(":*\""), "{action} on {resource}");
            listed.insert(action);
        }
    }
    assert_eq!(listed.iter().map(String::as_str).collect::<BTreeSet<_>>(), called);
}

#[test]
fn nothing_is_emptied_or_released_when_the_deployment_is_protected() {
    let mut deployment = crate::deployment();
    deployment.protect = true;
    let mut seen = 0;
    for template in crate::synthesise(&deployment) {
        for (id, resource) in template.resources() {
            if resource["Type"] == "AWS::CloudFormation::CustomResource" {
                assert_eq!(resource["DeletionPolicy"], "Retain", "{id}");
                seen += 1;
            }
        }
    }
    assert!(seen >= 6, "{seen} custom resources");
}

#[test]
fn no_stack_is_changed_before_the_region_is_known_to_be_the_deployment_s() {
    for (deployment, templates) in crate::shipped() {
        let app = infra::app::compose(
            deployment,
            crate::ACCOUNT,
            &infra::Packages::stand_ins(),
            infra::Replay::Included,
        );
        let assembly = app.expect("the input is good").synthesise().expect("the tree is sound");
        let before = |name: &str| -> Vec<String> {
            let stack = assembly.stacks.iter().find(|stack| stack.name == name).expect("a stack");
            stack.dependencies.to_vec()
        };
        for stack in &assembly.stacks {
            let own = format!("TapStack-Foundation-{}-{}", stack.environment.region, deployment.environment);
            let (mut all, mut open) = (BTreeSet::from([stack.name.clone()]), vec![stack.name.clone()]);
            while let Some(name) = open.pop() {
                open.extend(before(&name).into_iter().filter(|name| all.insert(name.clone())));
            }
            assert!(all.contains(&own), "{} does not wait for {own}", stack.name);
        }
        for region in deployment.pair() {
            let of_region =
                |one: &&Template| one.region == region.as_str() && one.name.contains("-Foundation-");
            let foundation = templates.iter().find(of_region).expect("each region has a foundation");
            let claims = foundation.all("AWS::CloudFormation::CustomResource");
            let claim = claims.iter().find(|one| one["Action"] == "ClaimRegion").expect("a claim");
            assert_eq!(claim["Deployment"], deployment.name.as_str(), "{region}");
        }
    }
}
