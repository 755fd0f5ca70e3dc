"""Task states: calls of AWS services through this cloud's own endpoint, callbacks, jobs and activities.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html
"""

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from botocore.utils import InvalidArnException

from slipway_local.state_machines.dataflow import checked
from slipway_local.state_machines.errors import TASK_FAILED, HaltedError, StatesError, runtime_error
from slipway_local.state_machines.flow import WHOLE, Visit
from slipway_local.state_machines.jobs import JobService, job_service
from slipway_local.state_machines.shapes import service_error, to_request, to_result

POLL_SECONDS = 0.2
SERVICE = re.compile(r"arn:aws[\w-]*:states:::([\w-]+):(?:([\w-]+):)?(\w+)(?:\.(sync:2|sync|waitForTaskToken))?")
FUNCTION = re.compile(r"arn:aws[\w-]*:lambda:[\w-]+:\d{12}:function:.+")
ACTIVITY = re.compile(r"arn:aws[\w-]*:states:[\w-]+:\d{12}:activity:.+")
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
    operation = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", action).lower()
    if service == "aws-sdk" and api:
        boto = SDK_NAMES[api.lower()] if api.lower() in SDK_NAMES else _boto_service(api)
        return Resource(f"{api}:{action}", boto, operation, pattern, optimised=False)
    if service not in OPTIMISED or action not in OPTIMISED[service][1] or api:
        known = ", ".join(sorted(OPTIMISED))
        raise runtime_error(f"The service integration {arn} is not emulated; emulated are aws-sdk and {known}")
    boto = "bedrock-runtime" if action == "invokeModel" else OPTIMISED[service][0]
    return Resource(f"{service}:{action}", boto, operation, pattern, optimised=True)


def _boto_service(api: str) -> str:
    """Return boto3's name of a service that AWS's SDK for Java writes without dashes (`bedrockruntime`)."""
    import botocore.session

    for name in botocore.session.get_session().get_available_services():
        if name.replace("-", "") == api.lower().replace("-", ""):
            return str(name)
    raise runtime_error(f"There is no service '{api}' for an aws-sdk integration")


def run_task(visit: Visit) -> Any:
    """Return the result of a Task state's work."""
    arn = visit.state["Resource"]
    seconds = visit.data.value(visit.state, "TimeoutSeconds")
    if FUNCTION.fullmatch(arn):
        return _function(visit, arn, seconds)
    if ACTIVITY.fullmatch(arn):
        return _activity(visit, arn, seconds)
    resource = resource_of(arn)
    job = _job_of(resource)
    token = visit.flow.execution.engine.tokens.create() if resource.pattern == "waitForTaskToken" else None
    if token:
        visit.data.context["Task"] = {"Token": token}
    given = visit.data.arguments()
    kind, _, action = resource.name.rpartition(":")
    names = {
        "resourceType": kind if resource.optimised else f"aws-sdk:{kind}",
        "resource": f"{action}.{resource.pattern}" if resource.pattern else action,
    }
    region = visit.flow.execution.engine.place.region
    heartbeat = visit.data.value(visit.state, "HeartbeatSeconds")
    visit.trail.add(
        "TaskScheduled", **names, region=region, parameters=json.dumps(given),
        timeoutInSeconds=seconds, heartbeatInSeconds=heartbeat,
    )  # fmt: skip
    visit.trail.add("TaskStarted", **names)

    def work() -> Any:
        deadline = None if seconds is None else time.monotonic() + seconds
        result = visit.flow.call(lambda: _call(visit, resource, given), seconds)
        if not resource.pattern:
            return result
        visit.trail.add("TaskSubmitted", **names, output=json.dumps(result), outputDetails=WHOLE)
        left = None if deadline is None else deadline - time.monotonic()
        if job:
            return _follow(visit, job, resource.pattern, {**given, **result}, deadline)
        return visit.flow.execution.engine.tokens.wait(token or "", visit.flow, left, heartbeat)

    try:
        return _reported(visit, "Task", work, names)
    finally:
        if token:
            visit.flow.execution.engine.tokens.forget(token)


def _job_of(resource: Resource) -> JobService | None:
    """Return who runs a resource's jobs, None if it has none. Raises StatesError for a `.sync` that is not emulated."""
    job = job_service(resource.name, resource.pattern)
    if job is None and resource.pattern.startswith("sync"):
        raise runtime_error(
            f"arn:aws:states:::{resource.name}.{resource.pattern} is not emulated: no service here runs its jobs; "
            "one that does is registered with slipway_local.state_machines.jobs.register"
        )
    return job


