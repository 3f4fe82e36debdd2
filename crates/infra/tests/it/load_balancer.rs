//! D2, D3, R05: the load balancer of each region: what it takes, from whom, where it goes and what is kept of it.
//! Method: the templates of both finance deployments.

use infra::check::rule::RULES;
use recovery::deployment::{Callers, Deployment, EVERYBODY, Token};
use serde_json::{Value, json};

use crate::check::inventory;
use crate::{ACCOUNT, Template, at_finance, finance_west, one, peer_of, synthesise};

fn stack<'t>(templates: &'t [Template], region: &str) -> &'t Template {
    let name = format!("TapStack-LoadBalancer-{region}-production");
    templates.iter().find(|template| template.name == name).expect("each region has one")
}

fn only<'t>(template: &'t Template, kind: &'t str) -> &'t Value {
    let all = template.all(kind);
    assert_eq!(all.len(), 1, "{kind}");
    all[0]
}

fn attribute<'v>(of: &'v Value, list: &str, key: &str) -> &'v Value {
    let found = of[list].as_array().expect("attributes").iter().find(|one| one["Key"] == key);
    &found.unwrap_or_else(|| panic!("no {key}"))["Value"]
}

#[test]
fn a_load_balancer_listens_for_https_alone() {
    for (templates, region) in at_finance() {
        let template = stack(templates, region);
        let listener = only(template, "AWS::ElasticLoadBalancingV2::Listener");
        assert_eq!((&listener["Port"], &listener["Protocol"]), (&json!(443), &json!("HTTPS")));
        assert_eq!(listener["SslPolicy"], "ELBSecurityPolicy-TLS13-1-2-Res-2021-06");
        assert!(listener["Certificates"][0]["CertificateArn"]["Ref"].is_string());
        let unknown = &listener["DefaultActions"][0];
        assert_eq!(
            (&unknown["Type"], &unknown["FixedResponseConfig"]["StatusCode"]),
            (&json!("fixed-response"), &json!("404"))
        );
        let balancer = only(template, "AWS::ElasticLoadBalancingV2::LoadBalancer");
        assert_eq!(balancer["Subnets"].as_array().map(Vec::len), Some(3), "one in each zone");
        let of = |key| attribute(balancer, "LoadBalancerAttributes", key);
        assert_eq!(of("routing.http.drop_invalid_header_fields.enabled"), "true");
        assert_eq!(of("deletion_protection.enabled"), "false", "destroyable, as asked");
        assert_eq!(of("access_logs.s3.enabled"), "true");
    }
}

#[test]
fn only_the_service_s_routes_are_forwarded_and_only_under_its_names() {
    for (templates, region) in at_finance() {
        let mut routes = Vec::new();
        for rule in stack(templates, region).all("AWS::ElasticLoadBalancingV2::ListenerRule") {
            assert_eq!(rule["Actions"][0]["Type"], "forward");
            let of = |field: &str, config: &str| {
                let all = rule["Conditions"].as_array().expect("conditions").iter();
                let found = all.clone().find(|one| one["Field"] == field).expect("a condition");
                found[config]["Values"].clone()
            };
            let hosts = of("host-header", "HostHeaderConfig").to_string();
            assert!(hosts.contains(&format!("\"{region}.orders.")) && hosts.contains("\"orders."), "{hosts}");
            let methods = of("http-request-method", "HttpRequestMethodConfig");
            let path = of("path-pattern", "PathPatternConfig");
            routes.push(format!("{} {}", methods, path[0].as_str().expect("a path")));
        }
        routes.sort();
        assert_eq!(
            routes,
            [
                r#"["GET","PUT"] /sessions/*"#,
                r#"["GET"] /health/live"#,
                r#"["GET"] /health/ready"#,
                r#"["GET"] /health/serving"#,
                r#"["GET"] /orders/*"#,
                r#"["POST"] /orders"#,
            ]
        );
    }
}

