//! D2, D3, R24: the containers of each region: what they are, how many, how they scale, and what they may do.
//! Method: the templates of both finance deployments.

mod access;

use std::collections::{BTreeMap, BTreeSet};

use recovery::setting;
use serde_json::{Value, json};

use crate::{ACCOUNT, Template, at_finance, deployment, finance_west, one, synthesise};

const CONTAINERS: [&str; 2] = ["orders-service", "orders-worker"];

fn service<'t>(templates: &'t [Template], region: &str, name: &str) -> &'t Value {
    one(templates, region, "AWS::ECS::Service", "ServiceName", &format!("service-{name}-production"))
}

fn task<'t>(templates: &'t [Template], region: &str, name: &str) -> &'t Value {
    one(templates, region, "AWS::ECS::TaskDefinition", "Family", &format!("task-{name}-production"))
}

fn range<'t>(templates: &'t [Template], region: &str, name: &str) -> &'t Value {
    let id = format!("service/cluster-orders-production/service-{name}-production");
    one(templates, region, "AWS::ApplicationAutoScaling::ScalableTarget", "ResourceId", &id)
}

/// What scaling of a service follows: its policies, by what their names end with.
fn policy<'t>(templates: &'t [Template], region: &str, name: &str) -> &'t Value {
    let kind = "AWS::ApplicationAutoScaling::ScalingPolicy";
    let policy = one(templates, region, kind, "PolicyName", &format!("policy-{name}-production"));
    &policy["TargetTrackingScalingPolicyConfiguration"]
}

#[test]
fn both_regions_run_the_same_tasks_from_their_own_repository() {
    for (templates, region) in at_finance() {
        for name in CONTAINERS {
            let task = task(templates, region, name);
            assert_eq!((&task["Cpu"], &task["Memory"]), (&json!("512"), &json!("1024")), "{name}");
            assert_eq!(task["RuntimePlatform"]["CpuArchitecture"], "X86_64");
            assert_eq!(
                (&task["NetworkMode"], &task["RequiresCompatibilities"]),
                (&json!("awsvpc"), &json!(["FARGATE"]))
            );
            let containers = task["ContainerDefinitions"].as_array().expect("containers");
            assert_eq!(containers.len(), 1, "one process in a task");
            let repository = format!("{ACCOUNT}.dkr.ecr.{region}.amazonaws.com/repository-orders-production");
            assert_eq!(containers[0]["Image"], format!("{repository}:sha256-0f0f"), "of its own region");
        }
    }
}

#[test]
fn a_container_runs_as_nobody_and_can_write_nothing() {
    for (templates, region) in at_finance() {
        for name in CONTAINERS {
            let container = &task(templates, region, name)["ContainerDefinitions"][0];
            assert_eq!((&container["User"], &container["Privileged"]), (&json!("65532"), &json!(false)));
            assert_eq!(container["ReadonlyRootFilesystem"], true);
            assert_eq!(container["LinuxParameters"]["Capabilities"]["Drop"], json!(["ALL"]));
            assert_eq!(container.get("Secrets"), None, "logins are tokens, asked for when they are needed");
            assert_eq!(container["EntryPoint"], json!([format!("/usr/bin/{name}")]), "no shell");
            let service = service(templates, region, name);
            assert_eq!(service["EnableExecuteCommand"], false);
            let network = &service["NetworkConfiguration"]["AwsvpcConfiguration"];
            assert_eq!(network["AssignPublicIp"], "DISABLED");
            let subnets = network["Subnets"].as_array().expect("subnets");
            assert!(
                subnets.len() == 3 && subnets.iter().all(|one| one.to_string().contains("/private-subnet-"))
            );
        }
    }
}