def _reported(visit: Visit, kind: str, work: Callable[[], Any], names: dict[str, Any]) -> Any:
    """Run a task's work and write how it ended into the history."""
    try:
        result = checked(work(), "The result of the task")
    except StatesError as error:
        timed_out = error.name in ("States.Timeout", "States.HeartbeatTimeout")
        what = f"{kind}TimedOut" if timed_out else f"{kind}Failed"
        visit.trail.add(what, **names, error=error.name, cause=error.cause or None)
        raise
    visit.trail.add(f"{kind}Succeeded", **names, output=json.dumps(result), outputDetails=WHOLE)
    return result


def _client(visit: Visit, service: str) -> Any:
    credentials = visit.data.render(visit.state.get("Credentials", {}), "Credentials")
    return visit.flow.execution.client(service, credentials.get("RoleArn"))


def _model(client: Any, operation: str) -> Any:
    return client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation])


def _call(visit: Visit, resource: Resource, given: Any) -> Any:
    """Call a service and return its answer as the integration documents it."""
    client = _client(visit, resource.service)
    if resource.operation not in client.meta.method_to_api_mapping:
        raise runtime_error(f"The service {resource.service} has no operation {resource.operation}")
    model = _model(client, resource.operation)
    where = f"arn:aws:states:::{resource.name}"
    request = to_request(given, model.input_shape, where) if model.input_shape else {}
    if resource.service == "stepfunctions" and resource.operation == "start_execution":
        request.setdefault("input", "{}")
    try:
        answer = getattr(client, resource.operation)(**request)
    except ClientError as error:
        raise service_error(error, client, optimised=resource.optimised) from error
    except InvalidArnException as error:
        raise runtime_error(str(error)) from error
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


def _follow(visit: Visit, job: JobService, pattern: str, known: dict[str, Any], deadline: float | None) -> Any:
    """Poll a job until it ends. Stops it if the state times out or is stopped. Raises StatesError if it failed."""
    client = _client(visit, job.service)
    try:
        while True:
            described = getattr(client, job.describe)(**job.identity(known))
            state = job.state_of(described)
            if state != "running":
                break
            if deadline is not None and time.monotonic() >= deadline:
                raise StatesError("States.Timeout")
            visit.flow.sleep(POLL_SECONDS)
    except (StatesError, HaltedError):
        if job.stop:
            getattr(client, job.stop)(**job.identity(known, of_stop=True))
        raise
    except ClientError as error:
        raise service_error(error, client, optimised=True) from error
    result = job.result(to_result(described, _model(client, job.describe).output_shape), pattern)
    if state == "failed":
        raise StatesError(TASK_FAILED, json.dumps(result))
    return result


def _function(visit: Visit, arn: str, seconds: float | None) -> Any:
    """Invoke a function that the state names by its ARN: the payload alone is given and returned."""
    given = visit.data.arguments()
    visit.trail.add(
        "LambdaFunctionScheduled",
        resource=arn,
        input=json.dumps(given),
        inputDetails=WHOLE,
        timeoutInSeconds=seconds,
    )
    visit.trail.add("LambdaFunctionStarted")
    invoke = Resource("lambda:invoke", "lambda", "invoke", "", optimised=True)
    arguments = {"FunctionName": arn, "Payload": given}
    return _reported(
        visit,
        "LambdaFunction",
        lambda: visit.flow.call(lambda: _call(visit, invoke, arguments), seconds)["Payload"],
        {},
    )


def _activity(visit: Visit, arn: str, seconds: float | None) -> Any:
    """Wait until a worker of the activity has done the work."""
    tokens = visit.flow.execution.engine.tokens
    heartbeat = visit.data.value(visit.state, "HeartbeatSeconds")
    given, token = json.dumps(visit.data.arguments()), tokens.create()
    visit.trail.add(
        "ActivityScheduled",
        resource=arn,
        input=given,
        inputDetails=WHOLE,
        timeoutInSeconds=seconds,
        heartbeatInSeconds=heartbeat,
    )
    tokens.offer(arn, token, given)
    try:
        return _reported(visit, "Activity", lambda: tokens.wait(token, visit.flow, seconds, heartbeat), {})
    finally:
        tokens.forget(token)
