"""The threshold and its bound, vectors in bytes, and the guard."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_runtime.generate.cache.calibrate import TooFewPairs, allowed_above, rates, threshold
from slipway_runtime.generate.cache.facts import agree, facts
from slipway_runtime.generate.cache.vectors import nearest, pack, similarity

pytestmark = pytest.mark.capability("S9")
NUMBERS = st.floats(-1, 1, allow_nan=False)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("What is the price of the Falcon?", "what's the price for the falcon", True),
        ("How long is the warranty of the Heron?", "How long does the warranty of the Heron last?", True),
        ("Give me seven days of leave", "give me 7 days of leave", True),
        ("Can I pay within 30 days?", "Can I pay within 60 days?", False),
        ("Can I pay 1,000 euros?", "Can I pay 1,00 euros?", False),
        ("Is the office in Oslo open?", "Is the office in Lisbon open?", False),
        ("Is smoking allowed?", "Is smoking not allowed?", False),
        ("Can I take it home?", "Can't I take it home?", False),
        ("How do I enable two factors?", "How do I disable two factors?", False),
        ("Who works with A100?", "Who works with H100?", False),
        ("How do I reset my phone?", "How do I reset my laptop?", False),
        ("Wie lange gilt die Garantie?", "Wie lange gilt die Garantie nicht?", False),
    ],
)
def test_the_guard_sees_what_an_embedding_does_not(one: str, other: str, *, same: bool) -> None:
    assert agree(facts(one), facts(other)) is same
    assert agree(facts(other), facts(one)) is same


@given(st.text())
def test_every_question_agrees_with_itself(text: str) -> None:
    assert agree(facts(text), facts(text))


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


def test_the_bound_holds_as_often_as_it_promises() -> None:
    draw, broken = random.Random(7), 0
    for _ in range(300):
        others = [draw.betavariate(8, 4) for _ in range(400)]
        at = threshold(others, 0.02, confidence=0.9)
        fresh = [draw.betavariate(8, 4) for _ in range(4000)]
        broken += rates([], fresh, at).false_hits > 0.02
    # One in ten may break it; 300 draws of that, and the noise of 4,000 fresh ones, stay below one in six.
    assert broken <= 50
