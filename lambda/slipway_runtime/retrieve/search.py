"""A text to the chunks that are found for it: embed, search, rerank."""

from dataclasses import dataclass

from slipway_runtime.operate.retry import Deadline
from slipway_runtime.retrieve.embed import Embedder
from slipway_runtime.retrieve.filters import Filter
from slipway_runtime.retrieve.rerank import NO_RERANKING, Reranker
from slipway_runtime.retrieve.stores.contract import Hit, Mode, Query, VectorStore

# Titan Text Embeddings V2 takes 8,192 tokens, and no tokeniser makes more tokens of a text than it has bytes of UTF-8.
MAX_SEARCHED_BYTES = 8_000


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What to search for, how many hits at most, and which attributes they must have.

    `mode`: by which search; None: the store's best, hybrid where it has that.
    """

    text: str
    limit: int
    mode: Mode | None = None
    filter: Filter | None = None


@dataclass(frozen=True, kw_only=True)
class Searcher:
    """Searches one tenant's chunks."""

    embedder: Embedder
    store: VectorStore
    reranker: Reranker = NO_RERANKING

    def search(self, tenant: str, wanted: Wanted, deadline: Deadline, *, rerank: bool = True) -> list[Hit]:
        """Return the best chunks, in the order of the reranker where there is one and the search is hybrid.

        Of a long text only the last 8,000 bytes are searched for; people paste first and ask at the end.
        Raises: EmbeddingError, StoreUnavailable, UnsupportedMode, WrongDimensions.
        """
        text = wanted.text.encode("utf-8", "replace")[-MAX_SEARCHED_BYTES:].decode("utf-8", "ignore")
        mode = wanted.mode or self._best_mode()
        vector = (
            None
            if mode == "keyword" or mode not in self.store.modes
            else self.embedder.embed([text], deadline, "query")[0]
        )
        reorders = rerank and mode in (self._best_mode(), "hybrid") and self.reranker.candidates > 0
        query = Query(
            tenant=tenant,
            text=text,
            vector=vector,
            mode=mode,
            limit=max(wanted.limit, self.reranker.candidates) if reorders else wanted.limit,
            filter=wanted.filter,
        )
        hits = self.store.search(query, deadline)
        return (self.reranker.rerank(text, hits, deadline) if reorders else hits)[: wanted.limit]

    def _best_mode(self) -> Mode:
        return "hybrid" if "hybrid" in self.store.modes else "keyword"
