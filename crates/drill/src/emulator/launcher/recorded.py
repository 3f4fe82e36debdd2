"""What the emulator lacks is recorded by name and not created.

It refuses a whole template for one resource type that it lacks. Here each such
type gets a handler that records it, and the drill lists what was recorded as not
exercised.
"""

import hashlib
import json
import os
import threading

from ministack.core.responses import get_account_id, get_region
from ministack.services import rds
from ministack.services.cloudformation import custom_resource, provisioners

# Type -> prefix of the physical id, as AWS shapes it.
RECORDED = {
    "AWS::ApplicationAutoScaling::ScalableTarget": "target",
    "AWS::ApplicationAutoScaling::ScalingPolicy": "policy",
    "AWS::Backup::BackupSelection": "selection",
    "AWS::CloudTrail::Trail": "trail",
    "AWS::CloudWatch::CompositeAlarm": "alarm",
    "AWS::EC2::EIP": "eipalloc",
    "AWS::EC2::FlowLog": "fl",
    "AWS::EC2::NatGateway": "nat",
    "AWS::EC2::NetworkAcl": "acl",
    "AWS::EC2::NetworkAclEntry": "acle",
    "AWS::EC2::SecurityGroupEgress": "sgr",
    "AWS::EC2::SecurityGroupIngress": "sgr",
    "AWS::EC2::SubnetNetworkAclAssociation": "aclassoc",
    "AWS::EC2::VPCPeeringConnection": "pcx",
    "AWS::ECS::ClusterCapacityProviderAssociations": "providers",
    "AWS::Events::EventBusPolicy": "policy",
    "AWS::KMS::ReplicaKey": "mrk",
    "AWS::RDS::DBProxy": "prx",
    "AWS::RDS::DBProxyTargetGroup": "prxtg",
    "AWS::RDS::EventSubscription": "subscription",
    "AWS::Route53::HealthCheck": "check",
    "AWS::SecretsManager::ResourcePolicy": "policy",
    "AWS::SecretsManager::RotationSchedule": "rotation",
    "AWS::Synthetics::Canary": "canary",
    "AWS::WAFv2::IPSet": "addresses",
    "AWS::WAFv2::LoggingConfiguration": "logging",
    "AWS::WAFv2::WebACLAssociation": "association",
    "AWS::XRay::Group": "group",
}

_writing = threading.Lock()
_into = None


def record(resource_type, logical_id, stack_name):
    """Appends one line; CloudFormation may create several resources at once."""
    line = json.dumps({
        "type": resource_type,
        "logical_id": logical_id,
        "stack": stack_name,
        "region": get_region(),
    })
    with _writing, open(_into, "a", encoding="utf-8") as file:
        file.write(line + "\n")


def attributes(resource_type, physical_id):
    """What Fn::GetAtt may ask of a resource that does not exist."""
    service = resource_type.split("::")[1].lower()
    arn = f"arn:aws:{service}:{get_region()}:{get_account_id()}:{physical_id}"
    return {
        "AllocationId": physical_id,
        "Arn": arn,
        "DBProxyArn": arn,
        "Endpoint": f"{physical_id}.{get_region()}.rds.amazonaws.com",
        "HealthCheckId": physical_id,
        "Id": physical_id,
        "KeyId": physical_id,
        "NatGatewayId": physical_id,
        "PublicIp": "192.0.2.1",
        "TargetGroupArn": arn,
    }


def recorder(resource_type, prefix):
    """A handler that records the type and creates nothing."""

    def create(logical_id, properties, stack_name):
        record(resource_type, logical_id, stack_name)
        seed = f"{stack_name}/{logical_id}/{get_region()}".encode()
        physical_id = f"{prefix}-{hashlib.sha256(seed).hexdigest()[:17]}"
        return physical_id, attributes(resource_type, physical_id)

    return {"create": create, "delete": lambda physical_id, properties: None}


def create_global_cluster(logical_id, properties, stack_name):
    """The emulator has global clusters in its API, only not in its CloudFormation.

    It attaches no cluster to one from a template. The drill's own stand-in
    answers the RDS API, so the record only has to exist.
    """
    record("AWS::RDS::GlobalCluster", logical_id, stack_name)
    identifier = properties.get("GlobalClusterIdentifier") or f"{stack_name}-{logical_id}".lower()
    parameters = {"GlobalClusterIdentifier": [identifier]}
    for key in ("Engine", "StorageEncrypted", "DatabaseName"):
        if key in properties:
            value = properties[key]
            parameters[key] = [str(value).lower() if isinstance(value, bool) else str(value)]
    provisioners._rds_call(rds._create_global_cluster, parameters, "AWS::RDS::GlobalCluster", "create")
    endpoint = f"{identifier}.global-drill.global.rds.amazonaws.com"
    return identifier, {"GlobalEndpoint.Address": endpoint, "GlobalClusterArn": identifier}


def delete_global_cluster(physical_id, properties):
    """Forgets the record and its tags."""
    rds._global_clusters.pop(physical_id, None)
    rds._tags.pop(f"arn:aws:rds::{get_account_id()}:global-cluster:{physical_id}", None)


def alarm_creator(create):
    """Alarms on metric math are recorded; all others are created."""

    def create_alarm(logical_id, properties, stack_name):
        if not properties.get("Metrics"):
            return create(logical_id, properties, stack_name)
        record("AWS::CloudWatch::Alarm (metric math)", logical_id, stack_name)
        name = properties.get("AlarmName") or f"{stack_name}-{logical_id}"
        return name, {"Arn": f"arn:aws:cloudwatch:{get_region()}:{get_account_id()}:alarm:{name}"}

    return create_alarm


def alarm_deleter(delete):
    """What was only recorded is not there to delete."""

    def delete_alarm(physical_id, properties):
        if not properties.get("Metrics"):
            delete(physical_id, properties)

    return delete_alarm


def without_a_database(invoke):
    """Records what only a function with a database can make, where there is none.

    A drill has PostgreSQL behind its gateways; an emulator on its own, to which all
    functions' calls come back, has no database at all.
    """

    def invoke_unless_recorded(request_type, logical_id, props, stack_name, *rest, **named):
        if ":function:function-database-keeper-" not in str(props.get("ServiceToken")):
            return invoke(request_type, logical_id, props, stack_name, *rest, **named)
        record("AWS::CloudFormation::CustomResource (needs a database)", logical_id, stack_name)
        return f"recorded-{logical_id}", {}

    return invoke_unless_recorded


def register(handlers, path):
    """Adds a handler for every type that has none; what it records goes into the file of this path."""
    global _into
    _into = path
    alarm = handlers["AWS::CloudWatch::Alarm"]
    handlers["AWS::CloudWatch::Alarm"] = {
        **alarm,
        "create": alarm_creator(alarm["create"]),
        "delete": alarm_deleter(alarm["delete"]),
    }
    if "AWS_ENDPOINT_URL" in os.environ:
        custom_resource.invoke_custom_resource = without_a_database(custom_resource.invoke_custom_resource)
    for resource_type, prefix in RECORDED.items():
        handlers.setdefault(resource_type, recorder(resource_type, prefix))
    handlers.setdefault(
        "AWS::RDS::GlobalCluster",
        {"create": create_global_cluster, "delete": delete_global_cluster},
    )
