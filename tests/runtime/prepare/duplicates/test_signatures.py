import math
from typing import Any

import numpy as np
import pytest

from slipway_runtime.prepare.duplicates.bands import BANDS, ROWS, SIGNATURE_LENGTH, bands, candidate_probability
from slipway_runtime.prepare.duplicates.minhash import estimate, from_bytes, signatures, to_bytes
from slipway_runtime.prepare.duplicates.similarity import jaccard, shingle_set


def pairs(texts: Any, edits: int, number: int) -> tuple[float, Any, Any]:
    """Signatures of texts and of their changed copies, all of one exact similarity."""
    originals = [texts.text() for _ in range(number)]
    copies = [texts.changed(text, edits) for text in originals]
    exact = {round(jaccard(shingle_set(a), shingle_set(b)), 6) for a, b in zip(originals, copies, strict=True)}
    (similarity,) = exact
    return similarity, signatures(originals), signatures(copies)


@pytest.mark.parametrize("edits", [2, 6, 12, 25, 45])
def test_the_estimate_is_unbiased_and_has_the_error_of_independent_functions(texts: Any, edits: int) -> None:
    """With n pairs the mean is within four of its standard errors, the spread within a fifth of the binomial one."""
    number = 600
    similarity, first, second = pairs(texts, edits, number)
    estimates = np.mean(first == second, axis=1)
    expected = math.sqrt(similarity * (1 - similarity) / SIGNATURE_LENGTH)

    assert abs(float(np.mean(estimates)) - similarity) < 4 * expected / math.sqrt(number)
    assert float(np.std(estimates)) == pytest.approx(expected, rel=0.2)


@pytest.mark.parametrize("edits", [6, 15, 22])
def test_bands_make_candidates_as_often_as_the_arithmetic_says(texts: Any, edits: int) -> None:
    number = 800
    similarity, first, second = pairs(texts, edits, number)
    found = float(np.mean((bands(first) == bands(second)).any(axis=1)))
    expected = candidate_probability(similarity)

    assert abs(found - expected) < 4 * math.sqrt(expected * (1 - expected) / number) + 0.002


def test_the_arithmetic_holds_what_the_docstring_promises() -> None:
    assert candidate_probability(0.8) == pytest.approx(0.9943, abs=1e-4)
    assert candidate_probability(0.3) == pytest.approx(0.031, abs=1e-3)
    assert BANDS * ROWS == SIGNATURE_LENGTH


def test_documents_that_have_nothing_in_common_share_no_band(texts: Any) -> None:
    hashes = bands(signatures([texts.text() for _ in range(2000)]))

    assert len(np.unique(hashes)) == hashes.size


def test_a_signature_survives_being_written(texts: Any) -> None:
    rows = signatures([texts.text(), texts.text()])

    assert from_bytes(to_bytes(rows[0])).tolist() == rows[0].tolist()
    assert to_bytes(np.array([1], np.uint32)) == b"\x01\x00\x00\x00"
    assert estimate(rows[0], rows).tolist()[0] == 1.0


def test_similarity_is_that_of_sets() -> None:
    one, other = shingle_set("a b c d e f g"), shingle_set("a b c d e f x")

    assert jaccard(one, other) == 2 / 4
    assert jaccard(one, one) == 1.0
    assert jaccard(one, shingle_set("")) == 0.0
    assert jaccard(shingle_set(""), shingle_set("")) == 0.0
