"""Watches a Kendra index.

Creates: an alarm for documents that Kendra could not index.   Grants: none.
Source: Amazon Kendra developer guide, "Monitoring Amazon Kendra with Amazon CloudWatch".
"""

from constructs import Construct

from slipway_constructs.monitoring import Metric, Monitor


class KendraMetricFactory:
    """Metrics of one index."""

    def __init__(self, index_id: str) -> None:
        self._dimensions = {"IndexId": index_id}

    def failed_documents(self) -> Metric:
        """Return the number of documents that could not be indexed."""
        return Metric("AWS/Kendra", "DocumentsFailedToIndex", self._dimensions, "Sum")

    def indexed_documents(self) -> Metric:
        """Return the number of documents that were indexed."""
        return Metric("AWS/Kendra", "DocumentsIndexed", self._dimensions, "Sum")

    def queries(self) -> Metric:
        """Return the number of queries."""
        return Metric("AWS/Kendra", "IndexQueryCount", self._dimensions, "Sum")


class KendraMonitor(Monitor):
    """An alarm when documents could not be indexed."""

    def __init__(self, scope: Construct, construct_id: str, *, topic_arn: str, index_id: str) -> None:
        super().__init__(scope, construct_id, topic_arn=topic_arn)
        metrics = KendraMetricFactory(index_id)
        self.alarm(
            "FailedDocuments",
            metrics.failed_documents(),
            above=0,
            description=f"{construct_id}: Kendra could not index documents. The index's log says which and why.",
            runbook="kendra",
        )
        self.graph(f"{construct_id}: chunks indexed", metrics.indexed_documents())
        self.graph(f"{construct_id}: queries", metrics.queries())
