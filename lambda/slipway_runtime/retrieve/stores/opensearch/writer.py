"""Writing: the chunks of a version under its claim, seen before the old ones go.

What is written is found late, after the next refresh, which in vector collections is about a minute. A document that
has chunks keeps showing them until all new ones are found; a new document is published at once and appears with the
refresh. What a dead writer left no search returns, since its claim was never published; the event delivered again, or
the document's next one, removes it.
Source: Amazon OpenSearch Service developer guide, "Supported operations and plugins" (no delete or update by query, no
ids of the caller's), "What is Amazon OpenSearch Serverless" (refresh intervals).
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from slipway_runtime.operate.retry import Deadline
from slipway_runtime.retrieve.stores.contract import StoreUnavailable
from slipway_runtime.retrieve.stores.guard import Guard
from slipway_runtime.retrieve.stores.opensearch import rows
from slipway_runtime.retrieve.stores.opensearch.client import Collection

# Half as much again as the refresh takes: what is not found by then is not there.
REFRESHED_SECONDS = 90
POLL_SECONDS = 2.0
REMOVED_AT_ONCE = 1_000
# A page of chunks with their vectors, about 25 KB each.
READ_AT_ONCE = 100
RETRIES_OF_ITEMS = 20


@dataclass(frozen=True, kw_only=True)
class Writer:
    """Writes, counts, reads and removes the chunks of single documents. Units: `poll_seconds` between two looks."""

    collection: Collection
    poll_seconds: float = POLL_SECONDS
    refreshed_seconds: int = REFRESHED_SECONDS
    sleep: Callable[[float], None] = time.sleep

    def write(self, documents: Iterator[dict[str, Any]], deadline: Deadline) -> list[str]:
        """Write documents of the index and return their ids. Raises: Uncertain, StoreUnavailable, RequestFailed."""
        ids: list[str] = []
        for batch in rows.batches(documents):
            ids += self._bulk(batch, deadline)
        return ids

    def _bulk(self, lines: list[bytes], deadline: Deadline) -> list[str]:
        """Send the lines, those again that the service was too busy for, and return the ids."""
        ids: list[str] = []
        for attempt in range(RETRIES_OF_ITEMS):
            answer = self.collection.bulk(f"{self.collection.index}/_bulk", b"".join(lines), deadline=deadline)
            results = [next(iter(each.values())) for each in answer["items"]]
            ids += [each["_id"] for each in results if each["status"] in (200, 201, 404)]
            failed = [each for each in results if each["status"] not in (200, 201, 404, 429)]
            if failed:
                raise RuntimeError(f"the collection refused a chunk: {failed[0].get('error')!r:.500}")
            lines = [line for line, each in zip(lines, results, strict=True) if each["status"] == 429]
            if not lines:
                return ids
            self._wait(deadline, f"takes no more chunks: {len(lines)} were throttled", self.poll_seconds * attempt)
        raise StoreUnavailable(f"the collection throttled {len(lines)} chunks {RETRIES_OF_ITEMS} times")

    def remove(self, ids: list[str], deadline: Deadline) -> None:
        """Delete documents of the index; those that are gone already are no error."""
        for start in range(0, len(ids), REMOVED_AT_ONCE):
            lines = [rows.removals([each]) for each in ids[start : start + REMOVED_AT_ONCE]]
            self._bulk(lines, deadline)

    def await_found(self, claimed: Guard, chunks: int, deadline: Deadline) -> None:
        """Wait until searches find all chunks of a claim. Raises: StoreUnavailable at the deadline."""
        while self.count(claimed, claimed.claim, deadline) < chunks:
            self._wait(deadline, "has not refreshed: the new chunks are not found yet", self.poll_seconds)

    def remove_before(self, claimed: Guard, deadline: Deadline) -> int:
        """Delete the chunks of earlier claims and return how many of them were visible.

        Waits for those that were published too lately to be found. Raises: StoreUnavailable at the deadline.
        """
        removed: set[str] = set()
        gone: set[str] = set()
        while True:
            found = [(each["_id"], each["_source"]["claim"]) for each in self._earlier(claimed, gone, deadline)]
            self.remove([each for each, _ in found], deadline)
            gone |= {each for each, _ in found}
            removed |= {each for each, claim in found if claim == claimed.visible}
            refreshed = time.time() > claimed.published_at + self.refreshed_seconds
            if not found and (len(removed) >= claimed.chunks or refreshed):
                return len(removed)
            if not found:
                self._wait(deadline, "has not refreshed: old chunks cannot be removed yet", self.poll_seconds)

    def read(self, claimed: Guard, deadline: Deadline) -> list[dict[str, Any]]:
        """Return the visible chunks with their vectors, in their order.

        Raises: StoreUnavailable if not all are found.
        """
        while self.count(claimed, claimed.visible, deadline) < claimed.chunks:
            self._wait(deadline, "has not refreshed: the chunks are not found yet", self.poll_seconds)
        held: list[dict[str, Any]] = []
        while len(held) < claimed.chunks:
            last = held[-1]["ordinal"] if held else -1
            query = {"bool": {"filter": [*_of(claimed, claimed.visible), {"range": {"ordinal": {"gt": last}}}]}}
            body = {"size": READ_AT_ONCE, "query": query, "sort": [{"ordinal": "asc"}]}
            page = self._search(body, deadline)
            if not page:
                raise StoreUnavailable(f"{len(held)} of {claimed.chunks} chunks of {claimed.document_id} were found")
            held += [each["_source"] for each in page]
        return held

    def count(self, claimed: Guard, claim: int, deadline: Deadline) -> int:
        """Return how many chunks of a claim searches find."""
        body = {"query": {"bool": {"filter": _of(claimed, claim)}}}
        return int(self.collection.ask("POST", f"{self.collection.index}/_count", body, deadline=deadline)["count"])

    def _earlier(self, claimed: Guard, gone: set[str], deadline: Deadline) -> list[dict[str, Any]]:
        """Return what is found of earlier claims and was not deleted just now; deletions are seen late too."""
        older = [{"term": {"tenant": claimed.tenant}}, {"term": {"document_id": claimed.document_id}}]
        query: dict[str, Any] = {"bool": {"filter": [*older, {"range": {"claim": {"lt": claimed.claim}}}]}}
        if gone:
            query["bool"]["must_not"] = [{"ids": {"values": sorted(gone)}}]
        body = {"size": REMOVED_AT_ONCE, "query": query, "_source": ["claim"]}
        return self._search(body, deadline)

    def _search(self, body: dict[str, Any], deadline: Deadline) -> list[dict[str, Any]]:
        answer = self.collection.ask("POST", f"{self.collection.index}/_search", body, deadline=deadline)
        return list(answer["hits"]["hits"])

    def _wait(self, deadline: Deadline, why: str, seconds: float) -> None:
        if seconds >= deadline.remaining_seconds:
            raise StoreUnavailable(f"the collection {why}")
        self.sleep(seconds)


def _of(claimed: Guard, claim: int) -> list[dict[str, Any]]:
    return [
        {"term": {"tenant": claimed.tenant}},
        {"term": {"document_id": claimed.document_id}},
        {"term": {"claim": claim}},
    ]
