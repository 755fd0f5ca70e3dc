"""Amazon Kendra as a WSGI application: what boto3's `kendra` client calls. moto has nothing of it.

Source: https://docs.aws.amazon.com/kendra/latest/APIReference/API_Operations_Amazon_Kendra.html (AWS JSON 1.1)
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from ..aws import Place
from ..aws_json import JsonObject, ServiceError, parse_object, read_body, respond, respond_error
from ..shapes import check, check_answer
from .documents import documents_of
from .indexes import Indexes
from .model import Contents
from .search import query, retrieve

SERVICE = "kendra"
MAX_REQUEST_BYTES = 80 * 1024 * 1024  # 50 MB of documents in base64
TARGET = "AWSKendraFrontendService."


class Kendra:
    """Every index of the account; one request at a time sees and changes them.

    `indexing_seconds`: how long after a call documents are found, or no longer.
    """

    def __init__(self, place: Place, indexing_seconds: float = 0.2) -> None:
        self._contents = Contents()
        self._indexes = indexes = Indexes(self._contents, place)
        self._seconds = indexing_seconds
        self._lock = threading.Lock()
        self._operations: dict[str, Callable[[JsonObject], JsonObject]] = {
            "CreateIndex": indexes.create,
            "DescribeIndex": lambda request: indexes.index(request["Id"]).shown(),
            "UpdateIndex": indexes.update,
            "DeleteIndex": indexes.delete,
            "ListIndices": indexes.list,
            "ListTagsForResource": indexes.list_tags,
            "TagResource": indexes.tag,
            "UntagResource": indexes.untag,
            "BatchPutDocument": self._put,
            "BatchDeleteDocument": self._delete,
            "BatchGetDocumentStatus": self._status,
            "Query": lambda request: query(indexes.index(request["IndexId"]), request),
            "Retrieve": lambda request: retrieve(indexes.index(request["IndexId"]), request),
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        try:
            request = parse_object(read_body(environ, MAX_REQUEST_BYTES))
            operation = str(environ.get("HTTP_X_AMZ_TARGET", "")).removeprefix(TARGET)
            if operation not in self._operations:
                have = ", ".join(sorted(self._operations))
                raise ServiceError("UnknownOperationException", f"{operation} is not emulated; there are {have}")
            check(SERVICE, operation, request)
            with self._lock:
                answer = self._operations[operation](request)
            return respond(start_response, check_answer(SERVICE, operation, answer))
        except ServiceError as error:
            error.members["__type"] = error.code  # where AWS JSON has the code
            return respond_error(start_response, error)

    def state(self) -> Any:
        """Return what to keep: a copy, for requests go on while it is written."""
        with self._lock:
            return self._contents.copy()

    def restore(self, state: Any) -> None:
        """Take it back."""
        self._contents.indexes, self._contents.tags = state.indexes, state.tags

    def _put(self, request: JsonObject) -> JsonObject:
        index = self._indexes.index(request["IndexId"])
        documents, failed = documents_of(index, request)
        index.later(self._seconds, documents)
        return {"FailedDocuments": failed}

    def _delete(self, request: JsonObject) -> JsonObject:
        index = self._indexes.index(request["IndexId"])
        if "DataSourceSyncJobMetricTarget" in request:
            raise ServiceError("ValidationException", "DataSourceSyncJobMetricTarget is not emulated; leave it out")
        index.later(self._seconds, list(request["DocumentIdList"]))
        return {"FailedDocuments": []}

    def _status(self, request: JsonObject) -> JsonObject:
        index = self._indexes.index(request["IndexId"])
        coming = {each.id for _, each in index.pending if not isinstance(each, str)}
        asked = [each["DocumentId"] for each in request["DocumentInfoList"]]

        def status(name: str) -> str:
            return "PROCESSING" if name in coming else "INDEXED" if name in index.documents else "NOT_FOUND"

        return {"DocumentStatusList": [{"DocumentId": name, "DocumentStatus": status(name)} for name in asked]}
