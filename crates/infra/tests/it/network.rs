//! R13: the networks, the way between them, and who waits for whom.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{ACCOUNT, Template, deployment, packages, synthesis, trading};

const REGIONS: [&str; 2] = ["us-east-1", "us-east-2"];

fn stack<'t>(templates: &'t [Template], kind: &str, region: &str) -> &'t Template {
    let name = format!("TapStack-{kind}-{region}-production");
    templates.iter().find(|template| template.name == name).expect("each region has each kind of stack")
}

/// First address and number of leading bits of an IPv4 range.
fn range(text: &str) -> (u32, u32) {
    let (address, bits) = text.split_once('/').expect("a range");
    (address.parse::<std::net::Ipv4Addr>().expect("an address").into(), bits.parse().expect("bits"))
}

fn holds(outer: &str, inner: &str) -> bool {
    let ((outer, bits), (inner, inner_bits)) = (range(outer), range(inner));
    let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
    inner_bits >= bits && outer & mask == inner & mask
}

/// Ranges of a region's subnets of one kind.
fn subnets(templates: &[Template], region: &str, kind: &str) -> Vec<String> {
    let named = |tags: &Value| {
        let tags = tags.as_array().expect("subnets are tagged");
        tags.iter()
            .any(|tag| tag["Value"].as_str().is_some_and(|v| v.starts_with(&format!("subnet-{kind}-"))))
    };
    let all = stack(templates, "Networking", region).all("AWS::EC2::Subnet");
    all.iter()
        .filter(|subnet| named(&subnet["Tags"]))
        .map(|subnet| subnet["CidrBlock"].as_str().expect("a range").to_owned())
        .collect()
}

#[test]
fn three_zones_of_three_kinds_and_only_public_ones_face_the_internet() {
    let templates = trading();
    for region in REGIONS {
        for kind in ["public", "private", "isolated"] {
            assert_eq!(subnets(&templates, region, kind).len(), 3, "{kind} in {region}");
        }
        let network = stack(&templates, "Networking", region);
        let internet = network.all("AWS::EC2::Route").iter().filter(|r| r.get("GatewayId").is_some()).count();
        let translated =
            network.all("AWS::EC2::Route").iter().filter(|r| r.get("NatGatewayId").is_some()).count();
        assert_eq!((internet, translated), (3, 3), "public and private; isolated subnets have no way out");
    }
}

#[test]
fn processors_reach_the_other_region_s_database_and_nothing_else_there() {
    let templates = trading();
    for (own, peer) in [(REGIONS[0], REGIONS[1]), (REGIONS[1], REGIONS[0])] {
        let peering = stack(&templates, "NetworkPeering", own);
        let mut ways: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for route in peering.all("AWS::EC2::Route") {
            let table = route["RouteTableId"].as_str().expect("a parameter");
            let destination = route["DestinationCidrBlock"].as_str().expect("a range");
            ways.entry(destination).or_default().insert(table);
            assert!(route["VpcPeeringConnectionId"].is_object());
        }
        assert_eq!(ways.len(), 2, "two ways out of {own}: {ways:?}");
        let from = |tables: &str| -> &str {
            let all =
                |from: &&BTreeSet<&str>| from.len() == 3 && from.iter().all(|table| table.contains(tables));
            ways.iter().find(|(_, from)| all(from)).expect("a way from three subnets").0
        };
        let peer_database = from("/network/private-routes-");
        let peer_functions = from("/network/isolated-routes-");
        for (range, kind) in [(peer_functions, "private"), (peer_database, "isolated")] {
            for other in ["public", "private", "isolated"] {
                for subnet in subnets(&templates, peer, other) {
                    assert_eq!(holds(range, &subnet), other == kind, "{range} and {subnet} ({other})");
                }
            }
        }
        let out = peering.all("AWS::EC2::SecurityGroupEgress");
        let into = peering.all("AWS::EC2::SecurityGroupIngress");
        assert_eq!((out.len(), into.len()), (1, 1));
        assert_eq!(out[0]["CidrIp"], peer_database);
        assert_eq!(into[0]["CidrIp"], peer_functions);
        for (rule, group) in [(out[0], "function"), (into[0], "database")] {
            assert_eq!((&rule["FromPort"], &rule["ToPort"]), (&json!(5432), &json!(5432)));
            let expected =
                format!("{{{{resolve:ssm:/standfast/production/network/{group}-security-group}}}}");
            assert_eq!(rule["GroupId"], expected);
        }
    }
    let connections =
        |region| stack(&templates, "NetworkPeering", region).all("AWS::EC2::VPCPeeringConnection");
    assert!(connections("us-east-1").is_empty(), "one side asks");
    assert_eq!(connections("us-east-2")[0]["PeerRegion"], "us-east-1");
}

