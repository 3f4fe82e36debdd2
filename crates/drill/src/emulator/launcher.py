"""Runs the AWS emulator for one drill.

The emulator refuses a whole template for one resource type that it lacks. Here
each such type gets a handler that records it by name and creates nothing, and
the drill lists what was recorded as not exercised. Where the emulator departs
from what AWS documents and the drill would notice, it is brought back here:
replicas of global tables, outputs of stacks in other regions, checks of request
bodies, the bounds of Step Functions retries, and the first run of a schedule.

Usage: launcher.py RECORD LOGS INVENTORY: the file that gets one JSON line per
recorded resource, the file that gets the logs of all functions, and the file that
gets a list of all that exists whenever SIGUSR1 asks for it.
"""

import hashlib
import http.server
import json
import os
import random
import signal
import sys
import threading

from ministack.app import main
from ministack.core import lambda_runtime
from ministack.core.responses import (
    AccountRegionScopedDict,
    AccountScopedDict,
    get_account_id,
    get_region,
    set_request_region,
)
from ministack.services import apigateway_v1, eventbridge, lambda_svc, rds, scheduler, stepfunctions
from ministack.services.cloudformation import custom_resource, engine, provisioners

RECORD = sys.argv[1]

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
    "AWS::WAFv2::LoggingConfiguration": "logging",
    "AWS::WAFv2::WebACLAssociation": "association",
    "AWS::XRay::Group": "group",
}

_writing = threading.Lock()


def record(resource_type, logical_id, stack_name):
    """Appends one line; CloudFormation may create several resources at once."""
    line = json.dumps({
        "type": resource_type,
        "logical_id": logical_id,
        "stack": stack_name,
        "region": get_region(),
    })
    with _writing, open(RECORD, "a", encoding="utf-8") as file:
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


def global_table_regions(properties):
    """The regions of all replicas and witnesses but this one, each once."""
    members = (properties.get("Replicas") or []) + (properties.get("GlobalTableWitnesses") or [])
    regions = {member["Region"] for member in members if "Region" in member}
    return sorted(regions - {get_region()})


def in_each_region(regions, act):
    """Runs act in the scope of each region, then returns to this one."""
    here = get_region()
    try:
        for region in regions:
            set_request_region(region)
            act()
    finally:
        set_request_region(here)


def global_table_handler(handler):
    """Creates the table in every region of the global table.

    The copies are independent: the drill's gateways replicate between them, or
    send every call to one of them, as the table's consistency asks.
    """

    def create(logical_id, properties, stack_name):
        regions = global_table_regions(properties)
        if regions:
            # A name that CloudFormation chooses would differ between the copies.
            name = properties.get("TableName") or f"{stack_name}-{logical_id}"
            properties = {**properties, "TableName": name}
        in_each_region(regions, lambda: handler["create"](logical_id, properties, stack_name))
        return handler["create"](logical_id, properties, stack_name)

    def delete(physical_id, properties):
        in_each_region(global_table_regions(properties), lambda: handler["delete"](physical_id, properties))
        handler["delete"](physical_id, properties)

    return {"create": create, "delete": delete}


def check_bodies(handlers):
    """Makes the request validators of a template and gives them to its methods.

    The emulator has both in its API; from a template it makes up an id and
    forgets which method asked for it.
    """
    create_plain_method = handlers["AWS::ApiGateway::Method"]["create"]

    def create_validator(logical_id, properties, stack_name):
        whether = {
            name[0].lower() + name[1:]: str(properties.get(name, "false")).lower() == "true"
            for name in ("ValidateRequestBody", "ValidateRequestParameters")
        }
        answer = apigateway_v1._create_request_validator(
            properties["RestApiId"], {"name": properties.get("Name", ""), **whether}
        )
        validator_id = json.loads(answer[2])["id"]
        return validator_id, {"RequestValidatorId": validator_id}

    def create_method(logical_id, properties, stack_name):
        created = create_plain_method(logical_id, properties, stack_name)
        resource = apigateway_v1._resources[properties["RestApiId"]][properties["ResourceId"]]
        method = resource["resourceMethods"][properties["HttpMethod"]]
        method["requestValidatorId"] = properties.get("RequestValidatorId")
        return created

    def delete_validator(physical_id, properties):
        of_api = apigateway_v1._request_validators.get(properties["RestApiId"], {})
        of_api.pop(physical_id, None)
        if not of_api:
            apigateway_v1._request_validators.pop(properties["RestApiId"], None)

    method, validator = "AWS::ApiGateway::Method", "AWS::ApiGateway::RequestValidator"
    handlers[method] = {**handlers[method], "create": create_method}
    handlers[validator] = {"create": create_validator, "delete": delete_validator}


