"""The tests themselves, on answers that are known."""

import numpy as np
import pytest

from slipway_runtime.evaluate.gate.significance import bootstrap_p, holm, interval, sign_p


def test_the_sign_test_is_exact() -> None:
    # 8 of 10 gains: (45 + 10 + 1) / 1024, ties apart.
    differences = np.array([1.0] * 8 + [-1.0] * 2 + [0.0] * 5)[:, None]
    assert sign_p(differences)[0] == pytest.approx(56 / 1024, abs=1e-12)
    assert sign_p(np.zeros((9, 1)))[0] == 1.0


def test_holm_adjusts_as_published() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.9]) == [1.0, 1.0]


def test_the_bootstrap_comes_near_students_test_where_that_is_right() -> None:
    draw = np.random.default_rng(3)
    differences = draw.normal(0.12, 1, (400, 1))
    t = differences.mean() / (differences.std(ddof=1) / 20)
    from statistics import NormalDist

    assert bootstrap_p(differences, resamples=20_000, seed=0)[0] == pytest.approx(1 - NormalDist().cdf(t), abs=0.01)
    low, high = interval(differences, alpha=0.05, resamples=20_000, seed=0)
    assert (high - low)[0] == pytest.approx(2 * 1.645 * differences.std() / 20, rel=0.03)


def test_what_never_differs_is_no_gain_and_a_constant_gain_is_sure() -> None:
    columns = np.stack([np.zeros(50), np.full(50, 0.1), np.full(50, -0.1)], axis=1)
    assert bootstrap_p(columns, resamples=999, seed=0) == pytest.approx([1.0, 0.001, 1.0])


def test_equal_seeds_give_equal_values_and_chunks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    differences = np.random.default_rng(1).normal(size=(50, 2))
    whole = bootstrap_p(differences, resamples=500, seed=4)
    assert (whole == bootstrap_p(differences, resamples=500, seed=4)).all()
    monkeypatch.setattr("slipway_runtime.evaluate.gate.significance.CHUNK_DRAWS", 1_000)
    assert bootstrap_p(differences, resamples=500, seed=4) == pytest.approx(whole)
