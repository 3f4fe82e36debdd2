//! R13, per function: it may call what its code calls, on what it calls it on, and nothing else.
//!
//! Method: one list per function, compared with the role in the template; and the calls that the
//! services' source names, compared with the lists.

mod lists;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use self::lists::{FUNCTIONS, LAMBDA, SAID};
use crate::{one, trading};

/// What is called where containers run the application; functions may not.
const OF_CONTAINERS: [&str; 3] = ["DescribeServices", "DescribeTargetHealth", "UpdateService"];

const REGIONS: [&str; 2] = ["us-east-1", "us-east-2"];

/// What one of them may do in one region.
fn expected(name: &str, region: &str, listed: &[&str]) -> BTreeSet<String> {
    let replica = name == "database-keeper" && region != "us-east-1";
    listed
        .iter()
        .filter(|call| !replica || call.contains(":GetSecretValue "))
        .map(|call| (*call).to_owned())
        .collect()
}

pub(crate) fn list(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    }
}

/// The resource as the lists name it: without account, and its region as `own` or `peer`.
fn short(arn: &str, own: &str) -> String {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [_, _, service, region, _, resource] = parts[..] else { return arn.to_owned() };
    let whose = if region == own { "own" } else { "peer" };
    match (service, resource) {
        ("rds-db", user) => format!("{whose} as {}", user.rsplit('/').next().unwrap_or_default()),
        ("rds", cluster) if cluster.starts_with("cluster:") => format!("cluster:{whose}"),
        ("route53", _) => "hostedzone".to_owned(),
        ("execute-api", call) => format!("{whose} {}", call.strip_prefix("*/live/").unwrap_or(call)),
        ("s3", object) => object.replace(own, "own"),
        ("iam", role) if role.contains(own) => role.replace(own, "own"),
        ("iam", role) => REGIONS.iter().fold(role.to_owned(), |role, region| role.replace(region, "peer")),
        (_, resource) => resource.to_owned(),
    }
}

/// Every value of a condition, in the order of its keys, but for `Null`, which asks for a key.
fn condition(statement: &Value) -> String {
    let operators = statement["Condition"].as_object().into_iter().flat_map(|all| all.iter());
    let operators = operators.filter(|(operator, _)| *operator != "Null").map(|(_, keys)| keys);
    let keys = operators.filter_map(Value::as_object).flat_map(|keys| keys.iter());
    let mut keys: Vec<(&String, &Value)> = keys.collect();
    keys.sort_by_key(|(key, _)| *key);
    let values: Vec<&str> = keys.into_iter().flat_map(|(_, values)| list(values)).collect();
    if values.is_empty() { String::new() } else { format!(" if {}", values.join(" ")) }
}

#[test]
fn each_function_may_call_exactly_what_it_calls() {
    let templates = trading();
    for region in REGIONS {
        for (name, _, listed) in FUNCTIONS {
            let role = format!("role-{name}-{region}-production");
            let role = one(&templates, region, "AWS::IAM::Role", "RoleName", &role);
            let statements = role["Policies"][0]["PolicyDocument"]["Statement"].as_array();
            let mut allowed = BTreeSet::new();
            let mut lambda = BTreeSet::new();
            let statements = statements.expect("a policy has statements").iter();
            for statement in statements.filter(|statement| statement["Effect"] == "Allow") {
                for action in list(&statement["Action"]) {
                    if LAMBDA.contains(&action) {
                        lambda.insert(action);
                        continue;
                    }
                    for resource in list(&statement["Resource"]) {
                        let resource = short(resource, region);
                        let condition = condition(statement).replace(region, "own");
                        allowed.insert(format!("{action} {resource}{condition}"));
                    }
                }
            }
            assert_eq!(allowed, expected(name, region, listed), "{name} in {region}");
            assert_eq!(lambda, BTreeSet::from(LAMBDA), "{name} in {region}");
            assert_eq!(role.get("ManagedPolicyArns"), None, "{name} in {region}");
        }
    }
}

