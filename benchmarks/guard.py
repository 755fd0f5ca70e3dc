"""How good and how fast the local detector of injections is: `python benchmarks/guard.py`.

On texts from templates apart from those it learned from; with `--texts FILE` also on others: a JSON list of objects
with `prompt` and, where not all are harmless, `label` (1 for an attack).
"""

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "lambda")]

from benchmarks._guard import held_out  # noqa: E402 - the path comes first
from slipway_runtime.generate.guard.injection import score  # noqa: E402
from slipway_runtime.generate.guard.policy import Policy  # noqa: E402
from tools._guard.grammar import texts  # noqa: E402

EACH = 12
Labelled = Sequence[tuple[str, int]]


def generated(seed: int = 7) -> list[tuple[str, int]]:
    """Return the held-out texts, each with 1 for an attack."""
    chance = random.Random(seed)

    bad, good = (texts(each, held_out.SLOTS, EACH, chance) for each in (held_out.ATTACKS, held_out.BENIGN))
    return [(text, 1) for text in bad] + [(text, 0) for text in good]


def measured(labelled: Labelled, threshold: float) -> dict[str, float]:
    """Return counts, precision, recall, F1 and the rate of false positives."""
    found = [(score(text) >= threshold, label) for text, label in labelled]
    attacks = sum(label for _, label in found)
    caught = sum(hit and label for hit, label in found)
    wrong = sum(hit and not label for hit, label in found)
    precision, recall = caught / max(1, caught + wrong), caught / max(1, attacks)
    return {
        "attacks": attacks,
        "harmless": len(found) - attacks,
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / max(1e-9, precision + recall),
        "false_positive_rate": wrong / max(1, len(found) - attacks),
    }


def microseconds(labelled: Labelled) -> dict[str, float]:
    """Return how long one text takes, median and 99th percentile."""
    took = []
    for text, _ in labelled:
        began = time.perf_counter()
        score(text)
        took.append((time.perf_counter() - began) * 1e6)
    return {"microseconds_p50": statistics.median(took), "microseconds_p99": statistics.quantiles(took, n=100)[98]}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=Path, action="append", default=[], help="more texts, as JSON")
    parser.add_argument("--threshold", type=float, default=Policy().injection.threshold)
    parser.add_argument("--wrong", action="store_true", help="print what it got wrong")
    arguments = parser.parse_args()
    sets = {"held out": generated()}
    for path in arguments.texts:
        read = json.loads(path.read_text(encoding="utf-8"))
        sets[path.name] = [(item["prompt"], int(item.get("label", 0))) for item in read]
    for name, labelled in sets.items():
        figures = measured(labelled, arguments.threshold) | microseconds(labelled)
        print(f"{name:24}", "  ".join(f"{key} {round(value, 3):g}" for key, value in figures.items()))
        for text, label in labelled if arguments.wrong else ():
            if (score(text) >= arguments.threshold) != bool(label):
                print("   missed" if label else "   false ", f"{score(text):.2f}", text[:140].replace("\n", " "))


if __name__ == "__main__":
    main()