#[test]
fn only_the_peering_stacks_read_across_regions() {
    let mut reads = 0;
    for template in trading() {
        for (id, resource) in template.resources() {
            let text = resource.to_string();
            let found = text.matches("Fn::GetStackOutput").count();
            let peering = template.name.contains("-Peering-") || template.name.contains("-NetworkPeering-");
            assert!(found == 0 || peering, "{id} of {}", template.name);
            let own = format!("\"Region\":\"{}\"", template.region);
            assert!(found == 0 || !text.contains(&own), "what is at hand is not read from afar: {id}");
            reads += found;
        }
    }
    assert_eq!(reads, 5 + 1 + 6, "parameters; the network asked for; home's routes");
}

/// What a region needs to run and to recover is deployed in it alone, but for the parameters that
/// the peering stack has left there.
#[test]
fn nothing_waits_for_the_way_between_the_networks() {
    let directory = packages();
    let app = infra::app(&deployment(), &synthesis(directory.path())).expect("good input");
    let assembly = app.synthesise().expect("a sound tree");
    for stack in &assembly.stacks {
        for dependency in &stack.dependencies {
            let region =
                |name: &str| REGIONS.into_iter().find(|r| name.contains(r)).expect("a region").to_owned();
            let network = dependency.contains("-NetworkPeering-") && !stack.name.contains("-NetworkPeering-");
            assert!(!network, "{} waits for {dependency}", stack.name);
            let afar = region(&stack.name) != region(dependency);
            // The standby's cluster joins home's global cluster, and its buckets are replicated into
            // home's; peering is of both; tables and zone live with the standby.
            let known = stack.name.contains("Peering-")
                || stack.name.contains("-Database-us-east-2")
                || stack.name.contains("-Storage-us-east-2")
                || dependency.contains("-GlobalTables-us-east-2");
            assert!(!afar || known, "{} waits for {dependency}", stack.name);
        }
    }
}

/// What the functions' roles allow that is no call of theirs through the network.
const NOT_CALLED: [(&str, &str); 5] = [
    ("ec2", "Lambda makes the interfaces of a function"),
    ("kms", "Secrets Manager uses the key of a secret"),
    ("logs", "Lambda writes the logs of a function"),
    ("rds-db", "a login to the database, over PostgreSQL"),
    ("xray", "Lambda sends the traces of a function"),
];

/// What they call over the internet, and why.
const OVER_THE_INTERNET: [(&str, &str); 4] = [
    ("execute-api", "a look from outside goes the way that callers go"),
    ("iam", "its control plane is in us-east-1 alone, and the preflight asks it once an hour"),
    ("route53", "its control plane is in us-east-1 alone, and no step waits for it"),
    ("scheduler", "the preflight asks it once an hour"),
];

/// Endpoint names of services whose actions have another prefix.
const OTHERWISE_CALLED: [(&str, &str); 1] = [("monitoring", "cloudwatch")];

