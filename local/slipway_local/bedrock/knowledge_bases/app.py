"""Data sources, ingestion jobs and Retrieve: what moto's knowledge bases, which it keeps itself, do not do.

Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Agents_for_Amazon_Bedrock.html
"""

from __future__ import annotations

import re
import secrets
import string
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from botocore.exceptions import ClientError

from ...aws import Place
from ...aws_json import JsonObject, ServiceError, parse_object, read_body, respond, respond_error, validation_error
from ...shapes import check, check_answer
from ..embedder import Embedder
from .model import Job, Source, job_shown
from .reading import read
from .searching import results

CONTROL, RUNTIME = "bedrock-agent", "bedrock-agent-runtime"
MAX_REQUEST_BYTES = 1024 * 1024
PATHS = re.compile(r"/knowledgebases/(?P<base>[^/]+)/(?:(?P<retrieve>retrieve)|datasources/?(?P<rest>.*))")
ONE = re.compile(r"(?P<source>[^/]+)(?:/ingestionjobs/?(?P<job>[^/]*))?")


class KnowledgeBases:
    """Every data source of the account. `embedder` gives the vectors, whatever model a knowledge base names."""

    def __init__(self, place: Place, embedder: Embedder) -> None:
        self._place, self._embedder = place, embedder
        self._sources: dict[str, Source] = {}
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        try:
            body = parse_object(read_body(environ, MAX_REQUEST_BYTES))
            service, operation, call, named = self._call(environ)
            check(service, operation, {**body, **named})
            answer = check_answer(service, operation, call({**body, **named}))
            return respond(
                start_response, answer, 202 if operation in ("StartIngestionJob", "DeleteDataSource") else 200
            )
        except ServiceError as error:
            return respond_error(start_response, error)

    def state(self) -> Any:
        """Return what to keep."""
        with self._lock:
            return dict(self._sources)

    def restore(self, state: Any) -> None:
        """Take it back; a job that ran is said to have failed."""
        self._sources = state
        for job in (job for source in state.values() for job in source.jobs.values() if job.running):
            job.status = "FAILED"

    def _call(self, environ: WSGIEnvironment) -> tuple[str, str, Callable[[JsonObject], JsonObject], dict[str, str]]:
        """Return service, operation, what does it, and the members that the path names."""
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        found = PATHS.fullmatch(path)
        base = {"knowledgeBaseId": found["base"]} if found else {}
        if found and found["retrieve"]:
            return RUNTIME, "Retrieve", self._retrieve, base
        rest = (found["rest"] or "") if found else ""
        one = ONE.fullmatch(rest)
        if not one:
            named: dict[str, tuple[str, Callable[[JsonObject], JsonObject]]] = {
                "PUT": ("CreateDataSource", self._create)
            }
        elif one["job"] is None:
            base["dataSourceId"] = one["source"]
            named = {"GET": ("GetDataSource", self._get), "DELETE": ("DeleteDataSource", self._delete)}
        elif one["job"]:
            base |= {"dataSourceId": one["source"], "ingestionJobId": one["job"]}
            named = {"GET": ("GetIngestionJob", self._job)}
        else:
            base["dataSourceId"] = one["source"]
            named = {"PUT": ("StartIngestionJob", self._start), "POST": ("ListIngestionJobs", self._jobs)}
        if method not in named:
            raise ServiceError("UnknownOperationException", f"{method} {path} is not emulated", 404)
        operation, call = named[method]
        return CONTROL, operation, call, base

    def _base(self, request: JsonObject) -> str:
        """Return a knowledge base's id. Raises: ServiceError where moto has none of it."""
        name = str(request["knowledgeBaseId"])
        client = self._place.client(CONTROL)
        try:
            client.get_knowledge_base(knowledgeBaseId=name)
        except ClientError as error:
            raise _missing(f"Knowledge base with id {name}") from error
        return name

    def _source(self, request: JsonObject) -> Source:
        source = self._sources.get(request["dataSourceId"])
        if source is None or source.knowledge_base != request["knowledgeBaseId"]:
            raise _missing(f"Data source with id {request['dataSourceId']}")
        return source

    def _create(self, request: JsonObject) -> JsonObject:
        if request["dataSourceConfiguration"]["type"] != "S3":
            raise validation_error("The local Bedrock has data sources of type S3 alone")
        unknown = request.get("vectorIngestionConfiguration", {}).keys() - {"chunkingConfiguration"}
        if unknown:
            raise validation_error(f"{sorted(unknown)[0]} is not emulated; leave it out")
        base = self._base(request)
        with self._lock:
            names = [each.request["name"] for each in self._sources.values() if each.knowledge_base == base]
            if request["name"] in names:
                raise ServiceError("ConflictException", f"DataSource with name {request['name']} already exists", 409)
            source = Source(_id(), base, request)
            self._sources[source.id] = source
        return {"dataSource": source.shown()}

    def _get(self, request: JsonObject) -> JsonObject:
        return {"dataSource": self._source(request).shown()}

    def _delete(self, request: JsonObject) -> JsonObject:
        source = self._source(request)
        del self._sources[source.id]
        return {"knowledgeBaseId": source.knowledge_base, "dataSourceId": source.id, "status": "DELETING"}

    def _start(self, request: JsonObject) -> JsonObject:
        source = self._source(request)
        with self._lock:
            if running := [job.id for job in source.jobs.values() if job.running]:
                message = f"There is an ongoing ingestion job for this data source: {running[0]}"
                raise ServiceError("ConflictException", message, 409)
            job = Job(_id(), request.get("description", ""))
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
            raise _missing(f"Ingestion job with id {request['ingestionJobId']}")
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
        base = self._base(request)
        passages = [
            passage
            for source in [*self._sources.values()]
            if source.knowledge_base == base
            for some in [*source.passages.values()]
            for passage in some
        ]
        return {"retrievalResults": results(self._embedder, passages, request)}


def _missing(what: str) -> ServiceError:
    return ServiceError("ResourceNotFoundException", f"{what} does not exist", 404)


def _id() -> str:
    return "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(10))
