//! R13: the networks, the way between them, and who waits for whom.

mod endpoints;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{ACCOUNT, Template, deployment, every_template, everywhere, packages, synthesis, trading};

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
    for (templates, region) in everywhere() {
        for kind in ["public", "private", "isolated"] {
            assert_eq!(subnets(templates, region, kind).len(), 3, "{kind} in {region}");
        }
        let network = stack(templates, "Networking", region);
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
    for template in every_template() {
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
    let addresses = 2 * 2 * 3;
    assert_eq!(
        reads,
        3 * (5 + 1 + 6) + addresses,
        "parameters; the network asked for; home's routes; callers"
    );
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

/// The one rule out to addresses: functions reach AWS's public names and the other region.
const TO_ANYWHERE: &str = "AWS APIs, and the other region seen from outside";
/// Who comes from it: whoever asks a load balancer.
const FROM_ANYWHERE: &str = "clients, the other region, and health checks";

#[test]
fn rules_within_a_region_name_groups_and_not_addresses() {
    for (templates, region) in everywhere() {
        let network = stack(templates, "Networking", region);
        for rule in network.all("AWS::EC2::SecurityGroupIngress") {
            if rule["Description"] == FROM_ANYWHERE {
                assert_eq!((&rule["CidrIp"], &rule["FromPort"]), (&json!("0.0.0.0/0"), &json!(443)));
                continue;
            }
            assert!(rule["SourceSecurityGroupId"].is_object(), "{rule}");
            assert_eq!((rule.get("CidrIp"), rule.get("CidrIpv6")), (None, None));
        }
        for rule in network.all("AWS::EC2::SecurityGroupEgress") {
            let what = rule["Description"].as_str().expect("a description");
            assert_eq!(rule.get("CidrIp").is_some(), what == TO_ANYWHERE, "{rule}");
            let by_list = what.ends_with(", by its gateway");
            assert_eq!(rule["DestinationPrefixListId"].is_string(), by_list, "{rule}");
            let port = match what {
                "requests and health checks" => 8080,
                "settlement" => 5432,
                _ => 443,
            };
            assert_eq!(rule["FromPort"], port);
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
    for (templates, region) in everywhere() {
        let network = stack(templates, "Networking", region);
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
