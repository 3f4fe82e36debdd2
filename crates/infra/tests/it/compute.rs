//! R03, R04, R05, R09: functions, queues, workflow and schedule of each region.

use infra::Replay;
use recovery::setting;
use serde_json::{Value, json};

use crate::{deployment, one, packages, synthesis, synthesise, trading};

const REGIONS: [&str; 2] = ["us-east-1", "us-east-2"];

fn function<'t>(templates: &'t [crate::Template], region: &str, name: &str) -> &'t Value {
    let name = format!("function-{name}-production");
    one(templates, region, "AWS::Lambda::Function", "FunctionName", &name)
}

#[test]
fn both_regions_run_the_same_packages() {
    let templates = trading();
    for name in infra::packages::FUNCTIONS {
        let [home, standby] = REGIONS.map(|region| &function(&templates, region, name)["Code"]);
        assert_eq!(home["S3Key"], standby["S3Key"]);
        assert_eq!(home["S3Bucket"], "cdk-hnb659fds-assets-111122223333-us-east-1");
        assert_eq!(standby["S3Bucket"], "cdk-hnb659fds-assets-111122223333-us-east-2");
    }
}

#[test]
fn functions_are_as_the_protocol_needs_them() {
    let templates = trading();
    let workflow = i64::try_from(recovery::workflow::function_timeout_s()).expect("seconds");
    for region in REGIONS {
        let timeouts = ["orders-api", "order-processor", "sentinel", "recovery-step"]
            .map(|name| function(&templates, region, name)["Timeout"].as_i64().expect("seconds"));
        assert_eq!(timeouts[..3], [10, 30, 180]);
        assert!(timeouts[3] >= workflow.max(30));
        for name in infra::packages::FUNCTIONS.into_iter().filter(|name| *name != "stack-hook") {
            let function = function(&templates, region, name);
            assert_eq!(function["Runtime"], "provided.al2023");
            assert_eq!(function["TracingConfig"]["Mode"], "Active");
            assert_eq!(function["LoggingConfig"]["LogFormat"], "JSON");
            assert_eq!(function["RecursiveLoop"], "Terminate");
            assert_eq!(function["Architectures"], json!(["x86_64"]));
            assert_eq!(function["VpcConfig"]["SubnetIds"].as_array().map(Vec::len), Some(3));
            let reserved = function.get("ReservedConcurrentExecutions").and_then(Value::as_i64);
            let expected = match name {
                "sentinel" => Some(4),
                "recovery-step" => Some(6),
                _ => None,
            };
            assert_eq!(reserved, expected, "{name}");
            let group = format!("/aws/lambda/function-{name}-production");
            let logs = one(&templates, region, "AWS::Logs::LogGroup", "LogGroupName", &group);
            assert_eq!(logs["RetentionInDays"], 30);
        }
    }
}

#[test]
fn the_network_is_read_from_the_parameter_store_once_for_all_functions() {
    let templates = trading();
    for region in REGIONS {
        let compute = templates.iter().find(|t| t.name.contains("-Compute-") && t.region == region);
        let compute = compute.expect("a compute stack per region");
        let ids = ["PrivateSubnet1Id", "PrivateSubnet2Id", "PrivateSubnet3Id"];
        let (mut stored, group) = (ids.to_vec(), "FunctionSecurityGroupId");
        for function in compute.all("AWS::Lambda::Function") {
            let network = &function["VpcConfig"];
            assert_eq!(network["SubnetIds"], json!(ids.map(|id| json!({ "Ref": id }))), "{region}");
            assert_eq!(network["SecurityGroupIds"], json!([{ "Ref": group }]), "{region}");
        }
        stored.push(group);
        let keys = stored.iter().map(|id| {
            let parameter = &compute.json["Parameters"][id];
            assert_eq!(parameter["Type"], "AWS::SSM::Parameter::Value<String>", "{id}");
            parameter["Default"].as_str().and_then(|key| key.strip_prefix("/standfast/production/network/"))
        });
        let keys: Vec<&str> = keys.map(|key| key.expect("a parameter of the network")).collect();
        let expected =
            ["private-subnet-1", "private-subnet-2", "private-subnet-3", "function-security-group"];
        assert_eq!(keys, expected);
        let references = compute.json.to_string().matches("{{resolve:").count();
        assert!(references <= 40, "{references} of 60 dynamic references");
    }
}

#[test]
fn every_watch_that_overlaps_finds_an_instance() {
    for (schedule_s, watch_s, instances) in
        [(60, 140, 4), (60, 80, 3), (60, 120, 3), (60, 250, 6), (120, 140, 3)]
    {
        let mut deployment = deployment();
        deployment.sentinel.schedule_s = schedule_s;
        deployment.sentinel.watch_s = watch_s;
        let templates = synthesise(&deployment);
        for region in REGIONS {
            let sentinel = function(&templates, region, "sentinel");
            assert_eq!(sentinel["ReservedConcurrentExecutions"], instances, "{watch_s} of {schedule_s} s");
            assert_eq!(sentinel["Timeout"], watch_s + 40);
        }
    }
}

