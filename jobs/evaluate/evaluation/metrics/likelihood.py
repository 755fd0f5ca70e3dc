"""Perplexity of the references under the model.

Source: Jelinek et al., "Perplexity: a measure of the difficulty of speech recognition tasks" (1977).
"""

import math
from collections.abc import Sequence
from importlib.metadata import version

from evaluation.metrics.measure import Measure


def perplexity(likelihoods: Sequence[tuple[float, int]]) -> Measure:
    """Return exp of the mean negative log-likelihood of a token over all items.

    An item's score is its own mean in nats a token, not its exp: a single unlikely item would drown the others.
    """
    nats, tokens = math.fsum(each for each, _ in likelihoods), sum(count for _, count in likelihoods)
    scores = [each / max(count, 1) for each, count in likelihoods]
    signature = f"transformers {version('transformers')}|first reference given the prompt|item:nats a token"
    return Measure(
        name="perplexity",
        value=math.exp(nats / max(tokens, 1)),
        scores=scores,
        signature=signature,
        top=0.0,
        higher_is_better=False,
    )
