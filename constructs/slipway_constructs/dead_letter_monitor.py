"""Watches a queue that holds what failed every attempt, where what came before it is no queue.

Creates: an alarm for any message.   Grants: none.
Source: SQS developer guide, "Available CloudWatch metrics for Amazon SQS".
"""

from constructs import Construct

from slipway_constructs.monitoring import Monitor
from slipway_constructs.queue_monitor import QueueMetricFactory


class DeadLetterMonitor(Monitor):
    """Alarms on the first message of `queue_name`."""

    def __init__(self, scope: Construct, construct_id: str, *, topic_arn: str, queue_name: str) -> None:
        super().__init__(scope, construct_id, topic_arn=topic_arn)
        failed = QueueMetricFactory(queue_name).visible_messages()
        self.alarm(
            "DeadLetters",
            failed,
            above=0,
            description=f"{construct_id}: records failed every attempt. See the logs.",
            runbook="dead-letters",
        )
        self.graph(f"{construct_id}: dead letters", failed)
