"""What watches the gateway: its API, the functions behind, and their meters."""

import aws_cdk as cdk

from slipway_constructs.api_monitor import ApiMonitor
from slipway_constructs.count_monitor import CountMonitor
from slipway_constructs.function_monitor import FunctionMonitor
from slipway_constructs.meter_monitor import MeterMonitor
from slipway_constructs.monitoring import Metric, Monitor
from slipway_constructs.open_ai_api import STAGE
from stacks.gateway_parts import parts
from stacks.slipway_stack import SlipwayStack

SLOW = cdk.Duration.seconds(20)
API_TIMEOUT = cdk.Duration.seconds(29)  # API Gateway waits no longer by default


def api_name(environment: str) -> str:
    """Return the API's name, by which CloudWatch knows its metrics."""
    return f"slipway-{environment}"


def monitors(stack: SlipwayStack, topic_arn: str) -> list[Monitor]:
    """Watch the API and the functions behind it."""
    environment = stack.environment_name
    # API Gateway answers 401 only to an exception, so Lambda counts every wrong key as an error. The runtime counts
    # what it did not expect; an authorizer that does not even start shows in the API's own 5xx.
    refusals_apart = Metric(
        "Slipway", "AuthorizerFailures", {"service": "authorize", "environment": environment}, "Sum"
    )
    names = ["chat", "authorize", *(part.name for part in parts(stack.settings))]
    counted: list[Monitor] = []
    if stack.settings.metering.enabled:
        counted.append(MeterMonitor(stack, "Meters", topic_arn=topic_arn, service="chat", environment=environment))
    if stack.settings.guardrails.enabled:
        counted.append(_guard(stack, topic_arn))
    return [
        ApiMonitor(stack, "Api", topic_arn=topic_arn, api_name=api_name(environment), stage=STAGE, slow=SLOW),
        *(
            FunctionMonitor(
                stack,
                name.capitalize(),
                topic_arn=topic_arn,
                function_name=stack.look_up("gateway", f"{name}-function-name"),
                timeout=cdk.Duration.seconds(stack.settings.gateway.timeout_seconds) if name == "chat" else API_TIMEOUT,
                failures=refusals_apart if name == "authorize" else None,
            )
            for name in names
        ),
        *counted,
    ]


def _guard(stack: SlipwayStack, topic_arn: str) -> Monitor:
    return CountMonitor(
        stack,
        "Guard",
        topic_arn=topic_arn,
        metric="GuardrailFailures",
        service="chat",
        environment=stack.environment_name,
        description="the guard could not check a text, or goes on with an older policy. The log of the function chat "
        "says what failed",
        runbook="guard",
    )