#[test]
fn a_deployment_that_fails_goes_back_and_costs_no_task_meanwhile() {
    for (templates, region) in at_finance() {
        for name in CONTAINERS {
            let service = service(templates, region, name);
            let rollout = &service["DeploymentConfiguration"];
            assert_eq!(rollout["DeploymentCircuitBreaker"], json!({ "Enable": true, "Rollback": true }));
            assert_eq!(
                (&rollout["MinimumHealthyPercent"], &rollout["MaximumPercent"]),
                (&json!(100), &json!(200))
            );
            assert_eq!(service["AvailabilityZoneRebalancing"], "ENABLED");
        }
    }
}

#[test]
fn people_hear_of_a_deployment_that_went_back_and_of_tasks_that_do_not_start() {
    for (templates, region) in at_finance() {
        let rule = one(templates, region, "AWS::Events::Rule", "Name", "rule-service-events-production");
        let pattern = &rule["EventPattern"];
        let arn = |name: &str| {
            let cluster = format!("arn:aws:ecs:{region}:{ACCOUNT}:service/cluster-orders-production");
            format!("{cluster}/service-{name}-production")
        };
        assert_eq!(pattern["resources"], json!(CONTAINERS.map(arn)));
        let told = pattern["detail"]["eventName"].to_string();
        assert!(told.contains("SERVICE_DEPLOYMENT_FAILED") && told.contains("SERVICE_TASK_START_IMPAIRED"));
        let target = &rule["Targets"][0];
        assert_eq!(target["Arn"], format!("arn:aws:sns:{region}:{ACCOUNT}:topic-alerts-production"));
        let aside = format!("arn:aws:sqs:{region}:{ACCOUNT}:queue-undelivered-events-production");
        assert_eq!(target["DeadLetterConfig"]["Arn"], aside);
        let own = format!("arn:aws:events:{region}:{ACCOUNT}:rule/rule-service-events-production");
        let policies = templates.iter().filter(|one| one.region == region);
        let mut policies = policies.flat_map(|one| one.all("AWS::SQS::QueuePolicy"));
        assert!(policies.any(|policy| policy.to_string().contains(&own)), "the rule may put aside there");
    }
}

#[test]
fn people_hear_of_what_a_scan_of_the_image_finds() {
    for (templates, region) in at_finance() {
        let rule = one(templates, region, "AWS::Events::Rule", "Name", "rule-image-findings-production");
        let pattern = &rule["EventPattern"];
        assert_eq!(
            (&pattern["source"], &pattern["detail-type"]),
            (&json!(["aws.ecr"]), &json!(["ECR Image Scan"]))
        );
        assert_eq!(pattern["detail"]["repository-name"], json!(["repository-orders-production"]));
        let severe =
            |severity: &str| json!({ "finding-severity-counts": { severity: [{ "exists": true }] } });
        assert_eq!(pattern["detail"]["$or"], json!(["CRITICAL", "HIGH"].map(severe)));
        let topic = format!("arn:aws:sns:{region}:{ACCOUNT}:topic-alerts-production");
        assert_eq!(rule["Targets"][0]["Arn"], topic);
    }
}

#[test]
fn a_container_may_finish_what_it_has_begun() {
    for (templates, region) in at_finance() {
        let drain_s = 30;
        let stop = |name| task(templates, region, name)["ContainerDefinitions"][0]["StopTimeout"].as_u64();
        assert!(stop("orders-service") > Some(drain_s), "the load balancer's deregistration delay");
        assert!(stop("orders-worker") > Some(30), "a batch takes thirty seconds at most");
        assert!(CONTAINERS.into_iter().all(|name| stop(name) <= Some(120)), "Fargate's most");
    }
}

#[test]
fn the_floor_is_the_same_in_both_regions_and_recovery_knows_it() {
    for (templates, region) in at_finance() {
        for (name, floor, ceiling) in [("orders-service", 3, 10), ("orders-worker", 2, 8)] {
            let range = range(templates, region, name);
            assert_eq!((&range["MinCapacity"], &range["MaxCapacity"]), (&json!(floor), &json!(ceiling)));
            assert_eq!(service(templates, region, name)["DesiredCount"], floor);
        }
        let step = "function-recovery-step-production";
        let step = one(templates, region, "AWS::Lambda::Function", "FunctionName", step);
        let told = &step["Environment"]["Variables"];
        assert_eq!(told[setting::CLUSTER], "cluster-orders-production");
        let services = "service-orders-service-production=3,service-orders-worker-production=2";
        assert_eq!(told[setting::SERVICES], services);
    }
}

