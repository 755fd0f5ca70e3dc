"""The steps of a deployment, called by its state machine."""

from typing import Any

import msgspec

from slipway_runtime import settings
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.deploy.deployments import Deployments
from slipway_runtime.operate.deploy.outcome import Finisher, State
from slipway_runtime.operate.deploy.plan import Request
from slipway_runtime.operate.deploy.steps import Steps
from slipway_runtime.operate.observability import logger, observed


class Step(msgspec.Struct):
    """What the state machine says. `entered_at`: when it came to this step, the same for each try."""

    step: str
    execution: str
    entered_at: str
    state: dict[str, Any]


@observed
def handler(event: dict[str, Any], _context: Any) -> Any:
    """Do one step. Raises: EndpointBusyError, which is tried again until the other deployment has ended."""
    step = msgspec.convert(event, Step)
    logger.info("deployment", extra={"step": step.step, "execution": step.execution})
    steps = _steps(step.execution)
    if step.step == "check":
        return msgspec.to_builtins(steps.check(msgspec.convert(step.state, Request)))
    state = msgspec.convert(step.state, State)
    match step.step:
        case "start":
            return msgspec.to_builtins(steps.start(state))
        case "look":
            return msgspec.to_builtins(steps.look(state))
        case "finish":
            return steps.finish(state, step.entered_at)
        case _:
            raise ValueError(f"there is no step {step.step!r}")


def _steps(execution: str) -> Steps:
    sagemaker, cloudwatch = client("sagemaker"), client("cloudwatch")
    deployments = Deployments(
        client=client("dynamodb"), states=client("stepfunctions"), table=settings.required("DEPLOYMENTS_TABLE")
    )
    finisher = Finisher(
        sagemaker=sagemaker,
        cloudwatch=cloudwatch,
        autoscaling=client("application-autoscaling"),
        sns=client("sns"),
        deployments=deployments,
        audit_table=settings.required("AUDIT_TABLE"),
        topic=settings.required("TOPIC_ARN"),
    )
    return Steps(
        environment=settings.required("SLIPWAY_ENVIRONMENT"),
        execution=execution,
        ssm=client("ssm"),
        s3=client("s3"),
        sagemaker=sagemaker,
        cloudwatch=cloudwatch,
        deployments=deployments,
        finisher=finisher,
    )
