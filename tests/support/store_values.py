"""What the tests of vector stores write and ask: versions, chunks, vectors of 8 dimensions, attributes and filters."""

import random
from typing import Any

from hypothesis import strategies as st

from slipway_runtime.operate.record import padded
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.retrieve.chunk import Chunk
from slipway_runtime.retrieve.filters import Attributes, Compare, Compound, Equals, Filter, Not, OneOf
from slipway_runtime.retrieve.stores.contract import DocumentVersion

DIMENSIONS = 8


def soon() -> Deadline:
    return Deadline.after(30)


def stamp(sequencer: str) -> str:
    """A small number as S3 would write it: 18 digits."""
    return padded(f"{sequencer:0>18}")


def version(
    sequencer: str, document: str = "doc_1", tenant: str = "acme", attributes: Attributes | None = None
) -> DocumentVersion:
    return DocumentVersion(
        tenant=tenant,
        document_id=document,
        path=f"{document}.md",
        title="Guide",
        sequencer=stamp(sequencer),
        source_version=f"v{sequencer}",
        rules="r1",
        attributes=attributes or {},
    )


def pieces(count: int, words: str = "plain words", page: int | None = None) -> list[Chunk]:
    return [
        Chunk(ordinal=n, start=n * 10, end=n * 10 + 9, content=f"{words} {n}", heading="A > B", page=page)
        for n in range(count)
    ]


def vectors(count: int, seed: int = 0) -> list[list[float]]:
    source = random.Random(seed)
    return [[source.gauss(0, 1) for _ in range(DIMENSIONS)] for _ in range(count)]


def cosine(one: list[float], other: list[float]) -> float:
    dot = sum(a * b for a, b in zip(one, other, strict=True))
    return dot / (sum(a * a for a in one) * sum(b * b for b in other)) ** 0.5


def values() -> st.SearchStrategy[Any]:
    return st.sampled_from(["en", "de", "", 'quote " and \\', "ü😀", "a' OR '1'='1", True, False, 0, 1, 3, 2.5, -7])


def comparisons() -> st.SearchStrategy[Filter]:
    keys = st.sampled_from(["language", "tags", "year", "draft", "missing"])
    return st.one_of(
        st.builds(Equals, st.sampled_from(["eq", "ne"]), keys, values()),
        st.builds(Compare, st.sampled_from(["gt", "gte", "lt", "lte"]), keys, st.sampled_from([-7, 0, 1, 2.5, 3])),
        st.builds(OneOf, st.sampled_from(["in", "nin"]), keys, st.lists(values(), min_size=1, max_size=3).map(tuple)),
    )


def filters() -> st.SearchStrategy[Filter]:
    def grow(inner: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
        several = st.lists(inner, min_size=1, max_size=3).map(tuple)
        return st.one_of(st.builds(Compound, st.sampled_from(["and", "or"]), several), st.builds(Not, inner))

    return st.recursive(comparisons(), grow, max_leaves=6)


def attributes() -> st.SearchStrategy[dict[str, Any]]:
    tags = st.lists(st.sampled_from(["en", "a' OR '1'='1", "", "x"]), max_size=3, unique=True)
    return st.fixed_dictionaries({}, optional={"language": values(), "year": values(), "draft": values(), "tags": tags})
