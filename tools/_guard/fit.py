"""Logistic regression over windows of texts: a harmless text is harmless everywhere, an attack in its worst window.

Source: Dietterich et al., "Solving the multiple instance problem with axis-parallel rectangles", 1997 (bags and
instances); Duchi et al., "Adaptive subgradient methods", 2011 (the step sizes).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from slipway_runtime.generate.guard.features import BUCKETS, features
from slipway_runtime.generate.guard.injection import LEAST_FEATURES, STEP_WORDS, WINDOW_WORDS

EPOCHS = 250
WORST_AGAIN = 20
RATE = 0.4
RIDGE = 3e-5
# A harmless prompt that is stopped costs more trust than a flagged attack wins.
BENIGN_WEIGHT = 2.0
# Of a harmless text's windows all but the worst are easy.
OTHER_WINDOWS = 0.3


@dataclass(frozen=True)
class Windows:
    """Sparse rows, one a window: buckets one after another, each one's value, its row; where rows begin; their text."""

    buckets: Any
    values: Any
    of: Any
    starts: Any
    texts: Any

    @staticmethod
    def read(found: Sequence[Sequence[str]]) -> Windows:
        """Return the windows of texts, given as words, as `injection.score` makes and scales them."""
        rows: list[list[int]] = []
        texts: list[int] = []
        for number, words in enumerate(found):
            mine = _windows(words)
            rows += mine
            texts += [number] * len(mine)
        sizes = np.array([len(row) for row in rows])
        return Windows(
            np.concatenate([np.array(row) for row in rows]),
            np.repeat(1 / np.sqrt(np.maximum(LEAST_FEATURES, sizes)), sizes),
            np.repeat(np.arange(len(rows)), sizes),
            np.concatenate([[0], np.cumsum(sizes)[:-1]]),
            np.array(texts),
        )

    def logits(self, weights: Any, bias: float) -> Any:
        """Return what the model says of each window."""
        return np.add.reduceat(weights[self.buckets] * self.values, self.starts) + bias

    def worst(self, logits: Any) -> Any:
        """Return the highest of each text."""
        found = np.full(self.texts[-1] + 1, -np.inf)
        np.maximum.at(found, self.texts, logits)
        return found


def train(windows: Windows, labels: Any) -> tuple[Any, float]:
    """Return weights and bias."""
    weights, bias = np.zeros(BUCKETS), 0.0
    squares, bias_square = np.full(BUCKETS, 1e-6), 1e-6
    bad, many = labels[windows.texts] > 0, np.bincount(windows.texts)[windows.texts]
    importance = np.where(bad, 1 / many, BENIGN_WEIGHT / np.sqrt(many))
    for epoch in range(EPOCHS):
        said = windows.logits(weights, bias)
        if epoch and epoch % WORST_AGAIN == 0:
            worst = said >= windows.worst(said)[windows.texts]
            importance = np.where(bad, worst * 1.0, BENIGN_WEIGHT * np.where(worst, 1.0, OTHER_WINDOWS))
        error = importance * (1 / (1 + np.exp(-said)) - bad) / importance.sum()
        slope = np.bincount(windows.buckets, error[windows.of] * windows.values, BUCKETS) + RIDGE * weights
        squares += slope**2
        weights -= RATE * slope / np.sqrt(squares)
        bias_square += float(error.sum()) ** 2
        bias -= RATE * float(error.sum()) / math.sqrt(bias_square)
    return weights, bias


def _windows(words: Sequence[str]) -> list[list[int]]:
    width = -(-WINDOW_WORDS // STEP_WORDS)
    count = max(1, len(words) // STEP_WORDS + 2 - width)
    found: list[list[int]] = [[] for _ in range(count)]
    for bucket, place in features(list(words)):
        step = place // STEP_WORDS
        for at in range(max(0, step - width + 1), min(step, count - 1) + 1):
            found[at].append(bucket)
    return [each or [0] for each in found]
