"""What is stored: knowledge bases, data sources, their ingestion jobs, and what the last job read."""

from __future__ import annotations

import secrets
import string
import time
from dataclasses import dataclass, field

from ...aws_json import JsonObject


@dataclass(frozen=True)
class Passage:
    """A piece of a document. `etag` is that of the text and its metadata."""

    uri: str
    etag: str
    number: int
    text: str
    metadata: JsonObject


@dataclass
class Job:
    """One ingestion job."""

    id: str
    description: str = ""
    status: str = "STARTING"
    statistics: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    started: float = field(default_factory=time.time)
    updated: float = field(default_factory=time.time)

    @property
    def running(self) -> bool:
        """Return whether another one has to wait."""
        return self.status in ("STARTING", "IN_PROGRESS")


@dataclass
class Source:
    """One data source, as it was asked for in `request`."""

    id: str
    knowledge_base: str
    request: JsonObject
    created: float = field(default_factory=time.time)
    jobs: dict[str, Job] = field(default_factory=dict)
    passages: dict[str, list[Passage]] = field(default_factory=dict)

    def shown(self) -> JsonObject:
        """Return it as GetDataSource does."""
        wanted = ("name", "description", "dataSourceConfiguration", "serverSideEncryptionConfiguration")
        kept = {name: self.request[name] for name in wanted if name in self.request}
        more = {"vectorIngestionConfiguration": self.request.get("vectorIngestionConfiguration", {})}
        return {
            **kept,
            **(more if more["vectorIngestionConfiguration"] else {}),
            "knowledgeBaseId": self.knowledge_base,
            "dataSourceId": self.id,
            "status": "AVAILABLE",
            "dataDeletionPolicy": self.request.get("dataDeletionPolicy", "DELETE"),
            "createdAt": iso(self.created),
            "updatedAt": iso(self.created),
        }


@dataclass
class Contents:
    """Everything that the service holds, by id; a knowledge base as GetKnowledgeBase shows it."""

    bases: dict[str, JsonObject] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)


def identifier() -> str:
    """Return an id as the service gives them."""
    return "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(10))


def job_shown(source: Source, job: Job, *, summary: bool = False) -> JsonObject:
    """Return a job as GetIngestionJob does, or ListIngestionJobs."""
    shown = {
        "knowledgeBaseId": source.knowledge_base,
        "dataSourceId": source.id,
        "ingestionJobId": job.id,
        "status": job.status,
        "statistics": job.statistics,
        "startedAt": iso(job.started),
        "updatedAt": iso(job.updated),
        **({"description": job.description} if job.description else {}),
    }
    return shown if summary else {**shown, "failureReasons": job.failures}


def iso(seconds: float) -> str:
    """Return a moment as REST-JSON's date-time."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