#[test]
fn settings_say_what_the_deployment_says() {
    let (templates, deployment) = (trading(), deployment());
    let peer = ["us-east-2", "us-east-1"];
    for (region, peer) in REGIONS.into_iter().zip(peer) {
        let variables = &function(&templates, region, "sentinel")["Environment"]["Variables"];
        assert_eq!(variables[setting::PEER_REGION], peer);
        assert_eq!(variables[setting::HOME_REGION], "us-east-1");
        assert_eq!(variables[setting::LEASE_TTL_S], deployment.lease.ttl_s.to_string());
        assert_eq!(variables[setting::DATABASE_TLS], "require");
        assert_eq!(variables[setting::OWN_URL], format!("https://{region}.orders.trading.example"));
        assert_eq!(
            variables[setting::STATE_MACHINE_ARN],
            format!("arn:aws:states:{region}:111122223333:stateMachine:workflow-failover-production")
        );
        assert_eq!(
            variables[setting::FAILBACK_STATE_MACHINE_ARN],
            format!("arn:aws:states:{region}:111122223333:stateMachine:workflow-failback-production")
        );
        assert_eq!(variables[setting::FAILBACK_AUTOMATIC], deployment.failback.automatic.to_string());
        assert_eq!(variables[setting::FAILBACK_DWELL_S], deployment.failback.dwell_s.to_string());
        assert_eq!(variables[setting::FAILBACK_LAG_MS_MAX], deployment.failback.lag_ms_max.to_string());
        assert_eq!(variables.get(setting::RESOLVER), None, "only a drill names a resolver");
        assert_eq!(variables.get(setting::HOSTED_ZONE_ID), None, "only the steps of a recovery move traffic");
        let steps = &function(&templates, region, "recovery-step")["Environment"]["Variables"];
        assert_eq!(
            steps[setting::HOSTED_ZONE_ID],
            "{{resolve:ssm:/standfast/production/dns/hosted-zone-id}}"
        );
        assert!(variables.to_string().len() < 4096, "Lambda allows 4 KB of environment");
    }
}

#[test]
fn failed_orders_come_back_alone_and_end_in_the_dead_letter_queue() {
    let templates = trading();
    for region in REGIONS {
        let orders = one(&templates, region, "AWS::SQS::Queue", "QueueName", "queue-orders-production");
        assert_eq!(orders["VisibilityTimeout"], 180, "six times the processor's timeout");
        assert_eq!(orders["RedrivePolicy"]["maxReceiveCount"], 1000);
        assert!(orders["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"].is_array());
        let mapping: Vec<&Value> = templates
            .iter()
            .filter(|template| template.region == region)
            .flat_map(|template| template.all("AWS::Lambda::EventSourceMapping"))
            .collect();
        assert_eq!(mapping.len(), 1);
        assert_eq!(mapping[0]["FunctionResponseTypes"], json!(["ReportBatchItemFailures"]));
        assert_eq!(mapping[0]["BatchSize"], 10);
        assert_eq!(mapping[0]["MaximumBatchingWindowInSeconds"], 0);
        assert_eq!(mapping[0]["ScalingConfig"]["MaximumConcurrency"], 10);
    }
}

#[test]
fn queues_are_closed_to_whoever_comes_without_tls() {
    let mut queues = 0;
    for template in trading() {
        let policies = template.all("AWS::SQS::QueuePolicy");
        for (id, _) in template.resources().filter(|(_, resource)| resource["Type"] == "AWS::SQS::Queue") {
            let own: Vec<&Value> = policies
                .iter()
                .filter(|policy| policy["Queues"] == json!([{ "Ref": id }]))
                .flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array())
                .flatten()
                .collect();
            let denies = json!({
                "Sid": "EncryptedOnly", "Effect": "Deny", "Principal": "*", "Action": "sqs:*",
                "Resource": { "Fn::GetAtt": [id, "Arn"] },
                "Condition": { "Bool": { "aws:SecureTransport": "false" } },
            });
            assert!(own.contains(&&denies), "{id}");
            // Nobody is let in but a service, on behalf of one resource of ours.
            for allows in own.iter().filter(|statement| statement["Effect"] == "Allow") {
                assert!(allows["Principal"]["Service"].is_string(), "{id}");
                let sources = &allows["Condition"]["ArnEquals"]["aws:SourceArn"];
                assert!(sources.is_string() || sources.as_array().is_some_and(|all| !all.is_empty()), "{id}");
            }
            queues += 1;
        }
    }
    assert!(queues >= 8, "{queues} queues");
}

