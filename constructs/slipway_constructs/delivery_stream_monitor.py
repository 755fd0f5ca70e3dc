"""Watches a Firehose stream that delivers to S3.

Creates: an alarm for the age of the oldest record that is not delivered.   Grants: none.
Source: Amazon Data Firehose developer guide, "Monitoring with CloudWatch metrics".
"""

from constructs import Construct

from slipway_constructs.monitoring import Metric, Monitor


class DeliveryStreamMonitor(Monitor):
    """Alarms when records wait longer than `oldest_seconds`; Firehose gives them up after a day."""

    def __init__(
        self, scope: Construct, construct_id: str, *, topic_arn: str, stream_name: str, oldest_seconds: int
    ) -> None:
        super().__init__(scope, construct_id, topic_arn=topic_arn)
        dimensions = {"DeliveryStreamName": stream_name}
        age = Metric("AWS/Firehose", "DeliveryToS3.DataFreshness", dimensions, "Maximum")
        self.alarm(
            "OldestRecord",
            age,
            above=oldest_seconds,
            description=f"{construct_id}: records are not delivered. See the stream's error log, and the bucket's key.",
            runbook="stream",
        )
        self.graph(f"{construct_id}: records", Metric("AWS/Firehose", "IncomingRecords", dimensions, "Sum"))
        self.graph(f"{construct_id}: oldest record, seconds", age)