#[test]
fn a_task_is_asked_whether_it_lives_and_may_finish_when_it_leaves() {
    for (templates, region) in at_finance() {
        let group = only(stack(templates, region), "AWS::ElasticLoadBalancingV2::TargetGroup");
        assert_eq!((&group["TargetType"], &group["Port"]), (&json!("ip"), &json!(8080)));
        assert_eq!(group["HealthCheckPath"], "/health/live", "who owns the lease is nothing to it");
        assert_eq!(group["Matcher"]["HttpCode"], "200");
        let of = |key| attribute(group, "TargetGroupAttributes", key);
        assert_eq!(of("deregistration_delay.timeout_seconds"), "30", "the deployment's drain");
        assert_eq!(of("load_balancing.cross_zone.enabled"), "true");
    }
}

#[test]
fn each_region_answers_under_its_own_name_and_the_public_one() {
    for (templates, region) in at_finance() {
        let template = stack(templates, region);
        let certificate = only(template, "AWS::CertificateManager::Certificate");
        let public = certificate["DomainName"].as_str().expect("a name");
        let own = format!("{region}.{public}");
        assert_eq!(certificate["SubjectAlternativeNames"], json!([own]));
        let record = only(template, "AWS::Route53::RecordSet");
        assert_eq!((&record["Name"], &record["Type"]), (&json!(format!("{own}.")), &json!("A")));
        let alias = &record["AliasTarget"];
        let balancer = &alias["DNSName"]["Fn::GetAtt"][0];
        assert_eq!(
            template.json["Resources"][balancer.as_str().expect("one of the stack")]["Type"],
            "AWS::ElasticLoadBalancingV2::LoadBalancer"
        );
        assert_eq!(
            (&alias["DNSName"]["Fn::GetAtt"][1], &alias["HostedZoneId"]["Fn::GetAtt"][1]),
            (&json!("DNSName"), &json!("CanonicalHostedZoneID"))
        );
    }
}

#[test]
fn whoever_delivers_logs_may_write_them_and_nobody_else_anything() {
    for (templates, region) in at_finance() {
        let template = stack(templates, region);
        let bucket = only(template, "AWS::S3::Bucket");
        let name = format!("bucket-access-{region}-{ACCOUNT}-production");
        assert_eq!(bucket["BucketName"], name);
        let encryption = &bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]["ServerSideEncryptionByDefault"];
        assert_eq!(encryption["SSEAlgorithm"], "AES256", "Elastic Load Balancing delivers to no other");
        let kept = bucket["LifecycleConfiguration"]["Rules"].as_array().expect("rules");
        assert_eq!(kept[0]["ExpirationInDays"], 2557, "as long as the audit log");
        let copy = &bucket["ReplicationConfiguration"]["Rules"][0]["Destination"];
        let peer = peer_of(templates, region);
        assert_eq!(copy["Bucket"], format!("arn:aws:s3:::bucket-audit-{peer}-{ACCOUNT}-production"));
        let key = format!("arn:aws:kms:{peer}:{ACCOUNT}:alias/key-audit-production");
        assert_eq!(copy["EncryptionConfiguration"]["ReplicaKmsKeyID"], key);
        let role = format!("role-replicate-access-{region}-production");
        let role = one(templates, region, "AWS::IAM::Role", "RoleName", &role)["Policies"].to_string();
        assert!(role.contains(&format!("bucket-audit-{peer}-")) && !role.contains("kms:Decrypt"), "{role}");
        let statements = &only(template, "AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"];
        let statements = statements.as_array().expect("statements");
        let allowed: Vec<&Value> = statements.iter().filter(|one| one["Effect"] == "Allow").collect();
        assert_eq!(allowed.len(), 1);
        assert_eq!(allowed[0]["Principal"]["Service"], "logdelivery.elasticloadbalancing.amazonaws.com");
        assert_eq!(allowed[0]["Action"], "s3:PutObject");
        assert_eq!(allowed[0]["Resource"], format!("arn:aws:s3:::{name}/AWSLogs/{ACCOUNT}/*"));
        let own = format!("arn:aws:elasticloadbalancing:{region}:{ACCOUNT}:loadbalancer/*");
        assert_eq!(allowed[0]["Condition"]["ArnLike"]["aws:SourceArn"], own);
        let balancer =
            template.resources().find(|(_, one)| one["Type"] == "AWS::ElasticLoadBalancingV2::LoadBalancer");
        let waits = balancer.expect("there is one").1["DependsOn"].to_string();
        assert!(waits.contains("AccessLogsPolicy"), "a load balancer tries its log when it is made: {waits}");
    }
}

