"""How functions follow the stream of the prompts table.

A shard of a stream takes two readers at once without throttling: what judges experiments, and the mirror; no third.
Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk import aws_lambda as lambda_

from slipway_constructs.permissions import allow

if TYPE_CHECKING:
    from aws_cdk import aws_sqs as sqs

    from slipway_constructs.python_function import PythonFunction
    from stacks.slipway_stack import SlipwayStack

WINDOW_SECONDS = 5  # the longest that a change waits; a batch looks at each experiment or prompt once
RETRIES = 8
STREAM_ACTIONS = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator")
STREAMS_REASON = "Lambda lists the streams of a table before it reads one; DynamoDB takes no resource for the action."


@dataclass(frozen=True, kw_only=True)
class Changes:
    """Which changes a function is told of: those of rows whose sort keys begin so, `batch` of them at most."""

    items: Sequence[str]
    batch: int

    def pattern(self) -> str:
        """Return the filter of the event source mapping."""
        begins = [{"prefix": item} for item in self.items]
        return json.dumps({"eventName": ["INSERT", "MODIFY"], "dynamodb": {"Keys": {"item": {"S": begins}}}})


def follow(
    stack: SlipwayStack, construct_id: str, function: PythonFunction, changes: Changes, *, left: sqs.Queue
) -> None:
    """Let a function follow the stream; what fails every attempt goes to `left`."""
    stream = stack.look_up("foundation", "prompts-stream-arn")
    allow(function.role, STREAM_ACTIONS, [stream])
    allow(function.role, ["dynamodb:ListStreams"], ["*"], wildcard_reason=STREAMS_REASON)
    allow(function.role, ["sqs:SendMessage"], [left.queue_arn])
    pattern = lambda_.CfnEventSourceMapping.FilterProperty(pattern=changes.pattern())
    destination = lambda_.CfnEventSourceMapping.OnFailureProperty(destination=left.queue_arn)
    mapping = lambda_.CfnEventSourceMapping(
        stack,
        construct_id,
        function_name=function.function.function_name,
        event_source_arn=stream,
        starting_position="TRIM_HORIZON",
        batch_size=changes.batch,
        maximum_batching_window_in_seconds=WINDOW_SECONDS,
        maximum_retry_attempts=RETRIES,
        bisect_batch_on_function_error=True,
        filter_criteria=lambda_.CfnEventSourceMapping.FilterCriteriaProperty(filters=[pattern]),
        destination_config=lambda_.CfnEventSourceMapping.DestinationConfigProperty(on_failure=destination),
    )
    # Lambda checks the role when it makes the mapping, so the policy must be there first.
    mapping.node.add_dependency(function.role.node.find_child("DefaultPolicy"))
