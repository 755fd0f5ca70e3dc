"""Watches how long deleted documents wait to be erased from training sets.

Creates: an alarm for a wait of more than two days.   Grants: none.
Source: CloudWatch user guide, "Embedding metrics within logs".
"""

from constructs import Construct

from slipway_constructs.monitoring import Metric, Monitor

LONGEST_SECONDS = 48 * 3600


class ErasureMonitor(Monitor):
    """Alarms when a run finds a request that is older than 48 hours."""

    def __init__(self, scope: Construct, construct_id: str, *, topic_arn: str, environment: str) -> None:
        super().__init__(scope, construct_id, topic_arn=topic_arn)
        dimensions = {"service": "erase", "environment": environment}
        age = Metric("Slipway", "ErasureAgeSeconds", dimensions, "Maximum")
        self.alarm(
            "Late",
            age,
            above=LONGEST_SECONDS,
            description=f"{construct_id}: deleted documents wait for more than 48 h. See the log of the function erase "
            "for the shards in the way, mend them, then run `slipway erase`.",
            runbook="erasure",
        )
        self.graph(f"{construct_id}: oldest request, seconds", age)
        self.graph(f"{construct_id}: lines erased", Metric("Slipway", "LinesErased", dimensions, "Sum"))