/// Service and action of each thing that the roles of functions in the network allow.
fn allowed_to_functions(template: &Template) -> BTreeSet<(String, String)> {
    let mut allowed = BTreeSet::new();
    for (_, function) in template.resources().filter(|(_, r)| r["Type"] == "AWS::Lambda::Function") {
        if function["Properties"].get("VpcConfig").is_none() {
            continue;
        }
        let role = function["Properties"]["Role"]["Fn::GetAtt"][0].as_str().expect("a role of the stack");
        let policy = &template.json["Resources"][role]["Properties"]["Policies"][0]["PolicyDocument"];
        for statement in policy["Statement"].as_array().expect("statements") {
            if statement["Condition"]["StringEquals"]["kms:ViaService"].is_string() {
                continue; // only another service may call it, and does not from this network
            }
            for action in statement["Action"].as_array().expect("actions") {
                let action = action.as_str().expect("a text");
                let (service, _) = action.split_once(':').expect("service and call");
                allowed.insert((service.to_owned(), action.to_owned()));
            }
        }
    }
    allowed
}

/// A custom resource is answered by a signed URL into AWS's own bucket, so the signer is nobody of ours.
fn answers_to_cloudformation(region: &str) -> Value {
    let bucket = format!("cloudformation-custom-resource-response-{}", region.replace('-', ""));
    json!({
        "Effect": "Allow", "Principal": "*", "Action": ["s3:PutObject"],
        "Resource": [format!("arn:aws:s3:::{bucket}/*")],
    })
}

#[test]
fn a_function_in_the_network_can_answer_cloudformation() {
    let templates = trading();
    for region in REGIONS {
        let endpoints = stack(&templates, "Networking", region).all("AWS::EC2::VPCEndpoint");
        let name = format!("com.amazonaws.{region}.s3");
        let s3 = endpoints.iter().find(|endpoint| endpoint["ServiceName"] == name).expect("a way to S3");
        let statements = s3["PolicyDocument"]["Statement"].as_array().expect("a policy");
        assert!(statements.contains(&answers_to_cloudformation(region)));
    }
}

#[test]
fn every_service_that_a_function_calls_has_an_endpoint_that_lets_its_calls_through() {
    let templates = trading();
    for region in REGIONS {
        let mut let_through: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for endpoint in stack(&templates, "Networking", region).all("AWS::EC2::VPCEndpoint") {
            let name = endpoint["ServiceName"].as_str().expect("a name");
            let service = name.rsplit('.').next().expect("a last part");
            assert_eq!(name, format!("com.amazonaws.{region}.{service}"));
            let known = OTHERWISE_CALLED.iter().find(|(name, _)| *name == service);
            let service = known.map_or(service, |(_, prefix)| prefix).to_owned();
            for statement in endpoint["PolicyDocument"]["Statement"].as_array().expect("a policy") {
                if *statement == answers_to_cloudformation(region) {
                    continue;
                }
                assert_eq!(statement["Condition"]["StringEquals"]["aws:PrincipalAccount"], ACCOUNT);
                let actions = statement["Action"].as_array().expect("actions");
                assert!(actions.iter().all(|action| !action.to_string().contains('*')), "{service}");
                let texts = actions.iter().filter_map(Value::as_str).map(str::to_owned);
                let_through.entry(service.clone()).or_default().extend(texts);
            }
        }
        let listed = |list: &[(&str, &str)], service: &str| list.iter().any(|(known, _)| *known == service);
        let mut called: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for template in templates.iter().filter(|template| template.region == region) {
            for (service, action) in allowed_to_functions(template) {
                let lambda = listed(&NOT_CALLED, &service) && !let_through.contains_key(&service);
                if !lambda && !listed(&OVER_THE_INTERNET, &service) {
                    called.entry(service).or_default().insert(action);
                }
            }
        }
        assert_eq!(let_through, called, "{region}: no endpoint without a use, no call without an endpoint");
    }
}

