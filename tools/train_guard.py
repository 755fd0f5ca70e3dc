"""Train the local detector of injections: `python tools/train_guard.py` writes its weights, the same ones each time.

Logistic regression on hashed features, by batch gradient descent, on texts that the grammars in `tools/_guard` make and
on this repository's own documentation. No text of `benchmarks/_guard`, by which it is measured, is read.
"""

import argparse
import math
import random
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "lambda")]

from slipway_runtime.generate.guard.features import BUCKETS, features, tokens  # noqa: E402 - the path comes first
from slipway_runtime.generate.guard.injection import HEAD, LEAST_FEATURES, WEIGHTS  # noqa: E402
from slipway_runtime.generate.guard.normalise import normalised  # noqa: E402
from tools._guard import attacks, benign, more  # noqa: E402
from tools._guard.grammar import texts  # noqa: E402

EACH = 60
EPOCHS = 600
# Share of words left out of each text, so that no single one decides.
DROPPED = 0.1
RATE = 0.4
RIDGE = 3e-5
# A harmless prompt that is stopped costs more trust than a flagged attack wins.
BENIGN_WEIGHT = 3.0


def examples(chance: random.Random) -> tuple[list[str], list[str]]:
    """Return attacks and harmless texts."""
    bad = [text for family in attacks.FAMILIES for text in texts(family, attacks.SLOTS, EACH, chance)]
    bad += texts(more.ATTACKS, more.SLOTS, EACH, chance)
    bad += attacks.OTHER_LANGUAGES * 10
    good = [text for family in benign.FAMILIES for text in texts(family, benign.SLOTS, EACH, chance)]
    good += texts(more.BENIGN, more.SLOTS, EACH, chance)
    # What attacks hide in is harmless by itself.
    carriers = [*attacks.SLOTS["carrier"], *more.SLOTS["news"]]
    good += [" ".join(chance.choices(carriers, k=chance.randint(1, 8))) for _ in range(10 * EACH)]
    return bad, good + documentation()


def documentation() -> list[str]:
    """Return the paragraphs of the documentation."""
    pages = [page for page in sorted((ROOT / "docs").glob("*.md")) if page.name != "guardrails.md"]
    parts = [part.strip() for page in pages for part in page.read_text(encoding="utf-8").split("\n\n")]
    return [part[:400] for part in parts if len(part) > 40]


@dataclass(frozen=True)
class Rows:
    """Sparse rows: the buckets of all texts one after another, each one's value, its row, and where rows begin."""

    buckets: Any
    values: Any
    of: Any
    starts: Any

    @staticmethod
    def read(found: list[str], chance: random.Random) -> "Rows":
        """Return the rows of texts, scaled as `injection.score` scales a window; some words are left out by chance."""
        buckets, values, of, starts = list[int](), list[float](), list[int](), list[int]()
        for row, text in enumerate(found):
            words = [word for word in tokens(normalised(text)) if chance.random() >= DROPPED] or ["a"]
            here = [bucket for bucket, _ in features(words)]
            starts.append(len(buckets))
            buckets += here
            values += [1 / math.sqrt(max(LEAST_FEATURES, len(here)))] * len(here)
            of += [row] * len(here)
        return Rows(np.array(buckets), np.array(values), np.array(of), np.array(starts))


def train(rows: Rows, labels: Any) -> tuple[Any, float]:
    """Return weights and bias."""
    weights, bias = np.zeros(BUCKETS), 0.0
    squares, bias_square = np.full(BUCKETS, 1e-6), 1e-6
    importance = np.where(labels > 0, 1.0, BENIGN_WEIGHT)
    for _ in range(EPOCHS):
        said = np.add.reduceat(weights[rows.buckets] * rows.values, rows.starts) + bias
        error = importance * (1 / (1 + np.exp(-said)) - labels) / len(labels)
        slope = np.bincount(rows.buckets, error[rows.of] * rows.values, BUCKETS) + RIDGE * weights
        squares += slope**2
        weights -= RATE * slope / np.sqrt(squares)
        bias_square += float(error.sum()) ** 2
        bias -= RATE * float(error.sum()) / math.sqrt(bias_square)
    return weights, bias


def main() -> None:
    """Train and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=20, help="of the texts that the grammars make")
    arguments = parser.parse_args()
    bad, good = examples(random.Random(arguments.seed))
    rows = Rows.read(bad + good, random.Random(arguments.seed))
    weights, bias = train(rows, np.array([1.0] * len(bad) + [0.0] * len(good)))
    scale = float(np.abs(weights).max()) / 127
    WEIGHTS.write_bytes(HEAD.pack(scale, bias) + np.round(weights / scale).astype(np.int8).tobytes())
    print(f"{len(bad)} attacks, {len(good)} harmless texts; {np.count_nonzero(weights)} weights, bias {bias:.2f}")


if __name__ == "__main__":
    main()