#[test]
fn the_firewall_stands_before_the_load_balancer_and_refuses_nobody_for_what_others_ask() {
    for (templates, region) in at_finance() {
        let template = stack(templates, region);
        let guard = only(template, "AWS::WAFv2::WebACLAssociation");
        assert!(guard["ResourceArn"]["Ref"].as_str().is_some_and(|id| id.starts_with("Balancer")));
        let rules = only(template, "AWS::WAFv2::WebACL")["Rules"].as_array().expect("rules").clone();
        let [_, _, strangers, _] = &rules[..] else { panic!("four rules") };
        assert_eq!(strangers["Action"]["Block"]["CustomResponse"]["ResponseCode"], 403);
        let rules: Vec<&Value> = rules.iter().filter(|rule| rule["Name"] != "strangers").collect();
        let limits: Vec<_> = rules
            .iter()
            .map(|rule| {
                let rate = &rule["Statement"]["RateBasedStatement"];
                (
                    rule["Name"].as_str().expect("a name"),
                    rate["AggregateKeyType"].as_str(),
                    rate["Limit"].as_u64(),
                )
            })
            .collect();
        assert_eq!(
            limits,
            [
                ("requests-per-address", Some("IP"), Some(1200)),
                ("health-per-address", Some("IP"), Some(400)),
                ("requests-of-all", Some("CONSTANT"), Some(12_000)),
            ]
        );
        for (rule, action) in rules.iter().zip(["Block", "Block", "Count"]) {
            assert_eq!(rule["Statement"]["RateBasedStatement"]["EvaluationWindowSec"], 60);
            assert!(rule["Action"][action].is_object(), "{rule}");
        }
    }
}

/// Health is open: Route 53's checkers come from anywhere. Our own calls come from the addresses of both regions.
#[test]
fn orders_are_taken_from_the_deployments_ranges_and_from_our_own_networks_alone() {
    for (templates, region) in at_finance() {
        let template = stack(templates, region);
        let set = only(template, "AWS::WAFv2::IPSet");
        assert_eq!((&set["Scope"], &set["IPAddressVersion"]), (&json!("REGIONAL"), &json!("IPV4")));
        let stored = |from: &str, zone| format!("{{{{resolve:ssm:/standfast/production/{from}-{zone}}}}}/32");
        let own = (1..=3).map(|zone| stored("network/translation-address", zone));
        let peer = (1..=3).map(|zone| stored("peer/translation-address", zone));
        let ranges = ["198.51.100.0/24", "203.0.113.0/24"].map(str::to_owned);
        let expected: Vec<String> = ranges.into_iter().chain(own).chain(peer).collect();
        assert_eq!(set["Addresses"], json!(expected));
        let rules = only(template, "AWS::WAFv2::WebACL")["Rules"].as_array().expect("rules");
        let statements = &rules[2]["Statement"]["AndStatement"]["Statements"];
        let known =
            &statements[0]["NotStatement"]["Statement"]["IPSetReferenceStatement"]["Arn"]["Fn::GetAtt"];
        assert_eq!(known[1], "Arn");
        let open = &statements[1]["NotStatement"]["Statement"]["RegexMatchStatement"]["RegexString"];
        assert_eq!(*open, "^(/live)?/(health/live|health/ready|health/serving)$");
        let peering =
            templates.iter().find(|one| one.name == format!("TapStack-Peering-{region}-production"));
        let copied = peering.expect("each region has one").json.to_string();
        assert_eq!(copied.matches("/peer/translation-address-").count(), 3, "of the other region's network");
    }
}

