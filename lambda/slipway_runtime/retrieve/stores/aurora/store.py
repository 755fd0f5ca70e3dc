"""Aurora PostgreSQL with pgvector, through the RDS Data API."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from slipway_runtime.operate.retry import Deadline
from slipway_runtime.retrieve.chunk import Chunk
from slipway_runtime.retrieve.filters import Filter
from slipway_runtime.retrieve.stores.aurora import schema, statements
from slipway_runtime.retrieve.stores.aurora.data_api import DataApi, Row, Value
from slipway_runtime.retrieve.stores.aurora.json_path import json_path
from slipway_runtime.retrieve.stores.aurora.literal import literal
from slipway_runtime.retrieve.stores.contract import (
    DocumentVersion,
    Health,
    Hit,
    Mode,
    Query,
    StoreUnavailable,
    WrongDimensions,
    chunk_attributes,
)

# The service takes 4 MiB with headers and JSON notation; the rest of the request is small.
MAX_ROWS_BYTES = 3 * 1024**2
CANDIDATES = 50
# Rows of the widest chunks must stay under the response limit of 1 MiB.
MAX_HITS = 30
MAX_QUESTION_CHARACTERS = 2_000
# Up to here reading all of a tenant is as fast as its own index would be: benchmarks/retrieve.py.
EXACT_UP_TO_CHUNKS = 4_000


@dataclass(frozen=True, kw_only=True)
class AuroraStore:
    """The chunks of all tenants in one table; every statement names its tenant.

    A generation has its own schema. `knowledge_base`: the migration makes the table of a Bedrock knowledge base too.
    """

    api: DataApi
    generation: int = 1
    exact_up_to_chunks: int = EXACT_UP_TO_CHUNKS
    knowledge_base: bool = False

    @property
    def modes(self) -> frozenset[Mode]:
        """Every search."""
        return frozenset(("hybrid", "vector", "keyword"))

    def migrate(self, dimensions: int, deadline: Deadline) -> None:
        """Make or complete the schema; harmless to repeat, also by two callers at once.

        Raises: WrongDimensions if the table exists with another width, ValueError outside 1 to 1,024.
        """
        steps = schema.migration(dimensions)
        if self.knowledge_base:
            steps += schema.knowledge_base(dimensions)
        self.api.retry(lambda: self._migrate(steps, dimensions), deadline)

    def _migrate(self, steps: list[str], dimensions: int) -> None:
        with self.api.transaction() as transaction:
            self._execute(schema.LOCK, transaction=transaction)
            existing = self._execute(schema.DIMENSIONS, transaction=transaction)
            if existing and existing[0][0] != dimensions:
                raise WrongDimensions(
                    existing[0][0], dimensions, schema.named("the table slipway.chunks", self.generation)
                )
            for step in steps:
                self._execute(step, transaction=transaction)
            self._execute(statements.INDEX_TENANTS, {"exact_up_to": self.exact_up_to_chunks}, transaction=transaction)

    def replace(
        self, version: DocumentVersion, chunks: list[Chunk], vectors: list[list[float]], deadline: Deadline
    ) -> bool:
        """Replace all chunks of a document in one transaction; False if the store holds a newer version.

        Raises: WrongDimensions, StoreUnavailable.
        """
        replaced = self.api.retry(lambda: self._replace(version, chunks, vectors), deadline)
        if replaced:
            wanted: dict[str, Value] = {"tenant": version.tenant, "exact_up_to": self.exact_up_to_chunks}
            self.api.retry(lambda: self._execute(statements.INDEX_TENANT, wanted), deadline)
        return replaced

    def _replace(self, version: DocumentVersion, chunks: list[Chunk], vectors: list[list[float]]) -> bool:
        with self.api.transaction() as transaction:
            if not self._execute(statements.CLAIM, _guard(version), transaction=transaction):
                return False
            expected = self._execute(schema.DIMENSIONS, transaction=transaction)
            if vectors and expected and expected[0][0] != len(vectors[0]):
                raise WrongDimensions(len(vectors[0]), expected[0][0], "the document's vectors")
            self._execute(statements.REMOVE, _document(version), transaction=transaction)
            common = {**_stamp(version), "title": version.title, "rules": version.rules}
            # Written as they are sent: all rows as JSON at once would be held beside the vectors they are made of.
            for rows in _batches(version, chunks, vectors):
                self._execute(statements.INSERT, {**common, "rows": rows}, transaction=transaction)
        return True

    def touch(self, version: DocumentVersion, deadline: Deadline) -> bool:
        """Note a newer version with the same content; False if the store holds a newer one or none."""
        return self.api.retry(lambda: self._touch(version), deadline)

    def _touch(self, version: DocumentVersion) -> bool:
        with self.api.transaction() as transaction:
            if not self._execute(statements.CLAIM_EXISTING, _guard(version), transaction=transaction):
                return False
            attributes = json.dumps({**version.attributes, "path": version.path})
            self._execute(statements.STAMP, {**_stamp(version), "attributes": attributes}, transaction=transaction)
        return True

    def delete(
        self, tenant: str, document_id: str, sequencer: str, deadline: Deadline, *, force: bool = False
    ) -> int | None:
        """Remove a document's chunks and remember it as deleted; None if the store holds a newer version.

        `force` is a person's wish, which holds whatever version is there.
        """
        document: dict[str, Value] = {"tenant": tenant, "document_id": document_id}
        return self.api.retry(lambda: self._delete(document, sequencer, force), deadline)

    def _delete(self, document: dict[str, Value], sequencer: str, force: bool) -> int | None:
        with self.api.transaction() as transaction:
            guard = {**document, "sequencer": sequencer, "force": force}
            if not self._execute(statements.BURY, guard, transaction=transaction):
                return None
            return int(self._execute(statements.REMOVE, document, transaction=transaction)[0][0])

    def search(self, query: Query, deadline: Deadline) -> list[Hit]:
        """Return the tenant's best chunks by reciprocal rank fusion of vector and keyword search, at most 30.

        The keywords are those of the last 2,000 characters of the text: a long message asks at its end.
        Raises: WrongDimensions, StoreUnavailable.
        """
        vector = None if query.mode == "keyword" else query.vector
        parameters: dict[str, Value] = {
            "tenant": query.tenant,
            "embedding": literal(vector) if vector else None,
            "question": "" if query.mode == "vector" else query.text[-MAX_QUESTION_CHARACTERS:],
            "filter": _path(query.filter),
            "hits": min(query.limit, MAX_HITS),
            "candidates": CANDIDATES if query.mode == "hybrid" else min(query.limit, MAX_HITS),
            "exact_up_to": self.exact_up_to_chunks,
        }
        try:
            rows = self.api.retry(lambda: self._execute(statements.FIND, parameters), deadline)
        except Exception as error:
            # PostgreSQL: "different halfvec dimensions 384 and 1024"
            if vector and "different halfvec dimensions" in str(error):
                expected = self._execute(schema.DIMENSIONS)[0][0]
                raise WrongDimensions(len(vector), expected, "the question's vector") from error
            raise
        return [_hit(row) for row in rows]

    def count(self, tenant: str, deadline: Deadline, filter: Filter | None = None) -> int:
        """Return how many of the tenant's chunks pass the filter. Raises: StoreUnavailable."""
        parameters: dict[str, Value] = {"tenant": tenant, "filter": _path(filter)}
        return int(self.api.retry(lambda: self._execute(statements.COUNT, parameters), deadline)[0][0])

    def inventory(self, deadline: Deadline) -> Iterator[tuple[str, int]]:
        """Yield each document that has chunks, with how many. Raises: StoreUnavailable."""
        last: dict[str, Value] = {"tenant": "", "document_id": ""}
        while rows := self._page(last, deadline):
            yield from ((str(document), int(chunks)) for _, document, chunks in rows)
            last = {"tenant": str(rows[-1][0]), "document_id": str(rows[-1][1])}

    def _page(self, after: dict[str, Value], deadline: Deadline) -> list[Row]:
        return self.api.retry(lambda: self._execute(statements.INVENTORY, after), deadline)

    def drop(self, deadline: Deadline) -> None:
        """Remove the schema with all that it holds. Raises: StoreUnavailable."""
        self.api.retry(lambda: self._execute(schema.DROP), deadline)

    def health(self, deadline: Deadline) -> Health:
        """Return whether the database answers and has the schema."""
        try:
            found = self.api.retry(lambda: self._execute(schema.DIMENSIONS), deadline)
        except StoreUnavailable as error:
            return Health(ok=False, detail=str(error))
        if not found:
            return Health(ok=False, detail="the schema is not there: the migration has not run")
        return Health(ok=True, detail=f"{found[0][0]} dimensions")

    def _execute(
        self, sql: str, parameters: dict[str, Value] | None = None, *, transaction: str | None = None
    ) -> list[Row]:
        return self.api.execute(schema.named(sql, self.generation), parameters, transaction=transaction)


