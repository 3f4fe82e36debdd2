"""What services do otherwise than AWS documents, where a drill would notice."""

import json
import random

from ministack.core.responses import get_region
from ministack.services import apigateway_v1, scheduler, stepfunctions


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


def register(handlers):
    """Mends checks of request bodies, the bounds of retries, and the first run of a schedule."""
    check_bodies(handlers)
    stepfunctions._find_matching_retrier = bounded_retrier(stepfunctions._find_matching_retrier)
    handlers["AWS::Scheduler::Schedule"] = prompt_schedule(handlers["AWS::Scheduler::Schedule"])
    scheduler._SCHEDULE_TICK_INTERVAL = 1
