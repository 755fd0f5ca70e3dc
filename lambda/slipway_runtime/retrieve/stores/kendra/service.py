"""Kendra's calls, each tried again with jitter until the deadline, and how requests are cut to its limits.

Limits: 10 documents a BatchPutDocument, BatchDeleteDocument or BatchGetDocumentStatus call, 100 results a query.
Documents are indexed and deleted some time after the call.
Source: Amazon Kendra API reference, "BatchPutDocument", "BatchGetDocumentStatus", "Query", "Retrieve".
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from slipway_runtime.operate.retry import CONNECTION_ERRORS, Backoff, Deadline, error_code, within
from slipway_runtime.retrieve.stores.contract import StoreUnavailable
from slipway_runtime.retrieve.stores.kendra.fields import CHUNK, VERSION

T = TypeVar("T")
Answer = dict[str, Any]
TRANSIENT = CONNECTION_ERRORS | {
    *("ConflictException", "InternalServerException", "ResourceUnavailableException", "ThrottlingException"),
    "TimeoutError",  # it was given up at the deadline
    # of the table with the guards
    *("InternalServerError", "ProvisionedThroughputExceededException", "RequestLimitExceeded"),
}
MAX_BATCH, MAX_RESULTS, MAX_FACETS = 10, 100, 5_000
INDEXED = frozenset(("INDEXED", "UPDATED"))
REFUSED = frozenset(("FAILED", "UPDATE_FAILED"))


@dataclass(frozen=True, kw_only=True)
class Index:
    """One index. `poll_seconds`: how long it waits before it asks again what has become of documents."""

    client: Any
    index_id: str
    backoff: Backoff = field(default_factory=lambda: Backoff(base_seconds=0.5))
    poll_seconds: float = 2.0

    def again(self, operation: Callable[[], T], deadline: Deadline) -> T:
        """Return the result of an idempotent call, repeated while a service is away or throttles.

        Raises: StoreUnavailable if it still is at the deadline; any other error at once.
        """
        try:
            return self.backoff.call(
                lambda: within(operation, deadline, least_seconds=1.0), retry_on=_is_transient, deadline=deadline
            )
        except Exception as error:
            if _is_transient(error):
                raise StoreUnavailable(f"the index did not answer in time: {error_code(error)}") from error
            raise

    def describe(self, deadline: Deadline) -> Answer:
        """Return the index's status and fields."""
        return self.again(lambda: dict(self.client.describe_index(Id=self.index_id)), deadline)

    def add_fields(self, fields: list[Answer], deadline: Deadline) -> None:
        """Add fields to the index; returns when it can be used again. Raises: StoreUnavailable if that takes longer."""
        changes = {"Id": self.index_id, "DocumentMetadataConfigurationUpdates": fields}
        self.again(lambda: self.client.update_index(**changes), deadline)
        while (status := self.describe(deadline)["Status"]) != "ACTIVE":
            self._wait(deadline, f"the index is {status}")

    def put(self, documents: list[Answer], deadline: Deadline) -> None:
        """Write documents, and return when they can be found.

        Those that an earlier attempt wrote are only waited for. Raises: StoreUnavailable if the index needs longer,
        ValueError for a document that it refuses.
        """
        states = self._states([each["Id"] for each in documents], deadline)
        missing = [each for each in documents if states.get(each["Id"]) not in {*INDEXED, "PROCESSING"}]
        for start in range(0, len(missing), MAX_BATCH):
            self._put(missing[start : start + MAX_BATCH], deadline)
        waiting = [each["Id"] for each in documents if states.get(each["Id"]) not in INDEXED]
        while waiting:
            states = self._states(waiting, deadline)
            if refused := [each for each in waiting if states.get(each) in REFUSED]:
                raise ValueError(f"Kendra could not index {refused[0]} and {len(refused) - 1} more; its log says why")
            waiting = [each for each in waiting if states.get(each) not in INDEXED]
            if waiting:
                self._wait(deadline, f"{len(waiting)} chunks are still being indexed")

    def delete(self, ids: list[str], deadline: Deadline) -> None:
        """Remove documents; they are found a while longer."""
        for start in range(0, len(ids), MAX_BATCH):
            some = ids[start : start + MAX_BATCH]
            wanted = {"IndexId": self.index_id, "DocumentIdList": some}
            answer = self.again(lambda wanted=wanted: self.client.batch_delete_document(**wanted), deadline)  # type: ignore[misc]
            if failed := answer.get("FailedDocuments"):
                raise StoreUnavailable(f"{len(failed)} chunks were not deleted: {failed[0].get('ErrorMessage', '')}")

    def find(self, text: str, condition: Answer, deadline: Deadline) -> list[Answer]:
        """Return the passages that fit a text best, at most 100, one of each document; without a text any."""
        wanted = {"AttributeFilter": condition, "RequestedDocumentAttributes": [CHUNK], "PageSize": MAX_RESULTS}
        if text:
            found = self._search(self.client.retrieve, {**wanted, "QueryText": text}, deadline)
        else:
            found = self._search(self.client.query, {**wanted, "QueryResultTypeFilter": "DOCUMENT"}, deadline)
        best: dict[str, Answer] = {}
        for each in found.get("ResultItems", []):
            best.setdefault(each["DocumentId"], each)
        return list(best.values())

    def versions(self, condition: Answer, deadline: Deadline) -> dict[str, int]:
        """Return how many chunks there are of each version. Raises: StoreUnavailable if there are too many to tell."""
        facet = {"DocumentAttributeKey": VERSION, "MaxResults": MAX_FACETS}
        wanted = {"AttributeFilter": condition, "QueryResultTypeFilter": "DOCUMENT", "Facets": [facet], "PageSize": 1}
        found = self._search(self.client.query, wanted, deadline)
        pairs = [pair for facet in found.get("FacetResults", []) for pair in facet["DocumentAttributeValueCountPairs"]]
        counts = {pair["DocumentAttributeValue"]["StringValue"]: int(pair["Count"]) for pair in pairs}
        if sum(counts.values()) < found["TotalNumberOfResults"]:
            raise StoreUnavailable(f"Kendra counts the chunks of {MAX_FACETS} documents at most, and there are more")
        return counts

    def _search(self, operation: Callable[..., Any], wanted: Answer, deadline: Deadline) -> Answer:
        return self.again(lambda: dict(operation(IndexId=self.index_id, **wanted)), deadline)

    def _put(self, documents: list[Answer], deadline: Deadline) -> None:
        left = documents
        while left:
            wanted = {"IndexId": self.index_id, "Documents": left}
            answer = self.again(lambda wanted=wanted: self.client.batch_put_document(**wanted), deadline)  # type: ignore[misc]
            failed = {each["Id"]: each for each in answer.get("FailedDocuments", [])}
            for each in failed.values():
                if each["ErrorCode"] == "InvalidRequest":
                    raise ValueError(f"Kendra refuses {each['Id']}: {each.get('ErrorMessage', '')}")
            left = [each for each in left if each["Id"] in failed]
            if left:
                self._wait(deadline, f"{len(left)} chunks were not taken")

    def _states(self, ids: list[str], deadline: Deadline) -> dict[str, str]:
        return {each["DocumentId"]: each["DocumentStatus"] for each in self._listed(ids, deadline)}

    def _listed(self, ids: list[str], deadline: Deadline) -> Iterator[Answer]:
        for start in range(0, len(ids), MAX_BATCH):
            asked = [{"DocumentId": each} for each in ids[start : start + MAX_BATCH]]
            wanted = {"IndexId": self.index_id, "DocumentInfoList": asked}
            answer = self.again(lambda wanted=wanted: self.client.batch_get_document_status(**wanted), deadline)  # type: ignore[misc]
            yield from answer.get("DocumentStatusList", [])

    def _wait(self, deadline: Deadline, why: str) -> None:
        if deadline.remaining_seconds <= self.poll_seconds:
            raise StoreUnavailable(f"{why}; later they are found")
        time.sleep(self.poll_seconds)


def _is_transient(error: Exception) -> bool:
    return error_code(error) in TRANSIENT
