"""Evidence that one arm's mean is above another's, which may be looked at after every observation.

`log_e` is the logarithm of an e-process: where the hypothesis is true, the probability that it ever reaches ln(1/a) is
at most a, whatever the stopping rule (Ville's inequality). The numerator mixes over all means of each arm by Beta(1/2,
1/2) (Robbins' method of mixtures); the denominator is the largest likelihood that the hypothesis allows (universal
inference), so that E is at most the mixture's likelihood ratio at the true means: a non-negative martingale that starts
at 1. Only units and sums enter, in any order and at any shares of traffic, so that counters are enough. Numbers between
0 and 1 need no other formula: the Bernoulli likelihood ratio is convex in the observation, hence a supermartingale for
any bounded one with the same mean ("sub-Bernoulli"); it is then cautious.
Source: Howard, Ramdas, McAuliffe, Sekhon 2021, "Time-uniform, nonparametric, nonasymptotic confidence sequences"
(https://doi.org/10.1214/20-AOS1991); Wasserman, Ramdas, Balakrishnan 2020, "Universal inference"
(https://doi.org/10.1073/pnas.1922664117); Ramdas, Gruenwald, Vovk, Shafer 2023, "Game-theoretic statistics and safe
anytime-valid inference" (https://doi.org/10.1214/23-STS894).
"""

import math
from typing import NamedTuple

HALF = 0.5
BISECTIONS = 60
LOG_PI = math.log(math.pi)


class Count(NamedTuple):
    """Observations of one arm, each from 0 (worst) to 1 (best): how many, and their sum."""

    units: int = 0
    total: float = 0.0

    @property
    def mean(self) -> float:
        """Return the mean, 0 without observations."""
        return self.total / self.units if self.units else 0.0


def log_e(low: Count, high: Count, margin: float = 0.0) -> float:
    """Return the evidence against: the mean behind `high` is at most that behind `low` plus `margin`, 0 to 1."""
    return _mixture(low) + _mixture(high) - _most_likely(low, high, margin)


def _mixture(count: Count) -> float:
    """Return the log likelihood mixed over all means: B(s + 1/2, n - s + 1/2) / B(1/2, 1/2)."""
    units, total = count
    return math.lgamma(total + HALF) + math.lgamma(units - total + HALF) - math.lgamma(units + 1) - LOG_PI


def _most_likely(low: Count, high: Count, margin: float) -> float:
    """Return the largest log likelihood of two means that the hypothesis allows."""
    if high.mean <= low.mean + margin or not low.units or not high.units:
        return _likelihood(low, low.mean) + _likelihood(high, high.mean)
    mean = _boundary(low, high, margin)
    return _likelihood(low, mean) + _likelihood(high, mean + margin)


def _boundary(low: Count, high: Count, margin: float) -> float:
    """Return the low mean that is most likely where the high one is `margin` above it; the likelihood is concave."""
    if not margin:
        return (low.total + high.total) / (low.units + high.units)
    left, right = 0.0, 1.0 - margin
    for _ in range(BISECTIONS):
        middle = (left + right) / 2
        slope = _slope(low, middle) + _slope(high, middle + margin)
        left, right = (middle, right) if slope > 0 else (left, middle)
    return (left + right) / 2


def _slope(count: Count, mean: float) -> float:
    return count.total / mean - (count.units - count.total) / (1 - mean)


def _likelihood(count: Count, mean: float) -> float:
    missed = count.units - count.total
    won = count.total * math.log(mean) if count.total else 0.0
    return won + (missed * math.log1p(-mean) if missed > 0 else 0.0)
