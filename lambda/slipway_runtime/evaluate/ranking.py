"""How good a ranking is: recall, precision, reciprocal rank, nDCG and average precision, as pure functions.

A ranking is what each hit covers, best first: the set of the question's relevant items that the hit holds, empty for a
hit that holds none. A second hit that covers the same item again gains nothing.
Sources: Manning, Raghavan and Schütze, "Introduction to Information Retrieval" (2008), chapter 8; Järvelin and
Kekäläinen, "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20 (2002).
"""

import math
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

Ranking = Sequence[AbstractSet[int]]


def recall(ranking: Ranking, relevant: int, k: int) -> float:
    """Return the share, 0 to 1, of the `relevant` items that the first `k` hits cover.

    Raises: ValueError if `relevant` or `k` is under 1.
    """
    _at_least_one(relevant=relevant, k=k)
    covered: set[int] = set().union(*ranking[:k])
    return len(covered) / relevant


def precision(ranking: Ranking, k: int) -> float:
    """Return the share, 0 to 1, of the first `k` places that hold something relevant; places left empty hold nothing.

    Raises: ValueError if `k` is under 1.
    """
    _at_least_one(k=k)
    return sum(bool(hit) for hit in ranking[:k]) / k


def reciprocal_rank(ranking: Ranking) -> float:
    """Return 1 / the place of the first relevant hit, 0 where there is none."""
    return next((1 / place for place, hit in enumerate(ranking, 1) if hit), 0.0)


def dcg(gains: Sequence[float]) -> float:
    """Return the discounted cumulated gain: each gain over log2(place + 1)."""
    return sum(gain / math.log2(place + 1) for place, gain in enumerate(gains, 1))


def ndcg(ranking: Ranking, relevant: int, k: int) -> float:
    """Return the gain of the first `k` hits as a share, 0 to 1, of the best order's: one new item in each place.

    A hit that covers several new items gains by one: the best order is that of hits, not of items.
    Raises: ValueError if `relevant` or `k` is under 1.
    """
    _at_least_one(relevant=relevant, k=k)
    return dcg(_new(ranking[:k])) / dcg([1.0] * min(relevant, k))


def average_precision(relevance: Sequence[bool]) -> float:
    """Return the mean of precision@place over the relevant places of a ranking, 0 to 1; 0 where there is none.

    Over the contexts that an answer was given this is context precision.
    Source: Ragas documentation, "Context Precision".
    """
    seen = 0
    total = 0.0
    for place, is_relevant in enumerate(relevance, 1):
        if is_relevant:
            seen += 1
            total += seen / place
    return total / seen if seen else 0.0


def _new(ranking: Ranking) -> list[float]:
    covered: set[int] = set()
    gains = []
    for hit in ranking:
        gains.append(1.0 if hit - covered else 0.0)
        covered |= hit
    return gains


def _at_least_one(**numbers: int) -> None:
    for name, number in numbers.items():
        if number < 1:
            raise ValueError(f"{name} is {number}, expected 1 or more")
