"""What a metric gives: a score for each item, a value for all of them, and how it was taken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Measure:
    """`value` is the library's own corpus value, `scores` those of the items, in their order.

    `signature` tells library, version and options: values compare only if it is equal. `top` is the best possible
    value, for plots; 0 if there is none.
    """

    name: str
    value: float
    scores: Sequence[float]
    signature: str
    top: float = 1.0
    higher_is_better: bool = True


@dataclass(frozen=True)
class Skipped:
    """A metric that could not be taken here, and why."""

    name: str
    reason: str


Texts = Sequence[str]
References = Sequence[Sequence[str]]
Result = Mapping[str, Measure]
