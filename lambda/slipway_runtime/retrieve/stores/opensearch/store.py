"""OpenSearch Serverless as a vector store: one index for all tenants, guards in DynamoDB."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from slipway_runtime.operate.retry import Backoff, Deadline
from slipway_runtime.retrieve.chunk import Chunk
from slipway_runtime.retrieve.filters import Filter
from slipway_runtime.retrieve.stores import guard_scan
from slipway_runtime.retrieve.stores.contract import (
    DocumentVersion,
    Health,
    Hit,
    Mode,
    Query,
    StoreUnavailable,
    WrongDimensions,
)
from slipway_runtime.retrieve.stores.guard import Guard, Guards
from slipway_runtime.retrieve.stores.opensearch import index, rows
from slipway_runtime.retrieve.stores.opensearch.client import Collection, RequestFailed, Uncertain
from slipway_runtime.retrieve.stores.opensearch.searcher import Searcher, restriction
from slipway_runtime.retrieve.stores.opensearch.writer import Writer

T = TypeVar("T")
NOT_THERE = 404


@dataclass(frozen=True, kw_only=True)
class OpenSearchStore:
    """The chunks of all tenants in one index; every query names its tenant."""

    collection: Collection
    guards: Guards
    writer: Writer
    hnsw: index.Hnsw = field(default_factory=index.Hnsw)
    backoff: Backoff = field(default_factory=lambda: Backoff(base_seconds=0.5))
    # Of a process: the index's dimensions never change.
    known: dict[str, int] = field(default_factory=dict)

    @property
    def modes(self) -> frozenset[Mode]:
        """Every search."""
        return frozenset(("hybrid", "vector", "keyword"))

    def migrate(self, dimensions: int, deadline: Deadline) -> None:
        """Make the index, or add the fields that it lacks; harmless to repeat, also by two callers at once.

        Raises: WrongDimensions, ValueError for another graph or dimensions outside 1 to 16,000, StoreUnavailable.
        """
        wanted = index.body(dimensions, self.hnsw)
        if self._mapping(deadline) is None:
            try:
                self.collection.ask("PUT", self.collection.index, wanted, deadline=deadline)
            except RequestFailed as error:
                if error.kind != "resource_already_exists_exception":
                    raise
        held = self._mapping(deadline) or {}
        self._check(held, wanted["mappings"]["properties"])
        lacking = {name: each for name, each in wanted["mappings"]["properties"].items() if name not in held}
        if lacking:
            self.collection.ask("PUT", f"{self.collection.index}/_mapping", {"properties": lacking}, deadline=deadline)

    def _check(self, held: dict[str, Any], wanted: dict[str, Any]) -> None:
        has, asked = held["embedding"], wanted["embedding"]
        if has["dimension"] != asked["dimension"]:
            raise WrongDimensions(has["dimension"], asked["dimension"], f"the index {self.collection.index}")
        graph, other = has["method"].get("parameters", {}), asked["method"]["parameters"]
        if any(graph.get(name, value) != value for name, value in other.items()):
            raise ValueError(
                f"the index {self.collection.index} has the graph {graph}, expected {other}: set it back, or move"
            )

    def replace(
        self, version: DocumentVersion, chunks: list[Chunk], vectors: list[list[float]], deadline: Deadline
    ) -> bool:
        """Replace all chunks of a document: first the new ones, then they are shown, then the old ones go.

        False if the store holds a newer version. Raises: WrongDimensions, StoreUnavailable.
        """
        if vectors:
            self._fits(vectors[0], "the document's vectors", deadline)
        return self._again(lambda: self._replace(version, chunks, vectors, deadline), deadline)

    def _replace(
        self, version: DocumentVersion, chunks: list[Chunk], vectors: list[list[float]], deadline: Deadline
    ) -> bool:
        claimed = self.guards.claim(version.tenant, version.document_id, version.sequencer)
        if claimed is None:
            return False
        return self._publish(claimed, version, chunks, vectors, deadline)

    def _publish(
        self,
        claimed: Guard,
        version: DocumentVersion,
        chunks: list[Chunk],
        vectors: list[list[float]],
        deadline: Deadline,
    ) -> bool:
        pairs = zip(chunks, vectors, strict=True)
        ids = self.writer.write((rows.row(version, claimed.claim, *pair) for pair in pairs), deadline)
        if claimed.chunks:
            self.writer.await_found(claimed, len(ids), deadline)
        if not self.guards.publish(claimed, len(ids), _digest(version)):
            self.writer.remove(ids, deadline)
            return self._overtaken(claimed)
        if claimed.claim > 1:
            self.writer.remove_before(claimed, deadline)
        return True

    def _overtaken(self, claimed: Guard) -> bool:
        """Return False if a newer event came between; the same event again has to be waited for."""
        held = self.guards.read([claimed.document_id])[claimed.document_id]
        held.must_overtake(claimed)
        return False

    def touch(self, version: DocumentVersion, deadline: Deadline) -> bool:
        """Note a newer version with the same content; False if the store holds a newer one or none.

        Where its path or attributes changed, its chunks are written anew, with the vectors that they have.
        """
        return self._again(lambda: self._touch(version, deadline), deadline)

    def _touch(self, version: DocumentVersion, deadline: Deadline) -> bool:
        claimed = self.guards.claim_existing(version.tenant, version.document_id, version.sequencer)
        if claimed is None:
            return False
        if claimed.digest == _digest(version):
            return True
        held = self.writer.read(claimed, deadline)
        chunks, vectors = [rows.chunk_of(each) for each in held], [each["embedding"] for each in held]
        return self._publish(claimed, version, chunks, vectors, deadline)

    def delete(
        self, tenant: str, document_id: str, sequencer: str, deadline: Deadline, *, force: bool = False
    ) -> int | None:
        """Remove a document's chunks and remember it as deleted; None if the store holds a newer version.

        It is not found from the first moment; that returns when its chunks are gone too. Raises: StoreUnavailable.
        """
        buried = self.guards.bury(tenant, document_id, sequencer, force=force)
        if buried is None:
            return None
        removed = self.writer.remove_before(buried, deadline)
        self.guards.forget(buried)
        return removed

    def search(self, query: Query, deadline: Deadline) -> list[Hit]:
        """Return the tenant's best chunks by reciprocal rank fusion of vector and keyword search, at most 30.

        The keywords are those of the last 1,000 characters of the text. Raises: WrongDimensions, StoreUnavailable.
        """
        if query.vector:
            self._fits(query.vector, "the question's vector", deadline)
        return Searcher(collection=self.collection, guards=self.guards).search(query, deadline)

    def count(self, tenant: str, deadline: Deadline, filter: Filter | None = None) -> int:
        """Return how many of the tenant's chunks pass the filter, as of the last refresh. Raises: StoreUnavailable."""
        body = {"query": restriction(tenant, filter)}
        return int(self.collection.ask("POST", f"{self.collection.index}/_count", body, deadline=deadline)["count"])

    def inventory(self, deadline: Deadline) -> Iterator[tuple[str, int]]:
        """Yield each document that has chunks, with how many, as the guards know them.

        Raises: StoreUnavailable, also while the index does not find all of them yet.
        """
        self.collection.ask("GET", f"{self.collection.index}/_mapping", deadline=deadline)
        total = 0
        for document, chunks in guard_scan.inventory(self.guards):
            total += chunks
            yield document, chunks
        body: dict[str, Any] = {"query": {"match_all": {}}}
        path = f"{self.collection.index}/_count"
        if (found := int(self.collection.ask("POST", path, body, deadline=deadline)["count"])) < total:
            raise StoreUnavailable(f"the index {self.collection.index} finds {found} of {total} chunks; it refreshes")

    def drop(self, deadline: Deadline) -> None:
        """Remove the index, then the guards. Raises: StoreUnavailable."""
        try:
            self.collection.ask("DELETE", self.collection.index, deadline=deadline)
        except RequestFailed as error:
            if error.status != NOT_THERE:
                raise
        guard_scan.forget_all(self.guards)

    def health(self, deadline: Deadline) -> Health:
        """Return whether the collection answers and has the index."""
        try:
            held = self._mapping(deadline)
        except StoreUnavailable as error:
            return Health(ok=False, detail=str(error))
        if held is None:
            return Health(ok=False, detail="the index is not there: the migration has not run")
        return Health(ok=True, detail=f"{held['embedding']['dimension']} dimensions")

    def _fits(self, vector: list[float], what: str, deadline: Deadline) -> None:
        if "dimensions" not in self.known:
            held = self._mapping(deadline)
            if held is None:
                raise StoreUnavailable(f"the index {self.collection.index} is not there: the migration has not run")
            self.known["dimensions"] = held["embedding"]["dimension"]
        if len(vector) != self.known["dimensions"]:
            raise WrongDimensions(len(vector), self.known["dimensions"], what)

    def _mapping(self, deadline: Deadline) -> dict[str, Any] | None:
        try:
            answer = self.collection.ask("GET", f"{self.collection.index}/_mapping", deadline=deadline)
        except RequestFailed as error:
            if error.status == NOT_THERE:
                return None
            raise
        return dict(answer[self.collection.index]["mappings"]["properties"])

    def _again(self, operation: Callable[[], T], deadline: Deadline) -> T:
        """Do it again as a whole, under a new claim, where nobody knows whether a write was done."""
        return self.backoff.call(operation, retry_on=lambda error: isinstance(error, Uncertain), deadline=deadline)


def _digest(version: DocumentVersion) -> str:
    """Return what tells whether touching a document changes any of its chunks."""
    told = [version.path, version.title, sorted(version.attributes.items())]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()
