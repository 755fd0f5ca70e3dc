"""pass@k: the chance that one of k answers passes an item's tests, estimated without bias from n answers.

Source: Chen et al., "Evaluating Large Language Models Trained on Code" (2021), section 2.1 and figure 3.
"""

import math
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from evaluation.metrics.measure import Measure
from evaluation.refused import EvaluationRefusedError
from evaluation.sandbox import run as sandbox

FENCE = "```"


def pass_at_k(answers: int, passed: int, k: int) -> float:
    """Return 1 - C(n - c, k) / C(n, k). Raises: ValueError unless 0 <= c <= n and 1 <= k <= n."""
    if not (0 <= passed <= answers and 1 <= k <= answers):
        raise ValueError(f"expected 0 <= passed <= answers and 1 <= k <= answers, got {passed}, {answers}, {k}")
    return 1.0 - math.comb(answers - passed, k) / math.comb(answers, k)


def python(answer: str) -> str:
    """Return the code of an answer: what stands in its first fence, or all of it."""
    if FENCE not in answer:
        return answer
    inside = answer.split(FENCE)[1]
    first, _, rest = inside.partition("\n")
    return rest if first.strip().isalpha() or not first.strip() else inside


def outcomes(programs: Sequence[Sequence[str]], limits: sandbox.Limits) -> list[list[sandbox.Outcome]]:
    """Run each item's programs in the sandbox. Raises: EvaluationRefusedError where there is none."""
    sandbox.check()
    flat = [program for each in programs for program in each]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        found = iter(list(pool.map(lambda program: sandbox.run(program, limits), flat)))
    return [[next(found) for _ in each] for each in programs]


def measures(
    found: Sequence[Sequence[sandbox.Outcome]], ks: Sequence[int], limits: sandbox.Limits
) -> Iterator[Measure]:
    """Yield pass@k for each k. Raises: EvaluationRefusedError if an item has fewer answers than k."""
    for k in ks:
        if min(map(len, found)) < k:
            cause = f"pass@{k} needs {k} answers an item, and one has {min(map(len, found))}"
            raise EvaluationRefusedError(cause, "Give more predictions, or a smaller --k")
        scores = [pass_at_k(len(each), sum(one.passed for one in each), k) for each in found]
        signature = f"slipway|pass@{k}|unbiased|{limits.seconds:g} s|{limits.memory_bytes} B"
        yield Measure(name=f"pass@{k}", value=sum(scores) / len(scores), scores=scores, signature=signature)