#[test]
fn the_way_to_tables_and_buckets_is_a_route_and_all_other_endpoints_are_for_the_functions_alone() {
    let templates = trading();
    for region in REGIONS {
        let network = stack(&templates, "Networking", region);
        let mut gateways = 0;
        for endpoint in network.all("AWS::EC2::VPCEndpoint") {
            if endpoint["VpcEndpointType"] == "Gateway" {
                assert_eq!(endpoint["RouteTableIds"].as_array().map(Vec::len), Some(3));
                gateways += 1;
            } else {
                assert_eq!(endpoint["PrivateDnsEnabled"], true);
                assert_eq!(endpoint["SubnetIds"].as_array().map(Vec::len), Some(3));
                assert_eq!(endpoint["SecurityGroupIds"].as_array().map(Vec::len), Some(1));
            }
        }
        assert!(gateways >= 1, "the journal is reached without an interface");
    }
}

/// The one address range that a rule names: functions reach AWS's public names and the other region.
const TO_ANYWHERE: &str = "AWS APIs, and the other region seen from outside";

#[test]
fn rules_within_a_region_name_groups_and_not_addresses() {
    let templates = trading();
    for region in REGIONS {
        let network = stack(&templates, "Networking", region);
        for rule in network.all("AWS::EC2::SecurityGroupIngress") {
            assert!(rule["SourceSecurityGroupId"].is_object(), "{rule}");
            assert_eq!((rule.get("CidrIp"), rule.get("CidrIpv6")), (None, None));
        }
        for rule in network.all("AWS::EC2::SecurityGroupEgress") {
            let anywhere = rule["Description"] == TO_ANYWHERE;
            assert_eq!(rule.get("CidrIp").is_some(), anywhere, "{rule}");
            assert_eq!(rule["FromPort"], if anywhere { 443 } else { 5432 });
        }
        for group in network.all("AWS::EC2::SecurityGroup") {
            assert_eq!(group.get("SecurityGroupIngress"), None, "rules stand alone");
            let out = group["SecurityGroupEgress"].as_array().expect("one that leads nowhere");
            assert_eq!(out.len(), 1);
            assert_eq!(out[0]["CidrIp"], "255.255.255.255/32");
        }
    }
}

#[test]
fn all_traffic_of_a_network_is_recorded_under_a_role_that_can_do_nothing_else() {
    let templates = trading();
    for region in REGIONS {
        let network = stack(&templates, "Networking", region);
        let logs = network.all("AWS::EC2::FlowLog");
        assert_eq!(logs.len(), 1);
        let log = logs[0];
        assert_eq!((&log["TrafficType"], &log["ResourceType"]), (&json!("ALL"), &json!("VPC")));
        assert_eq!(log["MaxAggregationInterval"], 60);
        let group = log["LogGroupName"]["Ref"].as_str().expect("a group of the stack");
        let group = &network.json["Resources"][group]["Properties"];
        assert!(group["RetentionInDays"].is_number(), "kept for a while and not for ever");
        let role = log["DeliverLogsPermissionArn"]["Fn::GetAtt"][0].as_str().expect("a role of the stack");
        let role = &network.json["Resources"][role]["Properties"];
        let trust = &role["AssumeRolePolicyDocument"]["Statement"][0];
        assert_eq!(trust["Principal"]["Service"], "vpc-flow-logs.amazonaws.com");
        assert_eq!(trust["Condition"]["StringEquals"]["aws:SourceAccount"], ACCOUNT);
        let statements = role["Policies"][0]["PolicyDocument"]["Statement"].as_array().expect("statements");
        let writes = &statements[0]["Resource"][0];
        let name = group["LogGroupName"].as_str().expect("a name");
        assert_eq!(*writes, format!("arn:aws:logs:{region}:{ACCOUNT}:log-group:{name}:*"));
        assert_eq!(statements[1]["Action"], json!(["logs:DescribeLogGroups"]));
        assert_eq!(statements.len(), 2);
    }
}
