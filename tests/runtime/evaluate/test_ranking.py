"""Measures of rankings against values computed by hand and published ones."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_runtime.evaluate import ranking
from slipway_runtime.evaluate.bootstrap import difference, estimate

pytestmark = pytest.mark.capability("R9")

NOTHING: frozenset[int] = frozenset()


def of(*places: int | None) -> list[frozenset[int]]:
    return [NOTHING if place is None else frozenset({place}) for place in places]


def test_recall_is_the_share_of_items_that_the_first_places_cover() -> None:
    found = of(None, 0, None, 1, 0)
    assert ranking.recall(found, 3, 1) == 0
    assert ranking.recall(found, 3, 2) == pytest.approx(1 / 3)
    assert ranking.recall(found, 3, 5) == pytest.approx(2 / 3)
    assert ranking.recall([frozenset({0, 1, 2})], 3, 1) == 1


def test_precision_counts_empty_places_as_wrong() -> None:
    assert ranking.precision(of(0, None, 1), 5) == pytest.approx(0.4)


def test_reciprocal_rank() -> None:
    assert ranking.reciprocal_rank(of(None, None, 0)) == pytest.approx(1 / 3)
    assert ranking.reciprocal_rank(of(None)) == 0
    assert ranking.reciprocal_rank([]) == 0


def test_discounted_gain_has_the_published_value() -> None:
    """https://en.wikipedia.org/wiki/Discounted_cumulative_gain#Example: DCG 6.861, nDCG 0.785."""
    gains = [3, 2, 3, 0, 1, 2]
    assert ranking.dcg(gains) == pytest.approx(6.861, abs=0.001)
    assert ranking.dcg(gains) / ranking.dcg([3, 3, 3, 2, 2, 2]) == pytest.approx(0.785, abs=0.001)


def test_ndcg_by_hand() -> None:
    # Relevant at 1 and 3 of two items: (1/log2 2 + 1/log2 4) / (1/log2 2 + 1/log2 3).
    assert ranking.ndcg(of(0, None, 1), 2, 3) == pytest.approx(1.5 / (1 + 1 / math.log2(3)))
    assert ranking.ndcg(of(0, 0, 0), 1, 3) == 1, "a repeated item gains nothing"
    assert ranking.ndcg(of(None, 0), 1, 1) == 0


def test_average_precision_has_the_textbook_value() -> None:
    """Relevant at 1, 3, 6, 9, 10 of ten: (1 + 2/3 + 3/6 + 4/9 + 5/10) / 5, the usual worked example."""
    places = {1, 3, 6, 9, 10}
    assert ranking.average_precision([place in places for place in range(1, 11)]) == pytest.approx(0.622, abs=0.001)
    assert ranking.average_precision([False, False]) == 0
    assert ranking.average_precision([False, True]) == 0.5


@pytest.mark.parametrize(("relevant", "k"), [(0, 1), (1, 0)])
def test_numbers_that_make_no_sense_are_refused(relevant: int, k: int) -> None:
    with pytest.raises(ValueError, match="expected 1 or more"):
        ranking.recall([], relevant, k)


RANKINGS = st.lists(st.frozensets(st.integers(0, 4), max_size=3), max_size=12)


@given(RANKINGS, st.integers(1, 12))
def test_every_measure_stays_between_0_and_1(found: list[frozenset[int]], k: int) -> None:
    for value in (
        ranking.recall(found, 5, k),
        ranking.precision(found, k),
        ranking.reciprocal_rank(found),
        ranking.ndcg(found, 5, k),
        ranking.average_precision([bool(hit) for hit in found]),
    ):
        assert 0 <= value <= 1 + 1e-12


@given(RANKINGS, st.integers(1, 11))
def test_recall_never_falls_with_more_places(found: list[frozenset[int]], k: int) -> None:
    assert ranking.recall(found, 5, k) <= ranking.recall(found, 5, k + 1)


def test_an_interval_holds_the_mean_and_narrows_with_more_questions() -> None:
    few, many = estimate([0.0, 1.0] * 10), estimate([0.0, 1.0] * 200)
    assert few.low < few.mean == 0.5 < few.high
    assert many.high - many.low < (few.high - few.low) / 3
    # The normal approximation of a share of .5 over 400: 1.96 * sqrt(.25 / 400) = .049 on each side.
    assert (many.high - many.low) / 2 == pytest.approx(0.049, abs=0.01)
    assert estimate([1.0] * 5) == estimate([1.0] * 5, seed=3)


def test_a_paired_difference_sees_what_two_intervals_hide() -> None:
    base = [0.0, 1.0] * 50
    better = [min(1.0, value + 0.1) for value in base]
    gain = difference(better, base)
    assert gain.low > 0
    assert estimate(better).low < estimate(base).high
    with pytest.raises(ValueError, match="zip"):
        difference([1.0], [])