#[test]
fn the_service_follows_processors_and_requests_and_knows_its_busy_hours() {
    for (templates, region) in at_finance() {
        let processors = policy(templates, region, "orders-service-processors");
        assert_eq!(processors["TargetValue"], 60.0);
        let requests = policy(templates, region, "orders-service-requests");
        assert_eq!(requests["TargetValue"], 360.0);
        let metric = &requests["PredefinedMetricSpecification"];
        assert_eq!(metric["PredefinedMetricType"], "ALBRequestCountPerTarget");
        let parameter = |key: &str| format!("{{{{resolve:ssm:/standfast/production/load-balancer/{key}}}}}");
        let label = format!("{}/{}", parameter("full-name"), parameter("target-group-full-name"));
        assert_eq!(metric["ResourceLabel"], label);
        let actions = range(templates, region, "orders-service")["ScheduledActions"].clone();
        let found: Vec<_> = actions
            .as_array()
            .expect("actions")
            .iter()
            .map(|action| {
                (action["Schedule"].as_str().expect("a time"), &action["ScalableTargetAction"]["MinCapacity"])
            })
            .collect();
        assert_eq!(
            found,
            [("cron(0 12 ? * MON-FRI *)", &json!(4)), ("cron(30 21 ? * MON-FRI *)", &json!(3)),]
        );
    }
}

#[test]
fn workers_follow_the_queue_and_only_those_above_the_floor_may_be_taken_away() {
    for (templates, region) in at_finance() {
        let metrics =
            &policy(templates, region, "orders-worker-backlog")["CustomizedMetricSpecification"]["Metrics"];
        let of = |name: &str| {
            let found = metrics.as_array().expect("metrics").iter();
            let mut found = found.filter(|one| one["MetricStat"]["Metric"]["MetricName"] == name);
            found.next().unwrap_or_else(|| panic!("{name} is not looked at"))["MetricStat"]["Metric"]["Dimensions"].clone()
        };
        assert_eq!(of("ApproximateNumberOfMessagesVisible")[0]["Value"], "queue-orders-production");
        assert_eq!(of("RunningTaskCount")[1]["Value"], "service-orders-worker-production");
        assert_eq!(
            service(templates, region, "orders-worker")["CapacityProviderStrategy"],
            json!([
                { "CapacityProvider": "FARGATE", "Base": 2, "Weight": 50 },
                { "CapacityProvider": "FARGATE_SPOT", "Weight": 50 },
            ])
        );
        let ordinary = json!([{ "CapacityProvider": "FARGATE", "Weight": 1 }]);
        assert_eq!(service(templates, region, "orders-service")["CapacityProviderStrategy"], ordinary);
    }
}

