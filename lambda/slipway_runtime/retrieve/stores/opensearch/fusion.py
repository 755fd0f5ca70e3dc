"""Reciprocal rank fusion of several searches, on this side: the service's pipelines only know means of scores.

Sources: Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning
Methods" (2009); Amazon OpenSearch Service developer guide, "Working with vector search collections" (hybrid).
Their k of 60 is for many rankings of many places; of two, what stands at the top of one must count. Chosen as for the
Aurora store: 2 to 10 do alike, 60 finds less.
"""

from collections.abc import Sequence
from dataclasses import dataclass

RANK_CONSTANT = 10


@dataclass(frozen=True, kw_only=True)
class Found:
    """A chunk as a search found it. `id` is the service's own."""

    id: str
    chunk_id: str
    document_id: str
    tenant: str
    claim: int
    score: float


def fuse(legs: Sequence[Sequence[Found]], limit: int) -> list[tuple[Found, float]]:
    """Return the best of all searches with the sum of 1 / (10 + rank); equal ones in the order of their chunk ids."""
    total: dict[str, float] = {}
    by_id: dict[str, Found] = {}
    for leg in legs:
        for rank, found in enumerate(sorted(leg, key=lambda each: (-each.score, each.chunk_id)), 1):
            by_id.setdefault(found.id, found)
            total[found.id] = total.get(found.id, 0.0) + 1 / (RANK_CONSTANT + rank)
    best = sorted(total, key=lambda each: (-total[each], by_id[each].chunk_id))
    return [(by_id[each], total[each]) for each in best[:limit]]
