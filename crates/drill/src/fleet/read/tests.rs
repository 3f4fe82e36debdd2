//! Goal: a fleet is read as AWS's property names say, and what is not understood is named.
//! Method: templates by hand, of the form that CloudFormation documents.

use serde_json::json;

use super::*;
use crate::fleet::plan::{Metric, ScalingPlan, TimedBounds};
use crate::gateway::balancer::plan::{Action, Algorithm};

fn region() -> Region {
    Region::new("us-west-2").expect("a region")
}

pub(crate) fn compute() -> Json {
    json!({"Resources": {
        "Cluster": {"Type": "AWS::ECS::Cluster", "Properties": {"ClusterName": "cluster-orders-test"}},
        "Definition": {"Type": "AWS::ECS::TaskDefinition", "Properties": {
            "Cpu": "512", "Memory": "1024",
            "ContainerDefinitions": [{
                "Name": "orders-service", "Command": ["/usr/bin/orders-service"], "StopTimeout": 60,
                "Environment": [
                    {"Name": "STANDFAST_PEER_REGION", "Value": "us-east-1"},
                    {"Name": "STANDFAST_STATE_MACHINE_ARN", "Value": {"Fn::Sub": "arn:aws:states:${AWS::Region}"}},
                    {"Name": "STANDFAST_DATABASE_ENDPOINT", "Value": "{{resolve:ssm:/standfast/test/database}}"},
                ],
            }],
        }},
        "Service": {"Type": "AWS::ECS::Service", "Properties": {
            "ServiceName": "service-orders-service-test", "Cluster": {"Ref": "Cluster"},
            "TaskDefinition": {"Ref": "Definition"}, "DesiredCount": 3,
            "LoadBalancers": [{"ContainerName": "orders-service", "ContainerPort": 8080,
                "TargetGroupArn": {"Fn::ImportValue": "x"}}],
            "HealthCheckGracePeriodSeconds": 20,
            "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": [{"Ref": "A"}, {"Ref": "B"}, {"Ref": "C"}]}},
            "DeploymentConfiguration": {"MinimumHealthyPercent": 100, "MaximumPercent": 200,
                "DeploymentCircuitBreaker": {"Enable": true, "Rollback": true}},
        }},
        "Scalable": {"Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": {
            "ResourceId": {"Fn::Join": ["/", ["service", "cluster-orders-test", "service-orders-service-test"]]},
            "MinCapacity": 3, "MaxCapacity": 12, "ScheduledActions": [{"Schedule": "cron(30 12 ? * MON-FRI *)",
                "ScalableTargetAction": {"MinCapacity": 4, "MaxCapacity": 12}}],
        }},
        "Requests": {"Type": "AWS::ApplicationAutoScaling::ScalingPolicy", "Properties": {
            "PolicyName": "policy-requests-test", "ScalingTargetId": {"Ref": "Scalable"},
            "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 600, "ScaleOutCooldown": 60,
                "PredefinedMetricSpecification": {"PredefinedMetricType": "ALBRequestCountPerTarget"}},
        }},
        "Backlog": {"Type": "AWS::ApplicationAutoScaling::ScalingPolicy", "Properties": {
            "PolicyName": "policy-backlog-test", "ScalingTargetId": {"Ref": "Scalable"},
            "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 5, "CustomizedMetricSpecification": {}},
        }},
    }})
}

