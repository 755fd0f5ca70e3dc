"""S3 Vectors' calls, each tried again with jitter until the deadline, and how requests are cut to its limits.

Limits: 500 vectors or 20 MiB a PutVectors call, 500 keys a DeleteVectors call, 100 a GetVectors call, 100 hits a query,
10,000 indexes a bucket, 40 KB of metadata a vector of which 2 KB can be filtered by.
Source: Amazon S3 user guide, "S3 Vectors: Limitations and restrictions".
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from slipway_runtime.operate.retry import CONNECTION_ERRORS, Backoff, Deadline, error_code, within
from slipway_runtime.retrieve.stores.contract import StoreUnavailable

T = TypeVar("T")
Row = dict[str, Any]
TRANSIENT = CONNECTION_ERRORS | {
    *("InternalServerException", "RequestTimeoutException", "ServiceUnavailableException", "TooManyRequestsException"),
    "TimeoutError",  # it was given up at the deadline
    # of the table with the guards
    *("InternalServerError", "ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException"),
}
MAX_PUT, MAX_DELETE, MAX_GET, MAX_TOP_K = 500, 500, 100, 100
# The service takes 20 MiB; the names around the vectors are small.
MAX_PUT_BYTES = 16 * 1024**2


@dataclass(frozen=True, kw_only=True)
class VectorBucket:
    """One vector bucket, and in it the indexes whose names begin with `prefix`. One that is not there holds nothing."""

    client: Any
    name: str
    prefix: str = ""
    backoff: Backoff = field(default_factory=lambda: Backoff(base_seconds=0.2))

    def again(self, operation: Callable[[], T], deadline: Deadline) -> T:
        """Return the result of an idempotent call, repeated while a service is away or throttles.

        Raises: StoreUnavailable if it still is at the deadline; any other error at once.
        """
        try:
            return self.backoff.call(
                lambda: within(operation, deadline, least_seconds=1.0), retry_on=is_transient, deadline=deadline
            )
        except Exception as error:
            if is_transient(error):
                raise StoreUnavailable(f"the vector store did not answer in time: {error_code(error)}") from error
            raise

    def create(self, index: str, settings: Row, deadline: Deadline) -> None:
        """Make an index, unless it is there."""
        try:
            self._call("create_index", index, deadline, **settings)
        except self.client.exceptions.ConflictException:
            return

    def describe(self, index: str, deadline: Deadline) -> Row | None:
        """Return an index's settings, None where there is none."""
        try:
            return dict(self._call("get_index", index, deadline)["index"])
        except self.client.exceptions.NotFoundException:
            return None

    def indexes(self, beginning: str, deadline: Deadline) -> Iterator[str]:
        """Yield the names of the indexes that begin so, without the prefix."""
        request: Row = {"vectorBucketName": self.name, "prefix": f"{self.prefix}{beginning}", "maxResults": 500}
        while True:
            answer = self.again(lambda: self.client.list_indexes(**request), deadline)
            yield from (each["indexName"].removeprefix(self.prefix) for each in answer["indexes"])
            if not answer.get("nextToken"):
                return
            request["nextToken"] = answer["nextToken"]

    def remove(self, index: str, deadline: Deadline) -> None:
        """Delete an index with its vectors."""
        try:
            self._call("delete_index", index, deadline)
        except self.client.exceptions.NotFoundException:
            return

    def put(self, index: str, vectors: Iterable[Row], settings: Row, deadline: Deadline) -> None:
        """Write vectors; the index is made with `settings` when the first are written."""
        for batch in _batches(vectors):
            try:
                self._call("put_vectors", index, deadline, vectors=batch)
            except self.client.exceptions.NotFoundException:
                self.create(index, settings, deadline)
                self._call("put_vectors", index, deadline, vectors=batch)

    def get(self, index: str, keys: list[str], deadline: Deadline, *, metadata: bool = True) -> Iterator[Row]:
        """Yield the vectors of these keys that are there."""
        for some in groups(keys, MAX_GET):
            answer = self._call("get_vectors", index, deadline, keys=some, returnData=True, returnMetadata=metadata)
            yield from answer["vectors"]

    def delete(self, index: str, keys: Iterable[str], deadline: Deadline) -> None:
        """Remove the vectors of these keys; one that is not there is none to remove."""
        for some in groups(keys, MAX_DELETE):
            self._call("delete_vectors", index, deadline, keys=some)

    def query(self, index: str, wanted: Row, deadline: Deadline) -> list[Row]:
        """Return the vectors that a query finds, best first, with metadata and all scores."""
        request = {**wanted, "returnMetadata": True, "returnDistance": "queryVector" in wanted}
        if "queryTexts" in wanted:
            request["returnScores"] = True
        return list(self._pages("query_vectors", index, deadline, **request))

    def list(self, index: str, deadline: Deadline, *, metadata: bool) -> Iterator[Row]:
        """Yield every vector's key, with `metadata` that too."""
        yield from self._pages("list_vectors", index, deadline, returnMetadata=metadata, maxResults=1_000)

    def _pages(self, operation: str, index: str, deadline: Deadline, **request: Any) -> Iterator[Row]:
        while True:
            try:
                answer = self._call(operation, index, deadline, **request)
            except self.client.exceptions.NotFoundException:
                return
            yield from answer["vectors"]
            if not answer.get("nextToken"):
                return
            request["nextToken"] = answer["nextToken"]

    def _call(self, operation: str, index: str, deadline: Deadline, **request: Any) -> Row:
        made = getattr(self.client, operation)
        return dict(
            self.again(lambda: made(vectorBucketName=self.name, indexName=f"{self.prefix}{index}", **request), deadline)
        )


def is_transient(error: Exception) -> bool:
    """Return whether the same call may succeed later."""
    return error_code(error) in TRANSIENT


def groups(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the items in lists of at most `size`."""
    left = iter(items)
    while some := list(islice(left, size)):
        yield some


def _batches(vectors: Iterable[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    size = 0
    for vector in vectors:
        vector_bytes = len(json.dumps(vector)) + 1
        if batch and (len(batch) == MAX_PUT or size + vector_bytes > MAX_PUT_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(vector)
        size += vector_bytes
    if batch:
        yield batch
