"""Alarms of fine-tuning: on the runs, the functions around them, the notices of failures, and tracking."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk

from slipway_constructs.function_monitor import FunctionMonitor
from slipway_constructs.queue_monitor import QueueMonitor
from slipway_constructs.rule_monitor import RuleMonitor
from slipway_constructs.state_machine_monitor import StateMachineMonitor
from stacks import training_tracking
from stacks.names import part_of_arn

if TYPE_CHECKING:
    from slipway_constructs.monitoring import Monitor
    from stacks.slipway_stack import SlipwayStack

SHORT = cdk.Duration.minutes(1)
NOTICE_SECONDS = 900


def monitors(stack: SlipwayStack, topic_arn: str) -> list[Monitor]:
    """Watch the runs, the functions around them, and the notices of failures."""
    return [
        StateMachineMonitor(
            stack, "Training", topic_arn=topic_arn, state_machine_arn=stack.look_up("training", "state-machine-arn")
        ),
        FunctionMonitor(
            stack,
            "TrainingApprovals",
            topic_arn=topic_arn,
            function_name=stack.look_up("training", "approvals-function-name"),
            timeout=SHORT,
        ),
        RuleMonitor(
            stack, "TrainingFailures", topic_arn=topic_arn, rule_name=stack.look_up("training", "failures-rule-name")
        ),
        QueueMonitor(
            stack,
            "TrainingNotices",
            topic_arn=topic_arn,
            queue_name=part_of_arn(stack.look_up("training", "notices-queue-arn"), 5),
            dead_letter_queue_name=part_of_arn(stack.look_up("training", "notices-dead-letter-queue-arn"), 5),
            oldest_seconds=NOTICE_SECONDS,
        ),
        *training_tracking.monitors(stack, topic_arn),
    ]
