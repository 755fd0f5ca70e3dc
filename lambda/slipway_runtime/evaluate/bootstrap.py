"""Confidence intervals of means over questions, by resampling them.

Source: Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 13 (percentile interval); Sakai,
"Evaluating evaluation metrics based on the bootstrap" (SIGIR 2006) for the paired comparison of two systems.
"""

import random
from collections.abc import Sequence

import msgspec

RESAMPLES = 2_000
LEVEL = 0.95


class Estimate(msgspec.Struct, frozen=True):
    """A mean over `count` questions with the bounds of its 95 % interval."""

    mean: float
    low: float
    high: float
    count: int


def estimate(values: Sequence[float], *, seed: int = 0, resamples: int = RESAMPLES) -> Estimate:
    """Return mean and percentile interval; equal values and seeds give equal bounds. Raises: ValueError without any."""
    if not values:
        raise ValueError("values is empty, expected at least one")
    size = len(values)
    chance = random.Random(seed)  # noqa: S311 - statistics, no secret
    means = sorted(sum(chance.choices(values, k=size)) / size for _ in range(resamples))
    tail = round((1 - LEVEL) / 2 * resamples)
    return Estimate(sum(values) / size, means[tail], means[-1 - tail], size)


def difference(one: Sequence[float], other: Sequence[float], *, seed: int = 0) -> Estimate:
    """Return by how much `one` is above `other`, question by question, which is what makes them comparable.

    Raises: ValueError if they are of different questions' number, or empty.
    """
    return estimate([left - right for left, right in zip(one, other, strict=True)], seed=seed)
