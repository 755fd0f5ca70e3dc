"""The local detector of prompt injection and jailbreaks: a linear model of a few thousand weights, in plain Python.

`tools/train_guard.py` makes the weights; `benchmarks/guard.py` measures it on other texts. Both are told of in
docs/guardrails.md. A long text is read through windows, so that an attack inside it counts as much as one alone.
"""

import functools
import math
import struct
from pathlib import Path

from slipway_runtime.generate.guard.features import BUCKETS, features, tokens
from slipway_runtime.generate.guard.normalise import normalised

WEIGHTS = Path(__file__).with_name("injection.weights")
HEAD = struct.Struct("<ff")  # scale of the weights, bias; then one signed byte for each bucket
WINDOW_WORDS = 16
STEP_WORDS = 8
# A text of few features is scored as if it had this many: one word proves nothing.
LEAST_FEATURES = 12


def score(text: str) -> float:
    """Return how surely a text, or a stretch of it, is an attack: 0 to 1. All of it is read, some 300 ms a megabyte."""
    words = tokens(normalised(text))
    scale, bias, weights = _model()
    # Sums up to each step: a window's sum is a difference of two.
    steps = len(words) // STEP_WORDS + 1
    sums, counts = [0] * steps, [0] * steps
    for bucket, place in features(words):
        sums[place // STEP_WORDS] += weights[bucket]
        counts[place // STEP_WORDS] += 1
    width = -(-WINDOW_WORDS // STEP_WORDS)
    best = max(
        sum(sums[at : at + width]) / math.sqrt(max(LEAST_FEATURES, sum(counts[at : at + width])))
        for at in range(max(1, steps - width + 1))
    )
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, best * scale + bias))))


@functools.cache
def _model() -> tuple[float, float, memoryview]:
    content = WEIGHTS.read_bytes()
    scale, bias = HEAD.unpack_from(content)
    weights = memoryview(content)[HEAD.size :].cast("b")
    if len(weights) != BUCKETS:
        raise ValueError(f"{WEIGHTS.name} has {len(weights)} weights, expected {BUCKETS}; run tools/train_guard.py")
    return scale, bias, weights
