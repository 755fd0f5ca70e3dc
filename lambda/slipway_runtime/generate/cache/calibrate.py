"""Which similarity is enough, found from pairs of questions that are told to be the same or not.

The threshold is an order statistic of the pairs that are not the same and pass the guard: with k of n such pairs above
it, P(Binomial(n, bound) <= k) <= 1 - confidence. So, with that confidence over the choice of the pairs, a question like
theirs hits falsely with a probability of at most `bound`, whatever the distribution of similarities; but the pairs must
be drawn one by one: a hundred that differ in a name alone say little more than one.
Source: Wilks, "Determination of Sample Sizes for Setting Tolerance Limits", 1941; Schroeder et al., "vCache", 2025.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

# Where the guard refuses every pair, any threshold keeps the bound on questions like theirs; this stays for others.
LEAST = 0.7


class TooFewPairs(ValueError):  # noqa: N818 - says what is wrong
    """So few pairs cannot show the bound; the message says how many are needed."""


class Rates(NamedTuple):
    """Shares at a threshold: of the same questions that hit, and of the others that hit falsely."""

    hits: float
    false_hits: float


def threshold(others: Sequence[float], bound: float, confidence: float = 0.95) -> float:
    """Return the least similarity of a hit, LEAST or more.

    `others`: the similarity of each pair that is not the same; -1 for those that the guard refuses.
    Raises: TooFewPairs.
    """
    count = len(others)
    allowed = allowed_above(count, bound, confidence)
    if allowed < 0:
        needed = math.ceil(math.log(1 - confidence) / math.log(1 - bound))
        raise TooFewPairs(f"{count} pairs of different questions were given; a bound of {bound} needs {needed}")
    # A hit must be above this: equal similarities count as false hits too.
    return max(LEAST, math.nextafter(sorted(others, reverse=True)[allowed], 2.0))


def allowed_above(count: int, bound: float, confidence: float) -> int:
    """Return how many of `count` pairs may lie above the threshold, -1 where even none would not show the bound."""
    below, allowed = 0.0, -1
    for above in range(count):
        below += math.exp(
            math.lgamma(count + 1)
            - math.lgamma(above + 1)
            - math.lgamma(count - above + 1)
            + above * math.log(bound)
            + (count - above) * math.log1p(-bound)
        )
        if below > 1 - confidence:
            break
        allowed = above
    return allowed


def rates(same: Sequence[float], others: Sequence[float], at: float) -> Rates:
    """Return what a threshold does to pairs."""
    return Rates(_share(same, at), _share(others, at))


def _share(similarities: Sequence[float], at: float) -> float:
    return sum(each >= at for each in similarities) / len(similarities) if similarities else 0.0
