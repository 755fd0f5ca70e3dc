"""Train the local detector of injections: `python tools/train_guard.py` writes its weights, the same ones each time.

Logistic regression on hashed features, by batch gradient descent, on texts that the grammars in `tools/_guard` make and
on this repository's own documentation. No text of `benchmarks/_guard`, by which it is measured, is read.
"""

import argparse
import math
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "lambda")]

from slipway_runtime.generate.guard.features import BUCKETS, features, tokens  # noqa: E402 - the path comes first
from slipway_runtime.generate.guard.injection import HEAD, LEAST_FEATURES, WEIGHTS  # noqa: E402
from slipway_runtime.generate.guard.normalise import normalised  # noqa: E402
from tools._guard import attacks, benign  # noqa: E402
from tools._guard.grammar import texts  # noqa: E402

EACH = 60
EPOCHS = 400
RATE = 0.4
RIDGE = 3e-5
# A harmless prompt that is stopped costs more trust than a flagged attack wins.
BENIGN_WEIGHT = 1.5


def examples(chance: random.Random) -> tuple[list[str], list[str]]:
    """Return attacks and harmless texts."""
    bad = [text for family in attacks.FAMILIES for text in texts(family, attacks.SLOTS, EACH, chance)]
    bad += attacks.OTHER_LANGUAGES * 10
    good = [text for family in benign.FAMILIES for text in texts(family, benign.SLOTS, EACH, chance)]
    return bad, good + documentation()


def documentation() -> list[str]:
    """Return the paragraphs of the documentation."""
    pages = [page for page in sorted((ROOT / "docs").glob("*.md")) if page.name != "guardrails.md"]
    parts = [part.strip() for page in pages for part in page.read_text(encoding="utf-8").split("\n\n")]
    return [part[:400] for part in parts if len(part) > 40]


def matrix(found: list[str]) -> Any:
    """Return a row of counts for each text, scaled as `injection.score` scales a window."""
    rows = np.zeros((len(found), BUCKETS), dtype=np.float32)
    for row, text in enumerate(found):
        buckets = [bucket for bucket, _ in features(tokens(normalised(text)))]
        np.add.at(rows[row], buckets, 1 / math.sqrt(max(LEAST_FEATURES, len(buckets))))
    return rows


def train(rows: Any, labels: Any) -> tuple[Any, float]:
    """Return weights and bias."""
    weights, bias = np.zeros(rows.shape[1], dtype=np.float32), 0.0
    squares, bias_square = np.full(rows.shape[1], 1e-6, dtype=np.float32), 1e-6
    importance = np.where(labels > 0, 1.0, BENIGN_WEIGHT).astype(np.float32)
    for _ in range(EPOCHS):
        error = importance * (1 / (1 + np.exp(-(rows @ weights + bias))) - labels) / len(labels)
        slope = rows.T @ error + RIDGE * weights
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
    rows = matrix(bad + good)
    weights, bias = train(rows, np.array([1.0] * len(bad) + [0.0] * len(good), dtype=np.float32))
    scale = float(np.abs(weights).max()) / 127
    WEIGHTS.write_bytes(HEAD.pack(scale, bias) + np.round(weights / scale).astype(np.int8).tobytes())
    print(f"{len(bad)} attacks, {len(good)} harmless texts; {np.count_nonzero(weights)} weights, bias {bias:.2f}")


if __name__ == "__main__":
    main()
