"""Prompts: what judges experiments when their counters change, and takes harmful versions back."""

import json

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from slipway_constructs.acknowledgement import acknowledge
from slipway_constructs.dead_letter_monitor import DeadLetterMonitor
from slipway_constructs.function_monitor import FunctionMonitor
from slipway_constructs.monitoring import Monitor
from slipway_constructs.permissions import allow
from slipway_constructs.python_function import PythonFunction
from stacks.prompts_access import allow_prompts, prompt_variables
from stacks.settings import Settings
from stacks.slipway_stack import SlipwayStack

TIMEOUT = cdk.Duration.minutes(1)
BATCH = 100
WINDOW_SECONDS = 5  # the longest that evidence waits; a batch judges each experiment once
RETRIES = 8
STREAM_ACTIONS = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator")
COUNTERS = {"eventName": ["INSERT", "MODIFY"], "dynamodb": {"Keys": {"item": {"S": [{"prefix": "count#"}]}}}}
STREAMS_REASON = "Lambda lists the streams of a table before it reads one; DynamoDB takes no resource for the action."
LEFT_REASON = "This queue is itself where records go that failed every attempt; an alarm tells of the first."


class PromptsStack(SlipwayStack):
    """A function that reads the counters' changes from the table's stream."""

    def __init__(self, scope: Construct, *, name: str, settings: Settings) -> None:
        super().__init__(scope, "prompts", name=name, settings=settings)
        function, left = self._function(), self._left()
        self._follow(function, left)
        self.publish({"function-name": function.function.function_name, "left-queue-name": left.queue_name})

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

    def _follow(self, function: PythonFunction, left: sqs.Queue) -> None:
        stream = self.look_up("foundation", "prompts-stream-arn")
        allow(function.role, STREAM_ACTIONS, [stream])
        allow(function.role, ["dynamodb:ListStreams"], ["*"], wildcard_reason=STREAMS_REASON)
        allow(function.role, ["sqs:SendMessage"], [left.queue_arn])
        pattern = lambda_.CfnEventSourceMapping.FilterProperty(pattern=json.dumps(COUNTERS))
        destination = lambda_.CfnEventSourceMapping.OnFailureProperty(destination=left.queue_arn)
        mapping = lambda_.CfnEventSourceMapping(
            self,
            "Counters",
            function_name=function.function.function_name,
            event_source_arn=stream,
            starting_position="TRIM_HORIZON",
            batch_size=BATCH,
            maximum_batching_window_in_seconds=WINDOW_SECONDS,
            maximum_retry_attempts=RETRIES,
            bisect_batch_on_function_error=True,
            filter_criteria=lambda_.CfnEventSourceMapping.FilterCriteriaProperty(filters=[pattern]),
            destination_config=lambda_.CfnEventSourceMapping.DestinationConfigProperty(on_failure=destination),
        )
        # Lambda checks the role when it makes the mapping, so the policy must be there first.
        mapping.node.add_dependency(function.role.node.find_child("DefaultPolicy"))


def monitors(stack: SlipwayStack, topic_arn: str) -> list[Monitor]:
    """Watch the function, and records that it could not work on."""
    function, left = (stack.look_up("prompts", name) for name in ("function-name", "left-queue-name"))
    return [
        FunctionMonitor(stack, "PromptExperiments", topic_arn=topic_arn, function_name=function, timeout=TIMEOUT),
        DeadLetterMonitor(stack, "PromptsLeft", topic_arn=topic_arn, queue_name=left),
    ]
