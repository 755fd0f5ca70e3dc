"""Task states: calls, callbacks, jobs, activities, and what of them the history tells.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html
"""

import json
import re
import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from slipway_local.state_machines.dataflow import checked
from slipway_local.state_machines.errors import TASK_FAILED, HaltedError, StatesError, runtime_error
from slipway_local.state_machines.flow import WHOLE, Visit
from slipway_local.state_machines.integrations import Resource, call, client_of, model_of, resource_of
from slipway_local.state_machines.jobs import JobService, job_service
from slipway_local.state_machines.shapes import service_error, to_result

POLL_SECONDS = 0.2
FUNCTION = re.compile(r"arn:aws[\w-]*:lambda:[\w-]+:\d{12}:function:.+")
ACTIVITY = re.compile(r"arn:aws[\w-]*:states:[\w-]+:\d{12}:activity:.+")


def run_task(visit: Visit) -> Any:
    """Return the result of a Task state's work."""
    arn = visit.state["Resource"]
    seconds = visit.data.value(visit.state, "TimeoutSeconds")
    if FUNCTION.fullmatch(arn):
        return _function(visit, arn, seconds)
    if ACTIVITY.fullmatch(arn):
        return _activity(visit, arn, seconds)
    return _integration(visit, resource_of(arn), seconds)


def _integration(visit: Visit, resource: Resource, seconds: float | None) -> Any:
    """Call a service, and wait for the job or the callback that the pattern asks for."""
    job = _job_of(resource)
    kept, tokens = visit.flow.progress.children, visit.flow.execution.engine.tokens
    if resource.pattern == "waitForTaskToken":
        visit.data.context["Task"] = {"Token": tokens.create(kept)}
    given, names = visit.data.arguments(), _names(resource)
    heartbeat = visit.data.value(visit.state, "HeartbeatSeconds")
    if "submitted" not in kept:  # else the local cloud was started again while the state waits
        visit.trail.add(
            "TaskScheduled", **names, region=visit.flow.execution.engine.place.region, parameters=json.dumps(given),
            timeoutInSeconds=seconds, heartbeatInSeconds=heartbeat,
        )  # fmt: skip
        visit.trail.add("TaskStarted", **names)

    def work() -> Any:
        if "submitted" not in kept:
            deadline = None if seconds is None else time.time() + seconds
            unwanted = (lambda result: _stop(visit, job, {**given, **result})) if job else None
            result = visit.flow.call(lambda: call(visit, resource, given), seconds, unwanted)
            if not resource.pattern:
                return result
            kept["submitted"] = result, deadline
            visit.trail.add("TaskSubmitted", **names, output=json.dumps(result), outputDetails=WHOLE)
        result, deadline = kept["submitted"]
        if job:
            return _follow(visit, job, resource.pattern, {**given, **result}, deadline)
        return tokens.wait(kept["token"], visit.flow, deadline, heartbeat)

    try:
        return _reported(visit, "Task", work, names)
    finally:
        kept.pop("submitted", None)
        tokens.forget(kept)


def _names(resource: Resource) -> dict[str, str]:
    """Return what the history's events call a resource."""
    kind, _, action = resource.name.rpartition(":")
    return {
        "resourceType": kind if resource.optimised else f"aws-sdk:{kind}",
        "resource": f"{action}.{resource.pattern}" if resource.pattern else action,
    }


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


def _follow(visit: Visit, job: JobService, pattern: str, known: dict[str, Any], deadline: float | None) -> Any:
    """Poll a job until it ends. Stops it if the state times out or is stopped. Raises StatesError if it failed."""
    client = client_of(visit, job.service)
    try:
        while True:
            described = getattr(client, job.describe)(**job.identity(known))
            state = job.state_of(described)
            if state != "running":
                break
            if deadline is not None and time.time() >= deadline:
                raise StatesError("States.Timeout")
            visit.flow.sleep(POLL_SECONDS)
    except (StatesError, HaltedError):
        _stop(visit, job, known)
        raise
    except ClientError as error:
        raise service_error(error, client, optimised=True) from error
    result = job.result(to_result(described, model_of(client, job.describe).output_shape), pattern)
    if state == "failed":
        raise StatesError(TASK_FAILED, json.dumps(result))
    return result


def _stop(visit: Visit, job: JobService, known: dict[str, Any]) -> None:
    if job.stop:
        getattr(client_of(visit, job.service), job.stop)(**job.identity(known, of_stop=True))


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
        lambda: visit.flow.call(lambda: call(visit, invoke, arguments), seconds)["Payload"],
        {},
    )


def _activity(visit: Visit, arn: str, seconds: float | None) -> Any:
    """Wait until a worker of the activity has done the work."""
    kept, tokens = visit.flow.progress.children, visit.flow.execution.engine.tokens
    heartbeat = visit.data.value(visit.state, "HeartbeatSeconds")
    given, token = json.dumps(visit.data.arguments()), tokens.create(kept)
    deadline = kept.setdefault("deadline", None if seconds is None else time.time() + seconds)
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
        return _reported(visit, "Activity", lambda: tokens.wait(token, visit.flow, deadline, heartbeat), {})
    finally:
        del kept["deadline"]
        tokens.forget(kept)
