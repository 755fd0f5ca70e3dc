"""Watches a queue and its dead-letter queue.

Creates: alarms for the age of the oldest message and for any dead letter.   Grants: none.
Source: SQS developer guide, "Available CloudWatch metrics for Amazon SQS".
"""

from constructs import Construct

from slipway_constructs.monitoring import Metric, Monitor


class QueueMetricFactory:
    """Metrics of one queue, by its name."""

    def __init__(self, queue_name: str) -> None:
        self._dimensions = {"QueueName": queue_name}

    def age_of_oldest_message_in_seconds(self) -> Metric:
        """Return the age of the oldest message that is not deleted."""
        return self._metric("ApproximateAgeOfOldestMessage", "Maximum")

    def visible_messages(self) -> Metric:
        """Return the number of messages that wait."""
        return self._metric("ApproximateNumberOfMessagesVisible", "Maximum")

    def _metric(self, name: str, statistic: str) -> Metric:
        return Metric("AWS/SQS", name, self._dimensions, statistic)


class QueueMonitor(Monitor):
    """Alarms when work waits longer than `oldest_seconds`, and on the first dead letter."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        topic_arn: str,
        queue_name: str,
        dead_letter_queue_name: str,
        oldest_seconds: int,
    ) -> None:
        super().__init__(scope, construct_id, topic_arn=topic_arn)
        queue, dead_letters = QueueMetricFactory(queue_name), QueueMetricFactory(dead_letter_queue_name)
        age, failed = queue.age_of_oldest_message_in_seconds(), dead_letters.visible_messages()
        self.alarm(
            "OldestMessage",
            age,
            above=oldest_seconds,
            description=f"{construct_id}: messages wait longer than {oldest_seconds} s. See the consumer's errors.",
            runbook="queue-old",
        )
        self.alarm(
            "DeadLetters",
            failed,
            above=0,
            description=f"{construct_id}: messages failed every attempt. See the logs, then redrive them.",
            runbook="dead-letters",
        )
        self.graph(f"{construct_id}: waiting", queue.visible_messages())
        self.graph(f"{construct_id}: oldest message, seconds", age)
        self.graph(f"{construct_id}: dead letters", failed)
