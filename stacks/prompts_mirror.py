"""The mirror of prompts in Bedrock Prompt Management: the function that keeps it, and what watches it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk

from slipway_constructs.count_monitor import CountMonitor
from slipway_constructs.function_monitor import FunctionMonitor
from slipway_constructs.permissions import allow
from slipway_constructs.python_function import PythonFunction
from stacks.prompts_access import MIRROR_ACTIONS, allow_prompts, prompt_variables
from stacks.prompts_stream import Changes, follow

if TYPE_CHECKING:
    from aws_cdk import aws_sqs as sqs

    from slipway_constructs.monitoring import Monitor
    from stacks.slipway_stack import SlipwayStack

MODULE = "prompt_mirror"
TIMEOUT = cdk.Duration.minutes(5)
# A label that moves brings what is not there yet, such as versions older than the mirror.
CHANGES = Changes(items=("version#", "label#"), batch=25)
CREATE_REASON = "bedrock:CreatePrompt names no resource: the service gives a prompt its id when it makes it."
PROMPTS_REASON = (
    "Bedrock gives prompts their ids, so that no ARN is known here; the function touches prompts alone, by the ids "
    "that it keeps in its table."
)


def add_mirror(stack: SlipwayStack, left: sqs.Queue) -> PythonFunction:
    """Make the function that follows new versions and labels, and let it keep prompts in Bedrock."""
    key = stack.key()
    function = PythonFunction(
        stack,
        "Mirror",
        module=MODULE,
        description="Brings versions of prompts to Bedrock Prompt Management",
        defaults=stack.function_defaults("api"),
        timeout=TIMEOUT,
        memory=cdk.Size.mebibytes(512),
        variables={**prompt_variables(stack), **({"PROMPTS_KEY_ARN": key.key_arn} if key else {})},
    )
    allow_prompts(stack, function.role, embedding=False)
    create, *others = MIRROR_ACTIONS
    allow(function.role, [create], ["*"], wildcard_reason=CREATE_REASON)
    prompts = stack.format_arn(service="bedrock", resource="prompt", resource_name="*")
    allow(function.role, others, [prompts], wildcard_reason=PROMPTS_REASON)
    follow(stack, "NewVersions", function, CHANGES, left=left)
    return function


def monitors(stack: SlipwayStack, topic_arn: str) -> list[Monitor]:
    """Watch the function, and versions that Bedrock does not take."""
    name = stack.look_up("prompts", "mirror-function-name")
    return [
        FunctionMonitor(stack, "PromptMirror", topic_arn=topic_arn, function_name=name, timeout=TIMEOUT),
        CountMonitor(
            stack,
            "PromptsNotMirrored",
            topic_arn=topic_arn,
            metric="PromptsNotMirrored",
            service=MODULE,
            environment=stack.environment_name,
            description="a version of a prompt is not in Bedrock. `slipway prompts show NAME` says why; the gateway "
            "serves it all the same",
            runbook="prompt-mirror",
        ),
    ]
