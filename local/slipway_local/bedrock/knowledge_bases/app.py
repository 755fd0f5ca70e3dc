"""Knowledge bases as a WSGI application: what boto3's `bedrock-agent` and `bedrock-agent-runtime` clients call.

Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Agents_for_Amazon_Bedrock.html
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from botocore.exceptions import ClientError

from ...aws import Place
from ...aws_json import JsonObject, ServiceError, parse_object, read_body, respond, respond_error, validation_error
from ...shapes import check, check_answer, service
from ..embedder import Embedder
from .bases import Bases, missing
from .model import Contents, Job, Source, identifier, job_shown
from .reading import read
from .searching import results

MAX_REQUEST_BYTES = 1024 * 1024
PATHS = re.compile(r"/knowledgebases(?:/.*)?")
BASE = r"/knowledgebases/(?P<knowledgeBaseId>[^/]+)"
SOURCE = BASE + r"/datasources/(?P<dataSourceId>[^/]+)"
ROUTES = {
    "CreateKnowledgeBase": "PUT /knowledgebases/?",
    "ListKnowledgeBases": "POST /knowledgebases/?",
    "GetKnowledgeBase": f"GET {BASE}",
    "UpdateKnowledgeBase": f"PUT {BASE}",
    "DeleteKnowledgeBase": f"DELETE {BASE}",
    "Retrieve": f"POST {BASE}/retrieve",
    "CreateDataSource": f"PUT {BASE}/datasources/?",
    "GetDataSource": f"GET {SOURCE}",
    "DeleteDataSource": f"DELETE {SOURCE}",
    "StartIngestionJob": f"PUT {SOURCE}/ingestionjobs/?",
    "ListIngestionJobs": f"POST {SOURCE}/ingestionjobs/?",
    "GetIngestionJob": f"GET {SOURCE}/ingestionjobs/(?P<ingestionJobId>[^/]+)",
}


class KnowledgeBases:
    """Every data source of the account. `embedder` gives the vectors, whatever model a knowledge base names."""

    def __init__(self, place: Place, embedder: Embedder) -> None:
        self._place, self._embedder = place, embedder
        self._contents = Contents()
        self._lock = threading.Lock()
        bases = self._bases = Bases(self._contents, place)
        self._operations: dict[str, Callable[[JsonObject], JsonObject]] = {
            "CreateKnowledgeBase": bases.create,
            "ListKnowledgeBases": bases.list,
            "GetKnowledgeBase": lambda request: {"knowledgeBase": bases.one(request)},
            "UpdateKnowledgeBase": bases.update,
            "DeleteKnowledgeBase": bases.delete,
            "Retrieve": self._retrieve,
            "CreateDataSource": self._create,
            "GetDataSource": lambda request: {"dataSource": self._source(request).shown()},
            "DeleteDataSource": self._delete,
            "StartIngestionJob": self._start,
            "ListIngestionJobs": self._jobs,
            "GetIngestionJob": self._job,
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        try:
            body = parse_object(read_body(environ, MAX_REQUEST_BYTES))
            operation, named = _route(f"{environ['REQUEST_METHOD']} {environ.get('PATH_INFO', '')}")
            request, name = {**body, **named}, "bedrock-agent-runtime" if operation == "Retrieve" else "bedrock-agent"
            check(name, operation, request)
            answer = check_answer(name, operation, self._operations[operation](request))
            return respond(start_response, answer, service(name).operation_model(operation).http["responseCode"])
        except ServiceError as error:
            return respond_error(start_response, error)

    def state(self) -> Any:
        """Return what to keep."""
        with self._lock:
            return Contents(dict(self._contents.bases), dict(self._contents.sources))

    def restore(self, state: Any) -> None:
        """Take it back; a job that ran is said to have failed."""
        self._contents.bases, self._contents.sources = state.bases, state.sources
        for job in (job for source in state.sources.values() for job in source.jobs.values() if job.running):
            job.status = "FAILED"

    def _source(self, request: JsonObject) -> Source:
        source = self._contents.sources.get(request["dataSourceId"])
        if source is None or source.knowledge_base != request["knowledgeBaseId"]:
            raise missing(f"Data source with id {request['dataSourceId']}")
        return source

    def _create(self, request: JsonObject) -> JsonObject:
        if request["dataSourceConfiguration"]["type"] != "S3":
            raise validation_error("The local Bedrock has data sources of type S3 alone")
        unknown = request.get("vectorIngestionConfiguration", {}).keys() - {"chunkingConfiguration"}
        if unknown:
            raise validation_error(f"{sorted(unknown)[0]} is not emulated; leave it out")
        base = self._bases.one(request)["knowledgeBaseId"]
        with self._lock:
            names = [each.request["name"] for each in self._contents.sources.values() if each.knowledge_base == base]
            if request["name"] in names:
                raise ServiceError("ConflictException", f"DataSource with name {request['name']} already exists", 409)
            source = Source(identifier(), base, request)
            self._contents.sources[source.id] = source
        return {"dataSource": source.shown()}

    def _delete(self, request: JsonObject) -> JsonObject:
        source = self._source(request)
        del self._contents.sources[source.id]
        return {"knowledgeBaseId": source.knowledge_base, "dataSourceId": source.id, "status": "DELETING"}

    def _start(self, request: JsonObject) -> JsonObject:
        source = self._source(request)
        with self._lock:
            if running := [job.id for job in source.jobs.values() if job.running]:
                message = f"There is an ongoing ingestion job for this data source: {running[0]}"
                raise ServiceError("ConflictException", message, 409)
            job = Job(identifier(), request.get("description", ""))
            source.jobs[job.id] = job
            shown = job_shown(source, job)
        threading.Thread(target=self._work, args=(source, job), daemon=True).start()
        return {"ingestionJob": shown}

    def _work(self, source: Source, job: Job) -> None:
        job.status = "IN_PROGRESS"
        try:
            read(self._place, source, job)
            job.status = "COMPLETE"
        except (ClientError, KeyError, OSError) as error:
            job.failures.append(str(error))
            job.status = "FAILED"
        job.updated = time.time()

    def _job(self, request: JsonObject) -> JsonObject:
        source = self._source(request)
        if request["ingestionJobId"] not in source.jobs:
            raise missing(f"Ingestion job with id {request['ingestionJobId']}")
        return {"ingestionJob": job_shown(source, source.jobs[request["ingestionJobId"]])}

    def _jobs(self, request: JsonObject) -> JsonObject:
        if "filters" in request or "nextToken" in request:
            raise validation_error("filters and nextToken of ListIngestionJobs are not emulated")
        source = self._source(request)
        newest = request.get("sortBy", {}).get("order", "DESCENDING") == "DESCENDING"
        jobs = sorted(source.jobs.values(), key=lambda each: each.started, reverse=newest)
        shown = [job_shown(source, each, summary=True) for each in jobs[: request.get("maxResults", 1000)]]
        return {"ingestionJobSummaries": shown}

    def _retrieve(self, request: JsonObject) -> JsonObject:
        base = self._bases.one(request)["knowledgeBaseId"]
        passages = [
            passage
            for source in [*self._contents.sources.values()]
            if source.knowledge_base == base
            for some in [*source.passages.values()]
            for passage in some
        ]
        return {"retrievalResults": results(self._embedder, passages, request)}


def _route(target: str) -> tuple[str, dict[str, str]]:
    for operation, pattern in ROUTES.items():
        if found := re.fullmatch(pattern, target):
            return operation, found.groupdict()
    raise ServiceError("UnknownOperationException", f"{target:.80} is not emulated", 404)
