"""Watches the removal of near-duplicates.

Creates: an alarm for documents that wait for a person.   Grants: none.
"""

from constructs import Construct

from slipway_constructs.monitoring import Metric, Monitor


class DuplicatesMetricFactory:
    """Metrics that the ingestion function counts, by the name of its service and of the environment."""

    def __init__(self, service: str, environment: str) -> None:
        self._dimensions = {"service": service, "environment": environment}

    def documents_left_out(self) -> Metric:
        """Return the number of documents left out as duplicates."""
        return self._metric("DocumentsDuplicate")

    def documents_held(self) -> Metric:
        """Return the number of duplicates that were kept, because their source has lost too much already."""
        return self._metric("DuplicatesHeld")

    def _metric(self, name: str) -> Metric:
        return Metric("Slipway", name, self._dimensions, "Sum")


class DuplicatesMonitor(Monitor):
    """Alarms when a source has lost so many documents to duplicates that a person has to look."""

    def __init__(self, scope: Construct, construct_id: str, *, topic_arn: str, service: str, environment: str) -> None:
        super().__init__(scope, construct_id, topic_arn=topic_arn)
        metrics = DuplicatesMetricFactory(service, environment)
        self.alarm(
            "Held",
            metrics.documents_held(),
            above=0,
            description=f"{construct_id}: a source loses more documents than it may unasked, and keeps them. Run "
            f"`slipway duplicates --env {environment} --aws`.",
            runbook="duplicates",
        )
        self.graph(f"{construct_id}: left out", metrics.documents_left_out())
        self.graph(f"{construct_id}: held", metrics.documents_held())