/// The check objects where everybody is let in, and no more once each route but health asks for a token.
#[test]
fn where_everybody_is_let_in_a_token_is_asked_for_or_the_check_objects() {
    let rule = RULES.iter().find(|rule| rule.id == "callers-are-known").expect("there is such a rule");
    let mut open = finance_west();
    fn callers(open: &mut Deployment) -> &mut Callers {
        &mut open.containers.as_mut().expect("it has them").callers
    }
    callers(&mut open).ranges = vec![EVERYBODY.to_owned()];
    assert_eq!(rule.findings(&inventory(&open), &open).len(), 2, "both load balancers");
    callers(&mut open).token = Some(Token {
        issuer: "https://id.example".to_owned(),
        keys_url: "https://id.example/keys".to_owned(),
        audience: "orders".to_owned(),
    });
    assert_eq!(rule.findings(&inventory(&open), &open), []);
    let templates = synthesise(&open);
    let balancers = templates.iter().filter(|one| one.name.contains("-LoadBalancer-"));
    for template in balancers {
        assert!(template.all("AWS::WAFv2::IPSet").is_empty());
        for rule in template.all("AWS::ElasticLoadBalancingV2::ListenerRule") {
            let text = rule["Conditions"].to_string();
            let values = rule["Conditions"].as_array().expect("conditions").iter();
            let values = values.flat_map(|one| one.as_object().expect("an object").values());
            let count: usize = values.filter_map(|config| config["Values"].as_array()).map(Vec::len).sum();
            assert!(count <= 5, "Elastic Load Balancing takes five values: {text}");
            let token = &rule["Actions"][0]["JwtValidationConfig"];
            if text.contains("/health/") || text.contains("source-ip") {
                assert_eq!(rule["Actions"].as_array().map(Vec::len), Some(1), "{text}");
                continue;
            }
            assert_eq!(
                (&token["Issuer"], &token["JwksEndpoint"]),
                (&json!("https://id.example"), &json!("https://id.example/keys"))
            );
            let audience = json!([{ "Format": "single-string", "Name": "aud", "Values": ["orders"] }]);
            assert_eq!(token["AdditionalClaims"], audience);
            assert_eq!(rule["Actions"][1]["Type"], "forward");
            assert!(rule["Priority"].as_i64() > Some(10), "our own callers come first");
        }
    }
}

#[test]
fn the_world_reaches_the_load_balancer_it_the_tasks_and_they_the_database() {
    for (templates, region) in at_finance() {
        let name = format!("TapStack-Networking-{region}-production");
        let network = templates.iter().find(|one| one.name == name).expect("each region has one");
        let group = |rule: &Value, field: &str| {
            let id = rule[field]["Fn::GetAtt"][0].as_str().unwrap_or_default().to_owned();
            network.json["Resources"][&id]["Properties"]["GroupName"].as_str().unwrap_or("world").to_owned()
        };
        let ways: std::collections::BTreeSet<String> = network
            .all("AWS::EC2::SecurityGroupIngress")
            .iter()
            .map(|rule| {
                format!(
                    "{} → {} {}",
                    group(rule, "SourceSecurityGroupId"),
                    group(rule, "GroupId"),
                    rule["FromPort"]
                )
            })
            .collect();
        let expected = [
            "group-balancer-production → group-tasks-production 8080",
            "group-functions-production → group-database-production 5432",
            "group-functions-production → group-endpoints-production 443",
            "group-tasks-production → group-database-production 5432",
            "group-tasks-production → group-endpoints-production 443",
            "world → group-balancer-production 443",
        ];
        assert_eq!(ways.iter().map(String::as_str).collect::<Vec<_>>(), expected);
        let out = network.all("AWS::EC2::SecurityGroupEgress").into_iter();
        let of_tasks = out.filter(|rule| group(rule, "GroupId") == "group-tasks-production");
        let out: std::collections::BTreeSet<String> = of_tasks
            .map(|rule| match rule["DestinationPrefixListId"].as_str() {
                Some(list) => format!("{} {list}", rule["Description"].as_str().unwrap_or_default()),
                None => group(rule, "DestinationSecurityGroupId"),
            })
            .collect();
        let [dynamodb, s3] = match region {
            "us-east-1" => ["pl-02cd2c6b", "pl-63a5400a"],
            "us-east-2" => ["pl-4ca54025", "pl-7ba54012"],
            _ => ["pl-00a54069", "pl-68a54001"],
        };
        let expected = [
            format!("dynamodb, by its gateway {dynamodb}"),
            "group-database-production".to_owned(),
            "group-endpoints-production".to_owned(),
            format!("s3, by its gateway {s3}"),
        ];
        assert_eq!(out, expected.into(), "and nowhere else");
        let parameter = "/standfast/production/load-balancer/target-group-arn";
        one(templates, region, "AWS::SSM::Parameter", "Name", parameter);
    }
}
