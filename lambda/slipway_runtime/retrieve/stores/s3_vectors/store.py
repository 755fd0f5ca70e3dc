"""S3 Vectors as a vector store: an index for each tenant, guards in DynamoDB.

An index for each tenant, because nothing can then be forgotten that keeps tenants apart, a query is charged by the size
of the index that it reads, words are weighed by the tenant's own documents, and the service's rates are by index. It
bounds an environment to 9,999 tenants, the 10,000 indexes that a bucket has.
Source: Amazon S3 user guide, "S3 Vectors: Limitations and restrictions", "Best practices"; Amazon S3 pricing.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from slipway_runtime.operate.retry import Deadline
from slipway_runtime.retrieve.chunk import Chunk
from slipway_runtime.retrieve.filters import Filter, matches
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
from slipway_runtime.retrieve.stores.s3_vectors import rows
from slipway_runtime.retrieve.stores.s3_vectors.searcher import Searcher
from slipway_runtime.retrieve.stores.s3_vectors.service import MAX_TOP_K, Row, VectorBucket, groups

# Holds no vector: its dimensions are the store's.
SETTINGS_INDEX = "settings"
MAX_DIMENSIONS = 4_096
GUARDS_A_READ = 1_000


@dataclass(frozen=True, kw_only=True)
class S3VectorsStore:
    """The chunks of each tenant in an index of its own, in whose words full-text search knows the `text_language`."""

    bucket: VectorBucket
    guards: Guards
    text_language: str | None = None
    # Of a process: a store's dimensions never change.
    known: dict[str, int] = field(default_factory=dict)

    @property
    def modes(self) -> frozenset[Mode]:
        """Every search."""
        return frozenset(("hybrid", "vector", "keyword"))

    def migrate(self, dimensions: int, deadline: Deadline) -> None:
        """Note the dimensions; tenants' indexes are made with their first document.

        Raises: WrongDimensions if others are noted, ValueError outside 1 to 4,096, StoreUnavailable.
        """
        if not 1 <= dimensions <= MAX_DIMENSIONS:
            raise ValueError(f"dimensions is {dimensions}, expected 1 to {MAX_DIMENSIONS}")
        self.bucket.create(SETTINGS_INDEX, rows.index_settings(dimensions), deadline)
        if (held := self._dimensions(deadline)) != dimensions:
            raise WrongDimensions(held, dimensions, "the store")

    def replace(
        self, version: DocumentVersion, chunks: list[Chunk], vectors: list[list[float]], deadline: Deadline
    ) -> bool:
        """Replace all chunks of a document: the new ones are written, then shown, then the old ones go.

        False if the store holds a newer version. Raises: WrongDimensions, StoreUnavailable.
        """
        for vector in vectors[:1]:
            self._check(vector, "the document's vectors", deadline)
        claimed = self.bucket.again(
            lambda: self.guards.claim(version.tenant, version.document_id, version.sequencer), deadline
        )
        return claimed is not None and self._publish(claimed, version, chunks, vectors, deadline)

    def _publish(
        self,
        claimed: Guard,
        version: DocumentVersion,
        chunks: list[Chunk],
        vectors: list[list[float]],
        deadline: Deadline,
    ) -> bool:
        index = rows.index_of(version.tenant)
        made = (rows.row(version, claimed.claim, *pair) for pair in zip(chunks, vectors, strict=True))
        self.bucket.put(index, made, rows.index_settings(self._dimensions(deadline), self.text_language), deadline)
        digest = _digest(version)
        if not self.bucket.again(lambda: self.guards.publish(claimed, len(chunks), digest), deadline):
            self.bucket.delete(index, rows.keys_of(version.document_id, len(chunks), claimed.claim), deadline)
            return self._overtaken(claimed, deadline)
        self._remove_before(claimed, deadline)
        self.bucket.again(lambda: self.guards.clear(claimed), deadline)
        return True

    def _overtaken(self, claimed: Guard, deadline: Deadline) -> bool:
        """Return False if a newer event came between; the same event again has to be waited for."""
        held = self.bucket.again(lambda: self.guards.read([claimed.document_id]), deadline)[claimed.document_id]
        held.must_overtake(claimed)
        return False

    def _remove_before(self, claimed: Guard, deadline: Deadline) -> None:
        """Remove what earlier claims wrote: the chunks that were shown, and what a writer left that was cut short.

        A deletion looks for everything, whatever is noted: a writer that was overtaken may have written since.
        """
        index, document = rows.index_of(claimed.tenant), claimed.document_id
        self.bucket.delete(index, rows.keys_of(document, claimed.chunks, claimed.visible), deadline)
        if claimed.left_nothing and not claimed.deleted:
            return
        older = [{rows.DOCUMENT: {"$eq": rows.stored(document)}}, {rows.CLAIM: {"$lt": claimed.claim}}]
        # Any direction does: all that the filter leaves is found.
        anywhere = {"float32": [1.0] * self._dimensions(deadline)}
        wanted = {"queryVector": anywhere, "topK": MAX_TOP_K, "filter": {"$and": older}}
        while found := [each["key"] for each in self.bucket.query(index, wanted, deadline)]:
            self.bucket.delete(index, found, deadline)

    def touch(self, version: DocumentVersion, deadline: Deadline) -> bool:
        """Note a newer version with the same content; False if the store holds a newer one or none.

        Where its path or attributes changed, its chunks are written anew with the vectors that they have.
        """
        claimed = self.bucket.again(
            lambda: self.guards.claim_existing(version.tenant, version.document_id, version.sequencer), deadline
        )
        if claimed is None or claimed.digest == _digest(version):
            return claimed is not None
        keys = list(rows.keys_of(version.document_id, claimed.chunks, claimed.visible))
        held = list(self.bucket.get(rows.index_of(version.tenant), keys, deadline))
        chunks, vectors = [rows.chunk_of(each) for each in held], [each["data"]["float32"] for each in held]
        return self._publish(claimed, version, chunks, vectors, deadline)

    def delete(
        self, tenant: str, document_id: str, sequencer: str, deadline: Deadline, *, force: bool = False
    ) -> int | None:
        """Remove a document's chunks and remember it as deleted; None if the store holds a newer version.

        It is not found from the first moment; that returns when its chunks are gone too. Raises: StoreUnavailable.
        """
        buried = self.bucket.again(lambda: self.guards.bury(tenant, document_id, sequencer, force=force), deadline)
        if buried is None:
            return None
        self._remove_before(buried, deadline)
        self.bucket.again(lambda: self.guards.forget(buried), deadline)
        return buried.chunks

    def search(self, query: Query, deadline: Deadline) -> list[Hit]:
        """Return the tenant's best chunks by the service's fusion of vector and full-text search, at most 100.

        The keywords are those of the last 1,024 characters of the text. Raises: WrongDimensions, StoreUnavailable.
        """
        if query.vector:
            self._check(query.vector, "the question's vector", deadline)
        return Searcher(bucket=self.bucket, guards=self.guards).search(query, deadline)

    def count(self, tenant: str, deadline: Deadline, filter: Filter | None = None) -> int:
        """Return how many of the tenant's chunks pass the filter. It reads them all. Raises: StoreUnavailable."""
        found = self.bucket.list(rows.index_of(tenant), deadline, metadata=filter is not None)
        return sum(self._count(tenant, some, filter, deadline) for some in groups(found, GUARDS_A_READ))

    def _count(self, tenant: str, some: list[Row], filter: Filter | None, deadline: Deadline) -> int:
        parts = [rows.parts_of(each["key"]) for each in some]
        held = self.bucket.again(lambda: self.guards.read(document for _, document, _ in parts), deadline)
        return sum(
            document in held
            and held[document].shows(tenant, claim)
            and (filter is None or matches(filter, rows.attributes_of(each)))
            for each, (_, document, claim) in zip(some, parts, strict=True)
        )

    def inventory(self, deadline: Deadline) -> Iterator[tuple[str, int]]:
        """Yield each document that has chunks, with how many. It lists them all. Raises: StoreUnavailable."""
        for index in self.bucket.indexes(rows.TENANTS, deadline):
            found: Counter[tuple[str, int]] = Counter()
            for each in self.bucket.list(index, deadline, metadata=False):
                found[rows.parts_of(each["key"])[1:]] += 1
            for some in groups(found.items(), GUARDS_A_READ):
                held = self._held({document for (document, _), _ in some}, deadline)
                for (document, claim), chunks in some:
                    guard = held.get(document)
                    if guard and index == rows.index_of(guard.tenant) and guard.shows(guard.tenant, claim):
                        yield document, chunks

    def _held(self, documents: set[str], deadline: Deadline) -> dict[str, Guard]:
        return self.bucket.again(lambda: self.guards.read(documents), deadline)

    def drop(self, deadline: Deadline) -> None:
        """Remove every index, then the guards, and the settings last. Raises: StoreUnavailable."""
        for index in list(self.bucket.indexes(rows.TENANTS, deadline)):
            self.bucket.remove(index, deadline)
        guard_scan.forget_all(self.guards)
        self.bucket.remove(SETTINGS_INDEX, deadline)

    def health(self, deadline: Deadline) -> Health:
        """Return whether the service answers and the dimensions are noted."""
        try:
            held = self.bucket.describe(SETTINGS_INDEX, deadline)
        except StoreUnavailable as error:
            return Health(ok=False, detail=str(error))
        if held is None:
            return Health(ok=False, detail="the vector bucket has no settings: the migration has not run")
        return Health(ok=True, detail=f"{held['dimension']} dimensions")

    def _dimensions(self, deadline: Deadline) -> int:
        if "dimensions" not in self.known:
            held = self.bucket.describe(SETTINGS_INDEX, deadline)
            if held is None:
                raise StoreUnavailable("the vector bucket has no settings: the migration has not run")
            self.known["dimensions"] = int(held["dimension"])
        return self.known["dimensions"]

    def _check(self, vector: list[float], what: str, deadline: Deadline) -> None:
        if len(vector) != self._dimensions(deadline):
            raise WrongDimensions(len(vector), self._dimensions(deadline), what)


def _digest(version: DocumentVersion) -> str:
    """Return what tells whether touching a document changes any of its chunks."""
    told = [version.path, sorted(version.attributes.items())]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()
