"""The threshold and its bound, and vectors in bytes."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_runtime.generate.cache.calibrate import LEAST, TooFewPairs, allowed_above, rates, threshold
from slipway_runtime.generate.cache.vectors import nearest, pack, similarity

pytestmark = pytest.mark.capability("S9")
NUMBERS = st.floats(-1, 1, allow_nan=False)


@given(st.lists(NUMBERS, min_size=8, max_size=64), st.lists(NUMBERS, min_size=8, max_size=64))
def test_the_similarity_of_bytes_is_nearly_the_cosine(one: list[float], other: list[float]) -> None:
    size = min(len(one), len(other))
    one, other = one[:size], other[:size]
    lengths = math.hypot(*one) * math.hypot(*other)
    if lengths < 1e-6:
        return
    cosine = sum(a * b for a, b in zip(one, other, strict=True)) / lengths
    assert similarity(pack(one).values, pack(other).values) == pytest.approx(cosine, abs=0.05)


def test_signs_find_the_nearest() -> None:
    draw = random.Random(1)
    vectors = [[draw.gauss(0, 1) for _ in range(256)] for _ in range(200)]
    for at in range(20):
        asked = pack([each + draw.gauss(0, 0.3) for each in vectors[at]])
        assert at in nearest(asked.signs, ((pack(each).signs, n) for n, each in enumerate(vectors)), 3)


def test_the_number_that_may_lie_above_is_that_of_the_binomial_distribution() -> None:
    # Wilks: 299 is the least number with 0.99 ** n <= 0.05, and 473 the least for one above.
    assert [allowed_above(n, 0.01, 0.95) for n in (298, 299, 472, 473)] == [-1, 0, 0, 1]


def test_too_few_pairs_are_refused_with_how_many_it_takes() -> None:
    with pytest.raises(TooFewPairs, match="needs 299"):
        threshold([0.5] * 100, 0.01)


def test_a_guard_that_refuses_every_pair_leaves_a_threshold_for_other_questions() -> None:
    assert threshold([-1.0] * 299, 0.01) == LEAST


def test_the_bound_holds_as_often_as_it_promises() -> None:
    draw, broken = random.Random(7), 0
    for _ in range(300):
        others = [draw.betavariate(8, 4) for _ in range(400)]
        at = threshold(others, 0.02, confidence=0.9)
        fresh = [draw.betavariate(8, 4) for _ in range(4000)]
        broken += rates([], fresh, at).false_hits > 0.02
    # One in ten may break it; 300 draws of that, and the noise of 4,000 fresh ones, stay below one in six.
    assert broken <= 50
