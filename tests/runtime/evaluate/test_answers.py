"""Exact match and F1 as SQuAD's official script gives them."""

import pytest

from slipway_runtime.evaluate import answers

pytestmark = pytest.mark.capability("R9")


@pytest.mark.parametrize(
    ("answer", "references", "exact", "f1"),
    [
        ("The Denver Broncos!", ["Denver Broncos"], 1, 1),
        ("a  cat, an apple", ["cat apple"], 1, 1),
        ("Six hours of sun [1].", ["six hours of sun"], 1, 1),
        # Two words in common of three and of four: 2 * 2 / 7.
        ("gothic church tower", ["tall gothic church building"], 0, 4 / 7),
        ("Paris", ["London", "Paris, France"], 0, 2 / 3),
        ("nothing alike", ["something else"], 0, 0),
        # Words count as often as they are there: one of two "very".
        ("very very", ["very"], 0, 2 / 3),
        ("the", ["a"], 1, 1),
        ("", ["six"], 0, 0),
    ],
)
def test_scores(answer: str, references: list[str], exact: float, f1: float) -> None:
    assert answers.exact_match(answer, references) == exact
    assert answers.f1(answer, references) == pytest.approx(f1)


def test_normalisation_is_that_of_the_official_script() -> None:
    """lower, remove punctuation, remove articles, fix white space, in this order: "a-n" becomes "an", which goes."""
    assert answers.normalise("A-n  Example\tof   THE text.") == "example of text"


def test_without_references_there_is_nothing_to_compare() -> None:
    with pytest.raises(ValueError, match="references is empty"):
        answers.f1("x", [])