pub(crate) fn front() -> Json {
    let forward = json!([{"Type": "forward", "TargetGroupArn": {"Ref": "Group"}}]);
    json!({"Resources": {
        "Balancer": {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "Properties": {
            "LoadBalancerAttributes": [{"Key": "idle_timeout.timeout_seconds", "Value": "30"}]}},
        "Group": {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Properties": {
            "HealthCheckPath": "/health/live", "HealthCheckIntervalSeconds": 10, "HealthCheckTimeoutSeconds": 3,
            "HealthyThresholdCount": 2, "UnhealthyThresholdCount": 3, "Matcher": {"HttpCode": "200,204-206"},
            "TargetGroupAttributes": [
                {"Key": "deregistration_delay.timeout_seconds", "Value": "30"},
                {"Key": "load_balancing.algorithm.type", "Value": "least_outstanding_requests"}],
        }},
        "Listener": {"Type": "AWS::ElasticLoadBalancingV2::Listener", "Properties": {"Port": 443,
            "DefaultActions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404",
                "ContentType": "application/json", "MessageBody": "{\"error\":\"no_such_path\"}"}}]}},
        "Second": {"Type": "AWS::ElasticLoadBalancingV2::ListenerRule", "Properties": {"Priority": 20,
            "Conditions": [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/health/*"]}}],
            "Actions": forward}},
        "First": {"Type": "AWS::ElasticLoadBalancingV2::ListenerRule", "Properties": {"Priority": 10,
            "Conditions": [{"Field": "path-pattern", "Values": ["/orders"]},
                {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["POST"]}}],
            "Actions": forward}},
    }})
}

#[test]
fn a_service_is_read_with_its_definition_and_its_scaling() {
    let (compute, front) = (compute(), front());
    let plan = read(&region(), &[&compute, &front]).expect("it is well formed").expect("it has a service");
    let [service] = &plan.services[..] else { panic!("{plan:?}") };
    assert_eq!(
        (service.cluster.as_str(), service.binary.as_str()),
        ("cluster-orders-test", "orders-service")
    );
    assert_eq!((service.cpu_units, service.desired, service.zones), (512, 3, 3));
    assert!(service.balanced && service.rollout.breaker && service.rollout.rolls_back);
    assert_eq!(service.stop_timeout, Duration::from_secs(60));
    assert_eq!(service.environment["STANDFAST_STATE_MACHINE_ARN"], "arn:aws:states:us-west-2");
    assert_eq!(service.unknown, ["STANDFAST_DATABASE_ENDPOINT"]);
    let scaling = service.scaling.as_ref().expect("it scales");
    assert_eq!((scaling.min, scaling.max), (3, 12));
    let [policy] = &scaling.policies[..] else { panic!("{scaling:?}") };
    assert_eq!((policy.metric, policy.target), (Metric::RequestsPerTarget, 600.0));
    assert_eq!((policy.out_cooldown.as_secs(), policy.in_cooldown.as_secs()), (60, 300));
    let notes = plan.not_exercised.join("; ");
    assert!(notes.contains("policy-backlog-test") && notes.contains("time of day"), "{notes}");
    let monday = |hour, minute| scaling.bounds_at(hour * 60 + minute);
    assert_eq!((monday(12, 29), monday(12, 30)), ((4, 12), (4, 12)), "Friday's hold until Monday's begin");
}

#[test]
fn bounds_by_the_clock_are_those_that_began_last() {
    let busy =
        TimedBounds { days: [true, true, true, true, true, false, false], minute: 720, min: 4, max: 10 };
    let quiet = TimedBounds { minute: 1290, min: 3, ..busy };
    let plan = ScalingPlan { min: 3, max: 10, policies: Vec::new(), timed: vec![busy, quiet] };
    let at = |day: u32, hour: u32, minute: u32| plan.bounds_at((day * 24 + hour) * 60 + minute).0;
    assert_eq!([at(0, 0, 0), at(0, 11, 59), at(0, 12, 0), at(0, 21, 29), at(0, 21, 30)], [3, 3, 4, 4, 3]);
    assert_eq!([at(4, 13, 0), at(5, 13, 0), at(6, 13, 0), at(7, 13, 0)], [4, 3, 3, 4], "not at weekends");
}

#[test]
fn a_schedule_of_another_form_is_a_problem() {
    for schedule in ["rate(1 day)", "cron(0 12 * * ? *)", "cron(60 1 ? * MON *)", "cron(0 1 ? * FRI-MON *)"] {
        let mut compute = compute();
        compute["Resources"]["Scalable"]["Properties"]["ScheduledActions"][0]["Schedule"] = json!(schedule);
        let error = read(&region(), &[&compute, &front()]).expect_err("it is not understood");
        assert!(error.to_string().contains("a scheduled action"), "{schedule}: {error}");
    }
}

#[test]
fn a_load_balancer_is_read_with_its_rules_in_the_order_of_their_priorities() {
    let (compute, front) = (compute(), front());
    let plan = read(&region(), &[&compute, &front]).expect("it is well formed").expect("it has a service");
    let balancer = plan.balancer.expect("the service is behind one");
    assert_eq!((balancer.drain.as_secs(), balancer.idle.as_secs()), (30, 30));
    assert_eq!(balancer.algorithm, Algorithm::LeastOutstanding);
    assert_eq!(balancer.check.success, [200..=200, 204..=206]);
    assert_eq!((balancer.check.healthy_threshold, balancer.check.unhealthy_threshold), (2, 3));
    assert_eq!(balancer.rules.iter().map(|rule| rule.conditions.len()).collect::<Vec<_>>(), [2, 1]);
    assert!(matches!(&balancer.default, Action::Fixed { status, .. } if status.as_u16() == 404));
}

#[test]
fn what_is_not_understood_is_named() {
    let (mut compute, mut front) = (compute(), front());
    compute["Resources"]["Service"]["Properties"]["TaskDefinition"] = json!({"Ref": "Gone"});
    let error = read(&region(), &[&compute]).expect_err("there is no task definition");
    assert!(error.to_string().contains("Service: its task definition"), "{error}");
    let compute = self::compute();
    front["Resources"]["First"]["Properties"]["Conditions"][0] = json!({"Field": "source-ip"});
    let error = read(&region(), &[&compute, &front]).expect_err("a condition that is not read");
    assert!(error.to_string().contains("First: a condition source-ip"), "{error}");
    let error = read(&region(), &[&compute]).expect_err("no load balancer");
    assert!(error.to_string().contains("0 target groups"), "{error}");
}

#[test]
fn a_region_of_functions_has_no_fleet() {
    let template = json!({"Resources": {"Api": {"Type": "AWS::Lambda::Function", "Properties": {}}}});
    assert_eq!(read(&region(), &[&template]), Ok(None));
}
