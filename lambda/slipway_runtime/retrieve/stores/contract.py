"""What every vector store takes and gives."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, Protocol

from slipway_runtime.operate.retry import Deadline
from slipway_runtime.retrieve.chunk import Chunk
from slipway_runtime.retrieve.filters import Attribute, Attributes, Filter

Mode = Literal["hybrid", "vector", "keyword"]
# The smallest limit of all stores: the filterable metadata of a vector in S3 Vectors is 2 KB with everything else.
MAX_ATTRIBUTES_BYTES = 1_024


class WrongDimensions(Exception):  # noqa: N818 - says what is wrong
    """A vector, or the existing table, has another number of dimensions than asked for."""

    def __init__(self, found: int, expected: int, where: str) -> None:
        super().__init__(
            f"{where} has {found} dimensions, expected {expected}; "
            "set embedding dimensions back, and move to another model by retrieval.embedding.next and `slipway reindex`"
        )


class StoreUnavailable(Exception):  # noqa: N818 - says what is wrong
    """The store did not answer within the deadline, for example while it resumes or throttles; later helps."""


class UnsupportedMode(Exception):  # noqa: N818 - says what is wrong
    """The store has no such search."""

    def __init__(self, store: str, mode: Mode, has: frozenset[Mode]) -> None:
        super().__init__(
            f"{store} has no {mode} search; it has {', '.join(sorted(has))}; ask for that, or leave mode out"
        )


@dataclass(frozen=True, kw_only=True)
class DocumentVersion:
    """One version of one document. `sequencer` is padded, so that text order is the order of the writes.

    `attributes` are what its chunks can be filtered by, beside `chunk_attributes`.
    """

    tenant: str
    document_id: str
    path: str
    title: str
    sequencer: str
    source_version: str
    rules: str
    attributes: Attributes = field(default_factory=dict)


def chunk_attributes(version: DocumentVersion, chunk: Chunk) -> dict[str, Attribute]:
    """Return what a chunk can be filtered by: the document's attributes, its id and path, and the chunk's page."""
    page: dict[str, Attribute] = {} if chunk.page is None else {"page": chunk.page}
    return {**version.attributes, **page, "document_id": version.document_id, "path": version.path}


@dataclass(frozen=True, kw_only=True)
class Query:
    """A question to the store. `limit`: most hits; `vector` is not needed for keyword search, nor `text` for vector."""

    tenant: str
    text: str = ""
    vector: list[float] | None = None
    mode: Mode = "hybrid"
    limit: int = 8
    filter: Filter | None = None

    def __post_init__(self) -> None:
        if not self.tenant:
            raise ValueError("a query names its tenant")
        if self.vector is None and self.mode != "keyword":
            raise ValueError(f"a {self.mode} query needs a vector")
        if self.limit < 1:
            raise ValueError(f"limit is {self.limit}, expected 1 or more")


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A chunk that search found.

    `score` is its cosine similarity, cut to 0..1, where the query has a vector and the store has one, else its rank's
    own measure; `fused` is what the hits are ordered by, descending. `start` and `end` are the chunk's characters in
    the document's curated text, None in a store that does not keep them.
    """

    chunk_id: str
    document_id: str
    path: str
    heading: str
    page: int | None
    content: str
    score: float
    fused: float
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, kw_only=True)
class Health:
    """Whether the store answers, and what it says of itself, without content."""

    ok: bool
    detail: str


class VectorStore(Protocol):
    """Chunks by tenant. Each write is atomic for its document and safe to repeat.

    Every method raises StoreUnavailable when the store does not answer before the deadline.
    """

    @property
    def modes(self) -> frozenset[Mode]:
        """The searches that it has."""
        ...

    def migrate(self, dimensions: int, deadline: Deadline) -> None:
        """Make or complete the index; harmless to repeat, also by two callers at once. Raises: WrongDimensions."""
        ...

    def replace(
        self, version: DocumentVersion, chunks: list[Chunk], vectors: list[list[float]], deadline: Deadline
    ) -> bool:
        """Replace all chunks of a document; False, and nothing changed, if the store holds a newer version."""
        ...

    def touch(self, version: DocumentVersion, deadline: Deadline) -> bool:
        """Note a newer version with the same content; False if the store holds a newer one or none."""
        ...

    def delete(
        self, tenant: str, document_id: str, sequencer: str, deadline: Deadline, *, force: bool = False
    ) -> int | None:
        """Remove a document's chunks and return how many; None, and nothing changed, if a newer version is there."""
        ...

    def search(self, query: Query, deadline: Deadline) -> list[Hit]:
        """Return the tenant's best chunks that pass the filter: `limit` of them wherever so many there are.

        Raises: WrongDimensions, UnsupportedMode.
        """
        ...

    def count(self, tenant: str, deadline: Deadline, filter: Filter | None = None) -> int:
        """Return how many of the tenant's chunks pass the filter."""
        ...

    def health(self, deadline: Deadline) -> Health:
        """Return whether the store answers."""
        ...


class GenerationStore(VectorStore, Protocol):
    """One generation of a store that can hold several beside each other, each with its own model and dimensions.

    What is done to one is not seen in another.
    """

    def inventory(self, deadline: Deadline) -> Iterator[tuple[str, int]]:
        """Yield each document of every tenant that has chunks, by its id, with how many of them can be found.

        Raises: StoreUnavailable, also while what was written is not found yet.
        """
        ...

    def drop(self, deadline: Deadline) -> None:
        """Remove the generation with all that it holds; harmless to repeat."""
        ...
