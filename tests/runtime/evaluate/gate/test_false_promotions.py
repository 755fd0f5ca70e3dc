"""How often the gate promotes a candidate that is no better, and how often one that is: 2,000 pairs of each."""

import numpy as np
import pytest

from slipway_runtime.evaluate.gate.significance import bootstrap_p, sign_p

PAIRS, ITEMS, METRICS = 2_000, 200, 3
ALPHA = 0.05
# What a rate of exactly ALPHA may show in 2,000 trials once in a thousand: 3.1 standard errors.
CHANCE = 3.1 * (ALPHA * (1 - ALPHA) / PAIRS) ** 0.5


def scores(kind: str, gain: float, seed: int) -> np.ndarray:
    """Differences, items × pairs × metrics: the metrics of one item go together, as they do of real answers."""
    draw = np.random.default_rng(seed)
    shared = draw.normal(size=(2, ITEMS, PAIRS, 1))
    noise = (shared + draw.normal(size=(2, ITEMS, PAIRS, METRICS))) / 2**0.5
    if kind == "normal":
        return noise[0] - noise[1] + gain
    if kind == "right or wrong":
        from statistics import NormalDist

        bar = NormalDist().inv_cdf(0.4)
        lifted = NormalDist().inv_cdf(0.4 - gain)
        return (noise[0] > lifted).astype(float) - (noise[1] > bar).astype(float)
    # Heavy tails, alike on both sides: a few answers that go wrong decide the mean.
    return np.exp(noise[0] + gain) - np.exp(noise[1])


def promoted(differences: np.ndarray, tests: str = "both") -> np.ndarray:
    """For each pair whether any metric is better after Holm's correction: whether the least p is under alpha / m."""
    flat = differences.reshape(ITEMS, -1)
    p = {"bootstrap": bootstrap_p(flat, resamples=500, seed=1), "sign": sign_p(flat)}
    p["both"] = np.maximum(p["bootstrap"], p["sign"])
    return np.asarray(p[tests].reshape(-1, METRICS).min(axis=1) <= ALPHA / METRICS)


@pytest.mark.capability("P7")
@pytest.mark.parametrize("kind", ["normal", "right or wrong", "heavy tails"])
def test_false_promotions_stay_under_the_stated_level(kind: str) -> None:
    rate = promoted(scores(kind, 0.0, seed=7)).mean()
    assert rate <= ALPHA
    assert rate > 0.001  # a gate that never opens would pass, too


@pytest.mark.parametrize("tests", ["bootstrap", "sign"])
def test_either_test_alone_keeps_the_level_within_the_chance_of_2000_trials(tests: str) -> None:
    for kind in ("normal", "right or wrong", "heavy tails"):
        assert promoted(scores(kind, 0.0, seed=8), tests).mean() <= ALPHA + CHANCE


@pytest.mark.parametrize(("kind", "gain"), [("normal", 0.5), ("right or wrong", 0.2)])
def test_a_real_gain_is_found(kind: str, gain: float) -> None:
    assert promoted(scores(kind, gain, seed=9)).mean() >= 0.9
