"""S3 Vectors as a WSGI application: what boto3's `s3vectors` client calls.

moto has buckets and indexes but no search, filters, limits or pages; everything is here, so that it fits together.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-vectors.html
"""

from __future__ import annotations

import json
import threading
import zlib
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs, unquote
from wsgiref.types import StartResponse, WSGIEnvironment

from ..aws import Place
from ..aws_json import JsonObject, ServiceError, parse_object, read_body, respond, respond_error
from ..shapes import check, service
from .buckets import Buckets
from .model import Contents, Vector
from .pages import page
from .search import query
from .writing import vectors_of

SERVICE = "s3vectors"
MAX_REQUEST_BYTES = 20 * 1024 * 1024
LIST_PAGE, LIST_PAGE_BYTES = 500, 1024 * 1024


class S3Vectors:
    """Every vector bucket of the account; one request at a time sees and changes them."""

    def __init__(self, place: Place) -> None:
        self._contents = Contents()
        self._buckets = buckets = Buckets(self._contents, place)
        self._lock = threading.Lock()
        self._operations: dict[str, Callable[[JsonObject], JsonObject]] = {
            "CreateVectorBucket": buckets.create_bucket,
            "GetVectorBucket": lambda request: {"vectorBucket": buckets.bucket(request).shown()},
            "ListVectorBuckets": buckets.list_buckets,
            "DeleteVectorBucket": buckets.delete_bucket,
            "PutVectorBucketDefaultIndexMode": buckets.set_mode,
            "PutVectorBucketPolicy": buckets.put_policy,
            "GetVectorBucketPolicy": buckets.get_policy,
            "DeleteVectorBucketPolicy": buckets.delete_policy,
            "CreateIndex": buckets.create_index,
            "GetIndex": lambda request: {"index": buckets.index(request).shown()},
            "ListIndexes": buckets.list_indexes,
            "DeleteIndex": buckets.delete_index,
            "UpdateIndexMode": buckets.set_mode,
            "PutVectors": self._put,
            "GetVectors": self._get,
            "ListVectors": self._list,
            "DeleteVectors": self._delete,
            "QueryVectors": self._query,
            "TagResource": self._tag,
            "UntagResource": self._untag,
            "ListTagsForResource": lambda request: {"tags": self._tags(request)},
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        try:
            body = parse_object(read_body(environ, MAX_REQUEST_BYTES))
            operation, request = _call(environ, body)
            if operation not in self._operations:
                have = ", ".join(sorted(self._operations))
                raise ServiceError("UnknownOperationException", f"{operation} is not emulated; there are {have}", 404)
            check(SERVICE, operation, request)
            with self._lock:
                answer = self._operations[operation](request)
            return respond(start_response, answer)
        except ServiceError as error:
            return respond_error(start_response, error)

    def state(self) -> Any:
        """Return what to keep: a copy, for requests go on while it is written. Vectors themselves never change."""
        with self._lock:
            return self._contents.copy()

    def restore(self, state: Any) -> None:
        """Take it back."""
        self._contents.buckets, self._contents.tags = state.buckets, state.tags

    def _put(self, request: JsonObject) -> JsonObject:
        index = self._buckets.index(request)
        index.vectors |= {vector.key: vector for vector in vectors_of(index, request["vectors"])}
        return {}

    def _get(self, request: JsonObject) -> JsonObject:
        index = self._buckets.index(request)
        found = [index.vectors[key] for key in dict.fromkeys(request["keys"]) if key in index.vectors]
        return {"vectors": [_shown(vector, request) for vector in found]}

    def _list(self, request: JsonObject) -> JsonObject:
        count, number = request.get("segmentCount", 1), request.get("segmentIndex", 0)
        if ("segmentCount" in request) != ("segmentIndex" in request) or number >= count:
            message = "segmentIndex and segmentCount go together, and segmentIndex must be less than segmentCount"
            raise ServiceError("ValidationException", message)
        vectors = self._buckets.index(request).vectors.values()
        found, token = page(
            [one for one in vectors if zlib.crc32(one.key.encode()) % count == number],
            lambda one: one.key,
            request.get("nextToken"),
            request.get("maxResults", LIST_PAGE),
            lambda one: len(json.dumps(_shown(one, request))),
            LIST_PAGE_BYTES,
        )
        return {"vectors": [_shown(one, request) for one in found], **({"nextToken": token} if token else {})}

    def _delete(self, request: JsonObject) -> JsonObject:
        index = self._buckets.index(request)
        for key in request["keys"]:
            index.vectors.pop(key, None)
        return {}

    def _query(self, request: JsonObject) -> JsonObject:
        index = self._buckets.index(request)
        if "nextToken" in request:
            raise ServiceError("ValidationException", "The nextToken is not valid: every answer here has one page")
        return {"vectors": query(index, request), "distanceMetric": index.metric}

    def _tags(self, request: JsonObject) -> dict[str, str]:
        arn = request["resourceArn"]
        if arn not in self._contents.tags:
            raise ServiceError("NotFoundException", "The specified resource could not be found", 404)
        return self._contents.tags[arn]

    def _tag(self, request: JsonObject) -> JsonObject:
        self._tags(request).update(request["tags"])
        return {}

    def _untag(self, request: JsonObject) -> JsonObject:
        for key in request["tagKeys"]:
            self._tags(request).pop(key, None)
        return {}


def _shown(vector: Vector, request: JsonObject) -> JsonObject:
    return vector.shown(data=bool(request.get("returnData")), metadata=bool(request.get("returnMetadata")))


def _call(environ: WSGIEnvironment, body: JsonObject) -> tuple[str, JsonObject]:
    """Return the operation that method and path name, and its request from path, query string and body."""
    method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
    if path.startswith("/tags/"):
        arn = unquote(path.removeprefix("/tags/"))
        keys = parse_qs(environ.get("QUERY_STRING", "")).get("tagKeys", [])
        named: dict[str, tuple[str, JsonObject]] = {
            "GET": ("ListTagsForResource", {}),
            "POST": ("TagResource", body),
            "DELETE": ("UntagResource", {"tagKeys": keys}),
        }
        operation, rest = named.get(method, ("", {}))
        return operation, {"resourceArn": arn, **rest}
    operation = path.removeprefix("/")
    known = method == "POST" and operation in service(SERVICE).operation_names
    if not known:
        raise ServiceError("UnknownOperationException", f"There is no operation at {method} {path:.80}", 404)
    return operation, body