def _path(wanted: Filter | None) -> str | None:
    return json_path(wanted) if wanted else None


def _hit(row: tuple[object, ...]) -> Hit:
    chunk_id, document_id, path, heading, page, content, score, fused, start, end = row
    return Hit(
        chunk_id=str(chunk_id),
        document_id=str(document_id),
        path=str(path),
        heading=str(heading),
        page=int(str(page)) if page is not None else None,
        content=str(content),
        score=min(1.0, max(0.0, float(str(score)))),
        fused=float(str(fused)),
        start=int(str(start)),
        end=int(str(end)),
    )


def _document(version: DocumentVersion) -> dict[str, Value]:
    return {"tenant": version.tenant, "document_id": version.document_id}


def _guard(version: DocumentVersion) -> dict[str, Value]:
    return {**_document(version), "sequencer": version.sequencer}


def _stamp(version: DocumentVersion) -> dict[str, Value]:
    return {**_document(version), "source_version": version.source_version, "path": version.path}


def _batches(version: DocumentVersion, chunks: list[Chunk], vectors: list[list[float]]) -> Iterator[str]:
    """Yield the rows as JSON arrays, each small enough for one request."""
    rows: list[str] = []
    size = 0
    for chunk, vector in zip(chunks, vectors, strict=True):
        row = json.dumps(
            {
                "chunk_id": f"{version.document_id}#{chunk.ordinal:05d}",
                "ordinal": chunk.ordinal,
                "content": chunk.content,
                "embedding": literal(vector),
                "heading": chunk.heading,
                "page": chunk.page,
                "start_offset": chunk.start,
                "end_offset": chunk.end,
                "parent_start": chunk.parent[0] if chunk.parent else None,
                "parent_end": chunk.parent[1] if chunk.parent else None,
                "attributes": chunk_attributes(version, chunk),
            },
            ensure_ascii=False,
        )
        # The request carries it as a JSON string once more, with every quote and non-ASCII character escaped.
        row_bytes = len(json.dumps(row)) + 1
        if rows and size + row_bytes > MAX_ROWS_BYTES:
            yield f"[{','.join(rows)}]"
            rows, size = [], 0
        rows.append(row)
        size += row_bytes
    if rows:
        yield f"[{','.join(rows)}]"
