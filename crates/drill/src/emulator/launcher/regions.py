"""What goes from one region to another, or stays in its own, as AWS documents it."""

from ministack.core.responses import get_account_id, get_region, set_request_region
from ministack.services import eventbridge, lambda_svc
from ministack.services.cloudformation import engine


def in_each_region(regions, act):
    """Runs act in the scope of each region, then returns to this one."""
    here = get_region()
    try:
        for region in regions:
            set_request_region(region)
            act()
    finally:
        set_request_region(here)


def global_table_regions(properties):
    """The regions of all replicas and witnesses but this one, each once."""
    members = (properties.get("Replicas") or []) + (properties.get("GlobalTableWitnesses") or [])
    regions = {member["Region"] for member in members if "Region" in member}
    return sorted(regions - {get_region()})


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


def end_workers_here_only(invalidate):
    """Ends the warm workers of one region's function.

    The emulator's CloudFormation ends those of the same name in every region, in the
    middle of what they do, when a function is made or changed in one.
    """

    def invalidate_here(name, qualifier=None, account=None, region=None):
        return invalidate(name, qualifier, account or get_account_id(), region or get_region())

    return invalidate_here


def register(handlers):
    """Mends tables, outputs, events and workers."""
    handlers["AWS::DynamoDB::GlobalTable"] = global_table_handler(handlers["AWS::DynamoDB::GlobalTable"])
    # It calls itself by this name for every part of a template.
    engine._resolve_refs = stack_output_resolver(engine._resolve_refs)
    eventbridge._dispatch_to_event_bus = forwarder(eventbridge._dispatch_to_event_bus)
    lambda_svc.invalidate_worker = end_workers_here_only(lambda_svc.invalidate_worker)
