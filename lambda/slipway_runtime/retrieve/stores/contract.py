"""What every vector store takes and gives."""

from dataclasses import dataclass
from typing import Protocol

from slipway_runtime.operate.retry import Deadline
from slipway_runtime.retrieve.chunk import Chunk


class WrongDimensions(Exception):  # noqa: N818 - says what is wrong
    """A vector, or the existing table, has another number of dimensions than asked for."""

    def __init__(self, found: int, expected: int, where: str) -> None:
        super().__init__(
            f"{where} has {found} dimensions, expected {expected}; "
            "set embedding dimensions back, or move to a new store and ingest the documents again"
        )


@dataclass(frozen=True, kw_only=True)
class DocumentVersion:
    """One version of one document. `sequencer` is padded, so that text order is the order of the writes."""

    tenant: str
    document_id: str
    path: str
    title: str
    sequencer: str
    source_version: str
    rules: str


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A chunk that search found.

    `score` is its cosine similarity, cut to 0..1; `fused` ranks vector and keyword hits together.
    """

    chunk_id: str
    document_id: str
    path: str
    heading: str
    page: int | None
    content: str
    score: float
    fused: float


class VectorStore(Protocol):
    """Chunks by tenant. Each call is atomic and safe to repeat."""

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

    def search(self, tenant: str, vector: list[float], text: str, limit: int, deadline: Deadline) -> list[Hit]:
        """Return the tenant's best chunks, by vector and keywords together."""
        ...