pub(crate) fn services() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../services/src")
}

#[test]
fn each_list_has_the_calls_that_its_function_s_code_makes() {
    for (name, directory, listed) in FUNCTIONS {
        let mut files = Vec::new();
        sources(&services().join(directory), &mut files);
        let text: String =
            files.iter().map(|file| fs::read_to_string(file).expect("a readable source")).collect();
        for (call, said) in SAID {
            let narrower = [format!("{call} as "), format!("{call} if ")];
            let listed =
                listed.iter().any(|one| *one == call || narrower.iter().any(|begin| one.starts_with(begin)));
            if name == "database-keeper" && call.starts_with("rds-db:") {
                assert!(!listed, "it logs in as the master user, with a password");
                continue;
            }
            let says = said.split('|').any(|said| text.contains(said));
            assert_eq!(says, listed, "{name}: {call}, which is `{said}`");
        }
    }
}

/// Every `.rs` file below a directory.
pub(crate) fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("the services are beside this crate") {
        let path = entry.expect("a readable directory").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// `get_item` as `GetItem`; IAM has other names for some of them.
fn action(method: &str) -> String {
    match method {
        "get_bucket_replication" => return "GetReplicationConfiguration".to_owned(),
        "invoke" => return "InvokeFunction".to_owned(),
        "delete_message_batch" => return "DeleteMessage".to_owned(),
        _ => {}
    }
    let word = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        if word == "db" { "DB".to_owned() } else { first.to_uppercase() + rest }
    };
    method.split('_').map(word).collect()
}

/// What the services call their SDK clients.
const CLIENTS: [&str; 6] = ["client", "events", "rds", "route53", "s3", "secrets"];

/// The SDK calls that begin in a source: `client.get_item()`, over lines or in one.
fn calls(text: &str) -> Vec<String> {
    let inside_a_word = |before: &str| before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
    let ends = CLIENTS.iter().flat_map(|client| {
        let found = text.match_indices(client).filter(|(at, _)| !inside_a_word(&text[..*at]));
        found.map(|(at, client)| at + client.len())
    });
    ends.filter_map(|end| text[end..].trim_start().strip_prefix('.')?.split_once("()"))
        .map(|(method, _)| method)
        .filter(|method| method.chars().all(|c| c.is_ascii_lowercase() || c == '_') && *method != "clone")
        .map(action)
        .collect()
}

/// The calls that are signed by hand, by the name each of them gives itself.
fn signed(text: &str) -> impl Iterator<Item = String> {
    let names = text.split("Call {").skip(1).filter_map(|rest| rest.trim_start().strip_prefix("name: \""));
    names.filter_map(|rest| Some(rest.split_once('"')?.0.split_once(':')?.1.to_owned()))
}

#[test]
fn the_lists_name_what_the_code_calls() {
    let mut files = Vec::new();
    sources(&services(), &mut files);
    let mut called = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("a readable source");
        called.extend(signed(&text));
        if !text.contains(".send()") || file.components().any(|part| part.as_os_str() == "stack_hook") {
            continue; // the database's client; what custom resources may do has its own test
        }
        let found = calls(&text);
        let sent = text.matches(".send()").count();
        assert_eq!(found.len(), sent, "{}: a call that this test does not see", file.display());
        called.extend(found);
    }
    // A login and a request are signed here and sent by clients of their own; S3 and Secrets Manager use a
    // key on behalf of whoever calls them.
    let of_others = ["execute-api:Invoke", "rds-db:connect"];
    let of_lambda = |call: &str| of_others.contains(&call) || call.starts_with("kms:");
    called.retain(|call| !OF_CONTAINERS.contains(&call.as_str()));
    let listed: BTreeSet<String> = FUNCTIONS
        .iter()
        .flat_map(|(_, _, calls)| calls.iter())
        .filter_map(|call| call.split(' ').next())
        .filter(|call| !of_lambda(call))
        .filter_map(|call| call.split(':').nth(1))
        .map(str::to_owned)
        .collect();
    assert_eq!(called, listed);
}
