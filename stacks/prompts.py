"""Prompts: what judges experiments and takes harmful versions back, and the mirror in Bedrock."""

import aws_cdk as cdk
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from slipway_constructs.acknowledgement import acknowledge
from slipway_constructs.dead_letter_monitor import DeadLetterMonitor
from slipway_constructs.function_monitor import FunctionMonitor
from slipway_constructs.monitoring import Monitor
from slipway_constructs.python_function import PythonFunction
from stacks import prompts_mirror
from stacks.prompts_access import allow_prompts, prompt_variables
from stacks.prompts_stream import Changes, follow
from stacks.settings import Settings
from stacks.slipway_stack import SlipwayStack

TIMEOUT = cdk.Duration.minutes(1)
COUNTERS = Changes(items=("count#",), batch=100)
LEFT_REASON = "This queue is itself where records go that failed every attempt; an alarm tells of the first."


class PromptsStack(SlipwayStack):
    """Functions that follow the table's stream: one judges experiments, one keeps the mirror in Bedrock."""

    def __init__(self, scope: Construct, *, name: str, settings: Settings) -> None:
        super().__init__(scope, "prompts", name=name, settings=settings)
        function, left = self._function(), self._left()
        follow(self, "Counters", function, COUNTERS, left=left)
        published = {"function-name": function.function.function_name, "left-queue-name": left.queue_name}
        if settings.prompts.mirror:
            mirror = prompts_mirror.add_mirror(self, left)
            published["mirror-function-name"] = mirror.function.function_name
        self.publish(published)

    def _function(self) -> PythonFunction:
        function = PythonFunction(
            self,
            "Experiments",
            module="prompt_experiments",
            description="Judges experiments with prompts, and takes harmful versions back",
            defaults=self.function_defaults("api"),
            timeout=TIMEOUT,
            memory=cdk.Size.mebibytes(512),
            variables=prompt_variables(self),
        )
        allow_prompts(self, function.role, embedding=False)
        return function

    def _left(self) -> sqs.Queue:
        key = self.key()
        left = sqs.Queue(
            self,
            "Left",
            enforce_ssl=True,
            encryption=sqs.QueueEncryption.KMS if key else sqs.QueueEncryption.SQS_MANAGED,
            encryption_master_key=key,
            retention_period=cdk.Duration.days(14),
        )
        acknowledge(left, "AwsSolutions-SQS3", LEFT_REASON)
        return left


def monitors(stack: SlipwayStack, topic_arn: str) -> list[Monitor]:
    """Watch the functions, and records that they could not work on."""
    function, left = (stack.look_up("prompts", name) for name in ("function-name", "left-queue-name"))
    return [
        FunctionMonitor(stack, "PromptExperiments", topic_arn=topic_arn, function_name=function, timeout=TIMEOUT),
        DeadLetterMonitor(stack, "PromptsLeft", topic_arn=topic_arn, queue_name=left),
        *(prompts_mirror.monitors(stack, topic_arn) if stack.settings.prompts.mirror else ()),
    ]
