"""How vectors are written for pgvector."""

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_runtime.retrieve.stores.aurora.literal import literal
from support.store_values import cosine, vectors

LARGEST_HALF = 65_504


def read(text: str) -> list[int]:
    return [int(number) for number in text.removeprefix("[").removesuffix("]").split(",")]


@pytest.mark.parametrize("scale", [1e-9, 1.0, 3e9])
def test_directions_stay_whatever_their_length(scale: float) -> None:
    for seed in range(20):
        [vector] = vectors(1, seed)
        assert cosine(vector, read(literal([scale * number for number in vector]))) > 1 - 1e-9


@given(st.lists(st.floats(-1e6, 1e6).filter(lambda number: number == 0 or abs(number) > 1e-6), min_size=1))
def test_each_number_is_held_by_half_precision_as_closely_as_its_largest_allows(vector: Sequence[float]) -> None:
    """https://github.com/pgvector/pgvector: a halfvec's numbers are of half precision."""
    written, largest = read(literal(vector)), max(map(abs, vector))
    assert max(map(abs, written)) <= LARGEST_HALF
    if largest:
        scale = 2 ** (15 - math.frexp(largest)[1])
        assert all(abs(got / scale - number) <= largest / 2**15 for got, number in zip(written, vector, strict=True))
    else:
        assert set(written) == {0}


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_what_is_no_number_is_refused(number: float) -> None:
    with pytest.raises((ValueError, OverflowError)):
        literal([1.0, number])
