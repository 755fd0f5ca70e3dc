"""pass@k of known counts, and the code of an answer."""

import math

import pytest

pytestmark = pytest.mark.capability("P4")


@pytest.mark.parametrize(
    ("answers", "passed", "k", "known"),
    [(5, 2, 1, 0.4), (5, 2, 2, 0.7), (10, 3, 5, 1 - 21 / 252), (4, 0, 4, 0.0), (4, 1, 4, 1.0), (200, 1, 100, 0.5)],
)
def test_the_estimate_is_the_published_one(answers: int, passed: int, k: int, known: float) -> None:
    from evaluation.metrics.code import pass_at_k

    # Chen et al. (2021), figure 3: the product that their program computes.
    failed = answers - passed
    product = 1.0 if failed < k else 1 - math.prod(1 - k / each for each in range(failed + 1, answers + 1))
    assert pass_at_k(answers, passed, k) == pytest.approx(known, abs=1e-9)
    assert pass_at_k(answers, passed, k) == pytest.approx(product, abs=1e-9)


def test_counts_that_cannot_be_are_refused() -> None:
    from evaluation.metrics.code import pass_at_k

    with pytest.raises(ValueError, match="1 <= k <= answers"):
        pass_at_k(3, 1, 4)


def test_programs_run_and_their_share_is_told() -> None:
    from evaluation.metrics.code import measures, outcomes
    from evaluation.sandbox.run import Limits

    limits = Limits(seconds=20)
    found = outcomes([["assert True", "assert False"], ["assert True", "assert True"]], limits)
    one, two = measures(found, [1, 2], limits)
    assert (one.name, one.value, list(one.scores)) == ("pass@1", 0.75, [0.5, 1.0])
    assert (two.name, two.value) == ("pass@2", 1.0)


def test_the_code_of_an_answer_is_what_its_fence_holds() -> None:
    from evaluation.metrics.code import python

    assert python("Here:\n```python\nx = 1\n```\nDone.") == "x = 1\n"
    assert python("```\nx = 1\n```") == "x = 1\n"
    assert python("    return 1") == "    return 1"
