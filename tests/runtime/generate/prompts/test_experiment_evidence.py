"""The stopping rule keeps its error rate although somebody looks after every single observation.

Expectation: Ville's inequality, P(E ever >= 1/a) <= a where the hypothesis is true; Howard et al. 2021,
https://doi.org/10.1214/20-AOS1991, Wasserman et al. 2020, https://doi.org/10.1073/pnas.1922664117.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_runtime.generate.prompts.experiment_evidence import Count, log_e

pytestmark = pytest.mark.capability("P3")
EXPERIMENTS = 2000
Array = Any


def gamma_table(size: int) -> Array:
    """ln Gamma(k / 2 + 1/2) at place k: all that counts of 0 and 1 need."""
    return np.array([math.lgamma(place / 2 + 0.5) for place in range(2 * size + 4)])


def likelihood(units: Array, total: Array, mean: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        won = np.where(total > 0, total * np.log(mean), 0.0)
        return won + np.where(units > total, (units - total) * np.log1p(-mean), 0.0)


def log_e_of_all(n_low: Array, s_low: Array, n_high: Array, s_high: Array, margin: float, table: Array) -> Array:
    """The same as `log_e`, over arrays of whole counts."""

    def mixture(units: Array, total: Array) -> Array:
        return table[2 * total] + table[2 * (units - total)] - table[2 * units + 1] - math.log(math.pi)

    low, high = s_low / np.maximum(n_low, 1), s_high / np.maximum(n_high, 1)
    free = likelihood(n_low, s_low, low) + likelihood(n_high, s_high, high)
    if margin:
        left, right = np.zeros(low.shape), np.full(low.shape, 1 - margin)
        for _ in range(40):
            at = (left + right) / 2
            slope = s_low / at - (n_low - s_low) / (1 - at) + s_high / (at + margin)
            up = slope - (n_high - s_high) / (1 - at - margin) > 0
            left, right = np.where(up, at, left), np.where(up, right, at)
        mean = (left + right) / 2
    else:
        mean = (s_low + s_high) / np.maximum(n_low + n_high, 1)
    bound = likelihood(n_low, s_low, mean) + likelihood(n_high, s_high, mean + margin)
    inside = (high <= low + margin) | (n_low == 0) | (n_high == 0)
    return mixture(n_low, s_low) + mixture(n_high, s_high) - np.where(inside, free, bound)


def crossed(
    means: tuple[float, float],
    steps: int,
    *,
    margin: float = 0.0,
    share: float = 0.5,
    error: float = 0.05,
    seed: int = 1,
) -> Array:
    """For each experiment, after how many observations it first stops; 0 for never. One looks after each of them."""
    random, table = np.random.default_rng(seed), gamma_table(steps)
    counts = [np.zeros(EXPERIMENTS, dtype=np.int64) for _ in range(4)]
    stopped = np.zeros(EXPERIMENTS, dtype=np.int64)
    for step in range(1, steps + 1):
        to_high = random.random(EXPERIMENTS) < share
        value = random.random(EXPERIMENTS) < np.where(to_high, means[1], means[0])
        for place, where in ((0, ~to_high), (2, to_high)):
            counts[place] += where
            counts[place + 1] += where & value
        over = log_e_of_all(*counts, margin, table) >= math.log(1 / error)
        stopped = np.where((stopped == 0) & over, step, stopped)
    return stopped


def test_the_vectorised_formula_is_the_librarys() -> None:
    random, table = np.random.default_rng(0), gamma_table(400)
    for margin in (0.0, 0.05, 0.3):
        units = random.integers(0, 400, (2, 200))
        totals = (units * random.random((2, 200))).astype(np.int64)
        found = log_e_of_all(units[0], totals[0], units[1], totals[1], margin, table)
        for at in range(200):
            low, high = (Count(int(units[arm, at]), float(totals[arm, at])) for arm in (0, 1))
            assert log_e(low, high, margin) == pytest.approx(float(found[at]), abs=1e-6)


@pytest.mark.parametrize(
    ("means", "share"), [((0.5, 0.5), 0.5), ((0.05, 0.05), 0.5), ((0.9, 0.9), 0.1), ((0.7, 0.6), 0.5)]
)
def test_false_alarms_stay_below_the_stated_rate_with_a_look_after_each_observation(
    means: tuple[float, float], share: float
) -> None:
    """2,000 experiments of 1,500 observations each; 0.05 plus what chance adds to 2,000 once in a thousand times."""
    rate = np.count_nonzero(crossed(means, 1500, share=share)) / EXPERIMENTS
    assert rate <= 0.05 + 3.1 * math.sqrt(0.05 * 0.95 / EXPERIMENTS), rate


def test_false_alarms_of_a_guard_at_the_edge_of_its_margin() -> None:
    rate = np.count_nonzero(crossed((0.75, 0.8), 600, margin=0.05)) / EXPERIMENTS
    assert rate <= 0.05 + 3.1 * math.sqrt(0.05 * 0.95 / EXPERIMENTS), rate


@pytest.mark.parametrize(("means", "steps", "power"), [((0.6, 0.75), 1500, 0.95), ((0.5, 0.7), 800, 0.95)])
def test_a_real_difference_is_found(means: tuple[float, float], steps: int, power: float) -> None:
    stopped = crossed(means, steps)
    assert np.count_nonzero(stopped) / EXPERIMENTS >= power
    assert np.median(stopped[stopped > 0]) < steps / 2


def test_a_fixed_test_looked_at_after_each_observation_would_not_keep_it() -> None:
    """Why the rule is needed: the one-sided 5 % z-test, with the same looks."""
    random = np.random.default_rng(3)
    values = random.random((2, EXPERIMENTS, 500)) < 0.5
    units = np.arange(1, 501)
    means = values.cumsum(axis=2) / units
    pooled = means.mean(axis=0)
    spread = np.sqrt(np.maximum(pooled * (1 - pooled) * 2 / units, 1e-9))
    assert np.any(((means[1] - means[0]) / spread > 1.645)[:, 20:], axis=1).mean() > 0.2


@pytest.mark.parametrize("draw", [lambda r, n: r.beta(2, 2, n), lambda r, n: np.full(n, 0.5), lambda r, n: r.random(n)])
def test_numbers_between_the_bounds_raise_no_more_alarms_than_zeros_and_ones(draw: Callable[..., Any]) -> None:
    random = np.random.default_rng(5)
    alarms = 0
    for _ in range(300):
        values = draw(random, 200)
        sums = [0.0, 0.0]
        best = -math.inf
        for at, value in enumerate(values):
            sums[at % 2] += float(value)
            best = max(best, log_e(Count(at // 2 + 1, sums[0]), Count((at + 1) // 2, sums[1])))
        alarms += best >= math.log(20)
    assert alarms / 300 <= 0.05 + 3.1 * math.sqrt(0.05 * 0.95 / 300)


COUNTS = st.tuples(st.integers(0, 5000), st.floats(0, 1)).map(lambda pair: Count(pair[0], pair[0] * pair[1]))


@given(COUNTS, COUNTS, st.floats(0, 0.99))
def test_evidence_is_a_number_for_any_counts(low: Count, high: Count, margin: float) -> None:
    found = log_e(low, high, margin)
    assert math.isfinite(found)
    assert found <= log_e(low, high) + 1e-6