def stack_output_resolver(resolve):
    """Looks an output up in the region that Fn::GetStackOutput names.

    The emulator looks in the region of the stack that asks.
    """

    def resolve_in_region(value, *context):
        reference = value.get("Fn::GetStackOutput") if isinstance(value, dict) else None
        if not isinstance(reference, dict) or not isinstance(reference.get("Region"), str):
            return resolve(value, *context)
        here = get_region()
        try:
            set_request_region(reference["Region"])
            return resolve(value, *context)
        finally:
            set_request_region(here)

    return resolve_in_region


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


def bounded_retrier(find):
    """Honours MaxDelaySeconds and JitterStrategy, which the emulator ignores.

    It computes interval * rate ** count itself, so it is given the delay as an
    interval with a rate of one.
    """

    def find_bounded(retriers, error, retry_counts):
        retrier, index = find(retriers, error, retry_counts)
        if retrier is None:
            return retrier, index
        count = retry_counts.get(index, 0)
        delay = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** count
        delay = min(delay, retrier.get("MaxDelaySeconds", delay))
        if retrier.get("JitterStrategy") == "FULL":
            delay = random.uniform(0, delay)
        return {**retrier, "IntervalSeconds": delay, "BackoffRate": 1.0}, index

    return find_bounded


def prompt_schedule(handler):
    """A rate schedule with no start date first runs at once, as AWS documents.

    The emulator waits for a whole interval after its creation.
    """

    def create(logical_id, properties, stack_name):
        before = set(scheduler._schedules._data)
        created = handler["create"](logical_id, properties, stack_name)
        rate = str(properties.get("ScheduleExpression", "")).startswith("rate(")
        if rate and not properties.get("StartDate"):
            for key in set(scheduler._schedules._data) - before:
                if key[1] == get_region():
                    scheduler._schedule_last_fired[key] = 0
        return created

    return {**handler, "create": create}


def forwarder(dispatch):
    """Delivers to a bus of another region, which the emulator does not.

    The event keeps its region, as AWS documents. A bus that is not there yet gets
    nothing; AWS would try again for as long as the rule says.
    """

    def dispatch_to_bus(spec, event, rule, event_path, payload=None):
        here = get_region()
        bus = spec.resource.startswith("event-bus/") and spec.account_id == get_account_id()
        if not bus or spec.region == here:
            dispatch(spec, event, rule, event_path, payload)
            return
        name = spec.resource.split("/", 1)[1]
        forwarded = {"Region": here, **event, "EventBusName": name}
        # Rules have the same names in both regions; what ends a circle is the region in their patterns.
        forwarded.pop("_DispatchPath", None)
        in_each_region([spec.region], lambda: eventbridge._dispatch_event(forwarded))

    return dispatch_to_bus


def speed_up_functions():
    """Takes two waits out of every invocation of a function.

    The runtime interface sends head and body apart, and the second may wait 40 ms
    for the delayed acknowledgement of the first. After the answer, the emulator
    waits up to 50 ms for a line of log; a late line now goes to the next answer.
    """
    http.server.BaseHTTPRequestHandler.disable_nagle_algorithm = True
    http.server.BaseHTTPRequestHandler.wbufsize = -1
    worker = lambda_runtime.ProvidedWorker
    patient = worker._drain_stderr_bounded

    def drain(self, **waits):
        return patient(self, **waits) if waits else self._drain_stderr()

    worker._drain_stderr_bounded = drain


