"""One generation as those use it who write: its store, its model, and how its chunks are cut."""

from dataclasses import dataclass

from slipway_runtime.operate.retry import Deadline
from slipway_runtime.prepare.curate import CuratedDocument
from slipway_runtime.retrieve.chunk import ChunkSettings, chunk
from slipway_runtime.retrieve.context import embedding_text
from slipway_runtime.retrieve.embed import Embedder
from slipway_runtime.retrieve.stores.contract import DocumentVersion, VectorStore


@dataclass(frozen=True, kw_only=True)
class Index:
    """Chunks of documents and their embeddings, of one model."""

    store: VectorStore
    embedder: Embedder
    chunking: ChunkSettings

    @property
    def rules(self) -> str:
        """What decides the chunks of a curated document, as text."""
        return f"chunk-{self.chunking.version}/{self.embedder.model_id}-{self.embedder.dimensions}"

    def put(self, version: DocumentVersion, curated: CuratedDocument, deadline: Deadline) -> int | None:
        """Replace a document's chunks and return how many; None, and nothing changed, if a newer version is there.

        Raises: Rejected for too many chunks, EmbeddingError, StoreUnavailable.
        """
        document = curated.prepared()
        chunks = chunk(document, self.chunking)
        texts = [embedding_text(document, piece, self.embedder.model) for piece in chunks]
        vectors = self.embedder.embed(texts, deadline)
        return len(chunks) if self.store.replace(version, chunks, vectors, deadline) else None

    def keep(
        self, version: DocumentVersion, curated: CuratedDocument, deadline: Deadline, *, is_same: bool
    ) -> int | None:
        """Put a document; one that `is_same` as what is there is only noted, where it is there."""
        if is_same and self.store.touch(version, deadline):
            return 0
        return self.put(version, curated, deadline)
