"""Watches what a function counts that should never happen.

Creates: an alarm for any count.   Grants: none.
Source: CloudWatch user guide, "Embedding metrics within logs".
"""

from constructs import Construct

from slipway_constructs.monitoring import Metric, Monitor


class CountMonitor(Monitor):
    """Alarms on the first of `metric`, as the function `service` counts it.

    `description` says what happened, and `runbook` what to do.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        topic_arn: str,
        metric: str,
        service: str,
        environment: str,
        description: str,
        runbook: str,
    ) -> None:
        super().__init__(scope, construct_id, topic_arn=topic_arn)
        counted = Metric("Slipway", metric, {"service": service, "environment": environment}, "Sum")
        self.alarm("Counted", counted, above=0, description=f"{construct_id}: {description}", runbook=runbook)
        self.graph(construct_id, counted)
