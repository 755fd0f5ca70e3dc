"""The services that a Task can call, and the calls: always through this cloud's own endpoint.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html
"""

import functools
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError

from slipway_local.state_machines.errors import StatesError, runtime_error
from slipway_local.state_machines.flow import Visit
from slipway_local.state_machines.shapes import service_error, to_request, to_result

SERVICE = re.compile(r"arn:aws[\w-]*:states:::([\w-]+):(?:([\w-]+):)?(\w+)(?:\.(sync:2|sync|waitForTaskToken))?")
# The optimised integrations by Step Functions' name: boto3's service and the actions.
OPTIMISED = {
    "lambda": ("lambda", {"invoke"}),
    "dynamodb": ("dynamodb", {"getItem", "putItem", "updateItem", "deleteItem"}),
    "sqs": ("sqs", {"sendMessage"}),
    "sns": ("sns", {"publish"}),
    "events": ("events", {"putEvents"}),
    "states": ("stepfunctions", {"startExecution"}),
    "bedrock": ("bedrock", {"invokeModel", "createModelCustomizationJob"}),
    "glue": ("glue", {"startJobRun"}),
    "emr-serverless": ("emr-serverless", {"startJobRun"}),
    "ecs": ("ecs", {"runTask"}),
    "batch": ("batch", {"submitJob"}),
    "sagemaker": (
        "sagemaker",
        {
            "createEndpoint",
            "createEndpointConfig",
            "createHyperParameterTuningJob",
            "createLabelingJob",
            "createModel",
            "createProcessingJob",
            "createTrainingJob",
            "createTransformJob",
            "updateEndpoint",
        },
    ),
}
SDK_NAMES = {"sfn": "stepfunctions", "eventbridge": "events", "cloudwatchlogs": "logs"}


@dataclass(frozen=True)
class Resource:
    """A `states` resource: boto3's service, the operation in snake case, and the pattern (empty: request response)."""

    name: str
    service: str
    operation: str
    pattern: str
    optimised: bool


def resource_of(arn: str) -> Resource:
    """Return what a service integration's ARN names. Raises StatesError for one that is not emulated, naming it."""
    match = SERVICE.fullmatch(arn)
    if match is None:
        raise runtime_error(f"The resource provided {arn} is not recognized")
    service, api, action, pattern = match[1], match[2], match[3], match[4] or ""
    operation = xform_name(action[:1].upper() + action[1:])
    if service == "aws-sdk" and api:
        boto = SDK_NAMES[api.lower()] if api.lower() in SDK_NAMES else _boto_service(api)
        return Resource(f"{api}:{action}", boto, operation, pattern, optimised=False)
    if service not in OPTIMISED or action not in OPTIMISED[service][1] or api:
        known = ", ".join(sorted(OPTIMISED))
        raise runtime_error(f"The service integration {arn} is not emulated; emulated are aws-sdk and {known}")
    boto = "bedrock-runtime" if action == "invokeModel" else OPTIMISED[service][0]
    return Resource(f"{service}:{action}", boto, operation, pattern, optimised=True)


@functools.cache
def _boto_service(api: str) -> str:
    """Return boto3's name of a service that AWS's SDK for Java writes without dashes (`bedrockruntime`)."""
    import botocore.session

    for name in botocore.session.get_session().get_available_services():
        if name.replace("-", "") == api.lower().replace("-", ""):
            return str(name)
    raise runtime_error(f"There is no service '{api}' for an aws-sdk integration")


def client_of(visit: Visit, service: str) -> Any:
    """Return a client that acts as the machine, or as the role of the state's Credentials."""
    credentials = visit.data.render(visit.state.get("Credentials", {}), "Credentials")
    return visit.flow.execution.client(service, credentials.get("RoleArn"))


def model_of(client: Any, operation: str) -> Any:
    """Return botocore's description of an operation."""
    return client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation])


def call(visit: Visit, resource: Resource, given: Any) -> Any:
    """Call a service and return its answer as the integration documents it."""
    client = client_of(visit, resource.service)
    if resource.operation not in client.meta.method_to_api_mapping:
        raise runtime_error(f"The service {resource.service} has no operation {resource.operation}")
    model = model_of(client, resource.operation)
    where = f"arn:aws:states:::{resource.name}"
    request = to_request(given, model.input_shape, where) if model.input_shape else {}
    missing = [name for name in model.input_shape.required_members if name not in request] if model.input_shape else []
    if missing := [name for name in missing if name not in model.idempotent_members]:  # boto3 makes those up
        raise runtime_error(f"The field '{missing[0]}' is required but was missing for {where}")
    if resource.service == "stepfunctions" and resource.operation == "start_execution":
        request.setdefault("input", "{}")
    try:
        answer = getattr(client, resource.operation)(**request)
    except ClientError as error:
        raise service_error(error, client, optimised=resource.optimised) from error
    result = to_result(answer, model.output_shape)
    adjust = ADJUSTMENTS.get(resource.name) if resource.optimised else None
    return adjust(result) if adjust else result


def _function_result(result: dict[str, Any]) -> dict[str, Any]:
    """Return an invocation with its payload parsed. Raises StatesError named as the function's error."""
    payload = _parsed(result.get("Payload"))
    if result.get("FunctionError"):
        name = payload.get("errorType") if isinstance(payload, dict) else None
        raise StatesError(name or "Lambda.Unknown", json.dumps(payload))
    return {**result, "Payload": payload}


def _events_result(result: dict[str, Any]) -> dict[str, Any]:
    if result["FailedEntryCount"]:
        raise StatesError("EventBridge.FailedEntry", json.dumps(result))
    return result


def _parsed(text: Any) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


ADJUSTMENTS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "lambda:invoke": _function_result,
    "events:putEvents": _events_result,
    "bedrock:invokeModel": lambda result: {**result, "Body": _parsed(result["Body"])},
}