#[test]
fn containers_are_told_what_they_read_as_functions_are_told_it_and_nothing_else() {
    let lists: [&[&str]; 2] = [&setting::OF_ORDERS_SERVICE, &setting::OF_ORDERS_WORKER];
    for (templates, region) in at_finance() {
        let settings = |name: &str| -> BTreeMap<String, Value> {
            let environment = task(templates, region, name)["ContainerDefinitions"][0]["Environment"].clone();
            let each = environment.as_array().expect("an environment").clone().into_iter();
            each.map(|one| (one["Name"].as_str().expect("a name").to_owned(), one["Value"].clone())).collect()
        };
        let sentinel =
            one(templates, region, "AWS::Lambda::Function", "FunctionName", "function-sentinel-production");
        let told = sentinel["Environment"]["Variables"].as_object().expect("variables");
        for (name, read) in CONTAINERS.into_iter().zip(lists) {
            let own = settings(name);
            let expected: BTreeSet<&str> = read.iter().copied().chain(["AWS_REGION"]).collect();
            assert_eq!(own.keys().map(String::as_str).collect::<BTreeSet<_>>(), expected, "{name}");
            assert_eq!(
                (&own["AWS_REGION"], &own[setting::DATABASE_CONNECTIONS]),
                (&json!(region), &json!("5"))
            );
            for (key, value) in own.iter().filter(|(key, _)| *key != setting::DATABASE_USER) {
                assert!(told.get(key).is_none_or(|told| told == value), "{name}: {key}");
            }
        }
        let service = settings("orders-service");
        assert_eq!(service[setting::DATABASE_USER], "orders_api");
        assert_eq!(
            (&service[setting::LISTEN], &service[setting::DRAIN_S]),
            (&json!("0.0.0.0:8080"), &json!("30"))
        );
        assert_eq!(settings("orders-worker")[setting::DATABASE_USER], "order_processor");
        assert_eq!(told[setting::UNSIGNED_CALLS], "true", "a load balancer asks for no signature");
    }
}

#[test]
fn an_image_never_changes_under_its_tag_and_goes_with_its_stack() {
    for (templates, region) in at_finance() {
        let repository =
            one(templates, region, "AWS::ECR::Repository", "RepositoryName", "repository-orders-production");
        assert_eq!(repository["ImageTagMutability"], "IMMUTABLE");
        assert_eq!(repository["ImageScanningConfiguration"]["ScanOnPush"], true);
        assert!(repository["EncryptionConfiguration"]["KmsKey"]["Fn::GetAtt"].is_array());
        assert_eq!(repository["EmptyOnDelete"], true);
    }
}

#[test]
fn every_cluster_takes_the_connections_of_all_containers_and_no_more() {
    for (templates, region) in at_finance() {
        let groups = templates.iter().filter(|one| one.region == region);
        let groups: Vec<&Value> =
            groups.flat_map(|one| one.all("AWS::RDS::DBClusterParameterGroup")).collect();
        // Two regions × twice (10 + 8) tasks × 5, and 56 of functions and people, in fifties.
        assert_eq!(groups[0]["Parameters"]["max_connections"], "450");
        assert_eq!(groups.len(), 1);
    }
    let own = synthesise(&deployment());
    let groups: Vec<&Value> =
        own.iter().flat_map(|one| one.all("AWS::RDS::DBClusterParameterGroup")).collect();
    assert!(
        groups.iter().all(|group| group["Parameters"].get("max_connections").is_none()),
        "left to Aurora"
    );
}

#[test]
fn the_decision_on_pools_says_how_many_connections_there_may_be() {
    let page = include_str!("../../../../docs/decisions/2026-11-20-pools-in-the-tasks.md");
    let needed = infra::connections::needed(&finance_west()).expect("it has containers");
    let by_memory = infra::connections::by_memory(&finance_west().database.instance_class);
    for words in [format!("{needed} connections where"), format!("memory for {by_memory}.")] {
        assert!(page.contains(&words), "the page does not say `{words}`");
    }
}

#[test]
fn containers_without_an_image_are_refused() {
    let packages = infra::Packages::stand_ins();
    let with = |image: Option<&str>| {
        let mut packages = packages.clone();
        packages.image = image.map(str::to_owned);
        let refused = infra::app::compose(&finance_west(), ACCOUNT, &packages, infra::Replay::Included);
        refused.err().map(|error| error.to_string())
    };
    assert_eq!(with(None).as_deref(), Some("nobody says which image the containers run from"));
    for tag in ["", ".tag", "a/b", "a:b", &"a".repeat(129)] {
        assert!(with(Some(tag)).is_some_and(|said| said.contains("is no tag of an image")), "{tag}");
    }
    assert_eq!(with(Some("sha256-0f0f")), None);
}
