"""The index of the chunks: its fields, and the graph's settings, checked before the service sees them.

Every field is named here and no other is let in. What chunks can be filtered by is one field of terms
(`filter_query`), so that no tenant's choice of attribute names can use up the index's number of fields.
Sources: Amazon OpenSearch Service developer guide, "Working with vector search collections"; OpenSearch documentation,
"k-NN vector" (faiss, hnsw: m, ef_construction), "Create index".
"""

from dataclasses import dataclass
from typing import Any

NAME = "chunks"
# The limit of the faiss engine.
MAX_DIMENSIONS = 16_000
KEYWORDS = ("tenant", "document_id", "chunk_id", "path", "attributes")
NUMBERS = {
    "claim": "long",
    **dict.fromkeys(("ordinal", "page", "start", "end", "parent_start", "parent_end"), "integer"),
}
# Kept and given back, but never searched by.
STORED = ("source_version", "rules")


@dataclass(frozen=True, kw_only=True)
class Hnsw:
    """The graph. `m`: neighbours of each vector; `ef_construction` and `ef_search`: how many candidates are held while
    it is built and searched. Memory is about 1.1 * (4 * dimensions + 8 * m) bytes a vector.

    Raises: ValueError outside 2 to 64 and 8 to 2,048.
    """

    m: int = 16
    ef_construction: int = 256
    ef_search: int = 256

    def __post_init__(self) -> None:
        if not 2 <= self.m <= 64:
            raise ValueError(f"m is {self.m}, expected 2 to 64")
        for name, value in (("ef_construction", self.ef_construction), ("ef_search", self.ef_search)):
            if not 8 <= value <= 2_048:
                raise ValueError(f"{name} is {value}, expected 8 to 2,048")
        if self.ef_construction < self.m:
            raise ValueError(f"ef_construction is {self.ef_construction}, expected at least m, which is {self.m}")


def body(dimensions: int, hnsw: Hnsw) -> dict[str, Any]:
    """Return the request that makes the index. Raises: ValueError unless `dimensions` is 1 to 16,000."""
    if not isinstance(dimensions, int) or not 1 <= dimensions <= MAX_DIMENSIONS:
        raise ValueError(f"Dimensions is {dimensions!r}, expected a whole number from 1 to {MAX_DIMENSIONS}")
    return {
        "settings": {"index": {"knn": True, "knn.algo_param.ef_search": hnsw.ef_search}},
        "mappings": {"dynamic": "strict", "properties": properties(dimensions, hnsw)},
    }


def properties(dimensions: int, hnsw: Hnsw) -> dict[str, Any]:
    """Return the fields. Vectors have length 1, so that the inner product, which faiss knows, is the cosine."""
    text = {"type": "text", "analyzer": "english", "index_options": "freqs"}
    copied = {"type": "text", "index": False, "copy_to": "text"}
    return {
        **{name: {"type": "keyword"} for name in KEYWORDS},
        **{name: {"type": kind} for name, kind in NUMBERS.items()},
        **{name: {"type": "keyword", "index": False, "doc_values": False} for name in STORED},
        **dict.fromkeys(("title", "heading", "content"), copied),
        "text": text,
        "embedding": {
            "type": "knn_vector",
            "dimension": dimensions,
            "method": {
                "name": "hnsw",
                "engine": "faiss",
                "space_type": "innerproduct",
                "parameters": {"m": hnsw.m, "ef_construction": hnsw.ef_construction},
            },
        },
    }
