"""Ingestion jobs: Bedrock reads what has changed in the data source, one job at a time.

Source: Amazon Bedrock API reference, "StartIngestionJob" (ConflictException while a job runs; one call in ten seconds).
"""

from dataclasses import dataclass
from typing import Any

from slipway_runtime.operate.retry import error_code

RUNNING = frozenset(("STARTING", "IN_PROGRESS", "STOPPING"))
LATER = frozenset(("ConflictException", "ThrottlingException", "ServiceQuotaExceededException"))


class IngestionBusy(Exception):  # noqa: N818 - says what is the case
    """A job is running, or was started a moment ago; what came since needs another one, later."""


@dataclass(frozen=True, kw_only=True)
class Ingestion:
    """The jobs of one data source."""

    client: Any
    knowledge_base_id: str
    data_source_id: str

    def start(self) -> str:
        """Start a job and return its id. Raises: IngestionBusy where Bedrock takes none now."""
        named = {"knowledgeBaseId": self.knowledge_base_id, "dataSourceId": self.data_source_id}
        newest = {"attribute": "STARTED_AT", "order": "DESCENDING"}
        jobs = self.client.list_ingestion_jobs(**named, sortBy=newest, maxResults=1)["ingestionJobSummaries"]
        if jobs and jobs[0]["status"] in RUNNING:
            raise IngestionBusy(f"ingestion job {jobs[0]['ingestionJobId']} is {jobs[0]['status']}")
        try:
            job: str = self.client.start_ingestion_job(**named)["ingestionJob"]["ingestionJobId"]
        except self.client.exceptions.ClientError as error:
            if error_code(error) in LATER:
                raise IngestionBusy(f"Bedrock takes no ingestion job now: {error_code(error)}") from error
            raise
        return job