#[test]
fn a_watch_starts_every_minute_and_never_late() {
    let templates = trading();
    for region in REGIONS {
        let schedule =
            one(&templates, region, "AWS::Scheduler::Schedule", "ScheduleExpression", "rate(1 minute)");
        let target = &schedule["Target"];
        let arn =
            |service: &str, name: &str| json!(format!("arn:aws:{service}:{region}:111122223333:{name}"));
        assert_eq!(target["Arn"], arn("lambda", "function:function-sentinel-production"));
        assert_eq!(target["DeadLetterConfig"]["Arn"], arn("sqs", "queue-failed-invocations-production"));
        assert_eq!(target["RetryPolicy"]["MaximumRetryAttempts"], 0);
        let retries = json!(0);
        let of_region = templates.iter().filter(|template| template.region == region);
        let mut all = of_region.flat_map(|template| template.all("AWS::Lambda::EventInvokeConfig"));
        let invocations =
            all.find(|config| config["MaximumRetryAttempts"] == retries).expect("the sentinel's");
        assert!(invocations["FunctionName"]["Ref"].as_str().is_some_and(|id| id.starts_with("sentinel")));
        assert!(invocations["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"].is_array());
    }
}

#[test]
fn what_cannot_be_announced_is_put_aside() {
    let templates = trading();
    for region in REGIONS {
        let rule = one(&templates, region, "AWS::Events::Rule", "Name", "rule-announcements-production");
        let target = &rule["Targets"][0];
        assert_eq!(target["RetryPolicy"]["MaximumEventAgeInSeconds"], 86_400);
        let own = json!({ "source": [recovery::step::event::SOURCE], "region": [region] });
        assert_eq!(rule["EventPattern"], own, "what the peer forwarded was told by the peer");
        let recovery = templates.iter().find(|t| t.name.contains("-DisasterRecovery-") && t.region == region);
        let recovery = recovery.expect("a recovery stack per region");
        let queue =
            target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0].as_str().expect("a queue of the stack");
        assert_eq!(recovery.json["Resources"][queue]["Type"], "AWS::SQS::Queue");
        let policies = recovery.all("AWS::SQS::QueuePolicy");
        let policy = policies.iter().find(|policy| policy["Queues"] == json!([{ "Ref": queue }]));
        let statements = policy.expect("a policy of its own")["PolicyDocument"]["Statement"].as_array();
        let statements = statements.expect("statements");
        let statement = statements.iter().find(|one| one["Effect"] == "Allow").expect("the rule may send");
        assert_eq!(statement["Resource"]["Fn::GetAtt"], json!([queue, "Arn"]));
        let rules =
            ["bus-recovery-production/rule-announcements-production", "rule-database-events-production"];
        let arns = rules.map(|rule| format!("arn:aws:events:{region}:111122223333:rule/{rule}"));
        assert_eq!(statement["Condition"]["ArnEquals"]["aws:SourceArn"], json!(arns));
    }
}

#[test]
fn each_region_holds_the_workflows_of_the_recovery_crate() {
    let (templates, deployment) = (trading(), deployment());
    for region in REGIONS {
        let function =
            format!("arn:aws:lambda:{region}:111122223333:function:function-recovery-step-production");
        for (purpose, expected) in [
            ("failover", recovery::workflow::workflow(&deployment, &function)),
            ("failback", recovery::workflow::failback(&deployment, &function)),
        ] {
            let kind = "AWS::StepFunctions::StateMachine";
            let name = format!("workflow-{purpose}-production");
            let machine = one(&templates, region, kind, "StateMachineName", &name);
            assert_eq!(machine["DefinitionString"], expected.to_json());
            assert_eq!(machine["LoggingConfiguration"]["Level"], "ALL");
            assert_eq!(machine["TracingConfiguration"]["Enabled"], true);
            let group = format!("/aws/vendedlogs/states/{name}");
            one(&templates, region, "AWS::Logs::LogGroup", "LogGroupName", &group);
            let role = format!("role-{purpose}-{region}-production");
            let role = one(&templates, region, "AWS::IAM::Role", "RoleName", &role);
            let invoke = &role["Policies"][0]["PolicyDocument"]["Statement"][0];
            assert_eq!(
                (&invoke["Action"], &invoke["Resource"]),
                (&json!(["lambda:InvokeFunction"]), &json!([function]))
            );
        }
    }
}

#[test]
fn the_replay_can_be_left_out_of_a_drill() {
    let (directory, deployment) = (packages(), deployment());
    let mut input = synthesis(directory.path());
    input.replay = Replay::LeftOut;
    let assembly = infra::app(&deployment, &input).expect("good input").synthesise().expect("a sound tree");
    let text = assembly
        .files
        .get("TapStack-DisasterRecovery-us-east-2-production.template.json")
        .expect("it exists");
    assert!(!text.contains("replay_journal"));
}
