"""Watches a collection of OpenSearch Serverless.

Creates: alarms for failing requests and refused documents.   Grants: none.
Source: OpenSearch Service developer guide, "Monitoring OpenSearch Serverless with Amazon CloudWatch".
"""

from constructs import Construct

from slipway_constructs.monitoring import Metric, Monitor


class OpenSearchMetricFactory:
    """Metrics of one collection, and the compute units of its account."""

    def __init__(self, account: str, collection_id: str, collection_name: str) -> None:
        self._account = {"ClientId": account}
        self._dimensions = {
            "ClientId": account, "CollectionId": collection_id, "CollectionName": collection_name
        }  # fmt: skip

    def server_errors(self) -> Metric:
        """Return the number of requests that failed on the service's side."""
        return self._metric("5xx", "Sum")

    def document_errors(self) -> Metric:
        """Return the number of documents that the index did not take."""
        return self._metric("IngestionDocumentErrors", "Sum")

    def search_latency_in_milliseconds(self) -> Metric:
        """Return how long searches took."""
        return self._metric("SearchRequestLatency", "Average")

    def documents(self) -> Metric:
        """Return the number of documents that searches see."""
        return self._metric("SearchableDocuments", "Maximum")

    def capacity_in_ocu(self, side: str) -> Metric:
        """Return the compute units in use by the account for `Search` or `Indexing`, of the classic generation."""
        return Metric("AWS/AOSS", f"{side}OCU", self._account, "Maximum")

    def _metric(self, name: str, statistic: str) -> Metric:
        return Metric("AWS/AOSS", name, self._dimensions, statistic)


class OpenSearchMonitor(Monitor):
    """Alarms when requests fail on the service's side, and when documents are refused."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        topic_arn: str,
        collection_id: str,
        collection_name: str,
        account: str,
    ) -> None:
        super().__init__(scope, construct_id, topic_arn=topic_arn)
        metrics = OpenSearchMetricFactory(account, collection_id, collection_name)
        self.alarm(
            "ServerErrors",
            metrics.server_errors(),
            above=5,
            periods=2,
            description=f"{construct_id}: requests fail for ten minutes. Look at the service's health dashboard.",
            runbook="opensearch",
        )
        self.alarm(
            "DocumentErrors",
            metrics.document_errors(),
            above=0,
            description=f"{construct_id}: the index refused documents. The ingest function's log says why.",
            runbook="opensearch",
        )
        self.graph(f"{construct_id}: search latency, milliseconds", metrics.search_latency_in_milliseconds())
        self.graph(f"{construct_id}: chunks that searches see", metrics.documents())
        self.graph(
            f"{construct_id}: compute units of the account",
            metrics.capacity_in_ocu("Search"),
            metrics.capacity_in_ocu("Indexing"),
        )