def end_workers_here_only(invalidate):
    """Ends the warm workers of one region's function.

    The emulator's CloudFormation ends those of the same name in every region, in the
    middle of what they do, when a function is made or changed in one.
    """

    def invalidate_here(name, qualifier=None, account=None, region=None):
        return invalidate(name, qualifier, account or get_account_id(), region or get_region())

    return invalidate_here


class Copied:
    """A stream of log lines that is also written to a file."""

    def __init__(self, stream, path, label):
        self.stream, self.path, self.label = stream, path, label

    def readline(self):
        line = self.stream.readline()
        if line:
            with _writing, open(self.path, "ab") as file:
                file.write(self.label + line)
        return line

    def close(self):
        self.stream.close()


def copy_function_logs(path):
    """Writes what every function logs to one file, each line after its region and name."""
    worker = lambda_runtime.ProvidedWorker
    pump = worker._pump_output

    def pump_copied(self, stream, log_queue):
        region = self.config.get("FunctionArn", ":::").split(":")[3]
        pump(self, Copied(stream, path, f"{region} {self.func_name} ".encode()), log_queue)

    worker._pump_output = pump_copied


def inventory():
    """Everything that every service holds, and the state of what is on its way out."""
    found = {}
    for module_name, module in list(sys.modules.items()):
        if not module_name.startswith("ministack.services."):
            continue
        service = module_name.split(".")[2]
        for kind, store in list(vars(module).items()):
            if not isinstance(store, (AccountRegionScopedDict, AccountScopedDict)):
                continue
            for key in list(store._data):
                region = key[1] if isinstance(store, AccountRegionScopedDict) else ""
                value = store._data.get(key)
                state = value.get("StackStatus") or value.get("KeyState") if isinstance(value, dict) else None
                found[service, kind.lstrip("_"), region, str(key[-1])] = state
    names = ("service", "kind", "region", "key", "state")
    return [dict(zip(names, (*one, state))) for one, state in sorted(found.items())]


def answer_inventories(path):
    """Writes the inventory to this file whenever the process gets SIGUSR1."""

    def write(*_):
        partial = path + ".partial"
        with open(partial, "w", encoding="utf-8") as file:
            json.dump(inventory(), file)
        os.replace(partial, path)

    signal.signal(signal.SIGUSR1, write)


def register():
    """Adds a handler for every type that has none, and mends some of the others."""
    handlers = provisioners._RESOURCE_HANDLERS
    alarm = handlers["AWS::CloudWatch::Alarm"]
    handlers["AWS::CloudWatch::Alarm"] = {
        **alarm,
        "create": alarm_creator(alarm["create"]),
        "delete": alarm_deleter(alarm["delete"]),
    }
    handlers["AWS::DynamoDB::GlobalTable"] = global_table_handler(handlers["AWS::DynamoDB::GlobalTable"])
    if "AWS_ENDPOINT_URL" in os.environ:
        custom_resource.invoke_custom_resource = without_a_database(custom_resource.invoke_custom_resource)
    # It calls itself by this name for every part of a template.
    engine._resolve_refs = stack_output_resolver(engine._resolve_refs)
    handlers["AWS::Scheduler::Schedule"] = prompt_schedule(handlers["AWS::Scheduler::Schedule"])
    lambda_svc.invalidate_worker = end_workers_here_only(lambda_svc.invalidate_worker)
    check_bodies(handlers)
    scheduler._SCHEDULE_TICK_INTERVAL = 1
    stepfunctions._find_matching_retrier = bounded_retrier(stepfunctions._find_matching_retrier)
    eventbridge._dispatch_to_event_bus = forwarder(eventbridge._dispatch_to_event_bus)
    for resource_type, prefix in RECORDED.items():
        handlers.setdefault(resource_type, recorder(resource_type, prefix))
    handlers.setdefault(
        "AWS::RDS::GlobalCluster",
        {"create": create_global_cluster, "delete": delete_global_cluster},
    )


if __name__ == "__main__":
    register()
    speed_up_functions()
    copy_function_logs(sys.argv[2])
    answer_inventories(sys.argv[3])
    sys.argv[1:] = []
    main()
