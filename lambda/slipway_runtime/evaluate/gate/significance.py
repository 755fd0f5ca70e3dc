"""Tests on paired differences, many metrics at once: columns of one matrix, rows the same items.

Sources: Sakai, "Evaluating evaluation metrics based on the bootstrap" (SIGIR 2006), figure 3: the studentised paired
test; Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), section 16.4; Dixon and Mood, "The statistical
sign test" (1946); Holm, "A simple sequentially rejective multiple test procedure" (1979).
"""

import functools
import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
CHUNK_DRAWS = 4_000_000


def bootstrap_p(differences: Floats, *, resamples: int, seed: int) -> Floats:
    """Return for each column the one-sided p-value of "the mean is not above 0". Items × columns; seeded."""
    count = len(differences)
    mean = differences.mean(axis=0)
    centred = differences - mean
    observed = _studentised(mean, (centred**2).mean(axis=0), count)
    reached = np.zeros(differences.shape[1])
    for weights in _draws(count, resamples, seed):
        means = weights @ centred / count
        variances = weights @ centred**2 / count - means**2
        reached += (_studentised(means, variances, count) >= observed).sum(axis=0)
    # The sample itself counts as one: a p-value is never 0.
    return (reached + 1) / (resamples + 1)


def interval(differences: Floats, *, alpha: float, resamples: int, seed: int) -> tuple[Floats, Floats]:
    """Return for each column the bounds of the mean's 1 - 2 alpha percentile interval."""
    count = len(differences)
    means = np.concatenate([weights @ differences / count for weights in _draws(count, resamples, seed)])
    low, high = np.quantile(means, [alpha, 1 - alpha], axis=0)
    return low, high


def sign_p(differences: Floats) -> Floats:
    """Return for each column the exact one-sided p-value of "a gain is no likelier than a loss"; ties say nothing."""
    wins, losses = (differences > 0).sum(axis=0), (differences < 0).sum(axis=0)
    return np.array([_tail(int(won), int(won + lost)) for won, lost in zip(wins, losses, strict=True)])


def holm(values: Sequence[float]) -> list[float]:
    """Return p-values adjusted so that the chance of any false rejection among them stays under the level."""
    adjusted, highest = [0.0] * len(values), 0.0
    for rank, place in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        highest = max(highest, min(1.0, (len(values) - rank) * values[place]))
        adjusted[place] = highest
    return adjusted


def _draws(count: int, resamples: int, seed: int) -> Iterator[Floats]:
    """Yield matrices, resamples × items, of how often an item is drawn: never more than fit in some megabytes."""
    chance = np.random.default_rng(seed)
    step = max(1, CHUNK_DRAWS // count)
    for begin in range(0, resamples, step):
        size = min(step, resamples - begin)
        drawn = chance.integers(0, count, (size, count)) + np.arange(size)[:, None] * count
        yield np.bincount(drawn.ravel(), minlength=size * count).reshape(size, count).astype(np.float64)


def _studentised(mean: Floats, variance: Floats, count: int) -> Floats:
    deviation = np.sqrt(np.maximum(variance, 0.0) / count)
    flat = deviation <= 1e-12
    # Where nothing varies, any gain is beyond chance, and none is none.
    sure = np.where(mean > 1e-12, np.inf, np.where(mean < -1e-12, -np.inf, 0.0))
    return np.where(flat, sure, mean / np.where(flat, 1.0, deviation))


@functools.cache
def _tail(wins: int, trials: int) -> float:
    """Return the chance of at least `wins` heads in `trials` tosses of a fair coin."""
    if not trials:
        return 1.0
    top = math.lgamma(trials + 1) - trials * math.log(2)
    terms = (math.exp(top - math.lgamma(k + 1) - math.lgamma(trials - k + 1)) for k in range(wins, trials + 1))
    return min(1.0, math.fsum(terms))
