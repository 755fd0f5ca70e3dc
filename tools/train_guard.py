"""Train the local detector of injections: `python tools/train_guard.py` writes its weights, the same ones each time.

Logistic regression on hashed features of texts that the grammars in `tools/_guard` make and of this repository's own
documentation. No text of `benchmarks/_guard`, by which it is measured, is read. The bias is set last: at a score of one
half the share FALSE_POSITIVES of harmless texts is stopped, of templates that were not learned from. Each is left out
once, with a sixth of the others.
"""

import argparse
import random
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "lambda")]

from slipway_runtime.generate.guard.features import tokens  # noqa: E402 - the path comes first
from slipway_runtime.generate.guard.injection import HEAD, WEIGHTS  # noqa: E402
from slipway_runtime.generate.guard.normalise import normalised  # noqa: E402
from tools._guard import again, attacks, benign, more, third, wider  # noqa: E402
from tools._guard.fit import Windows, train  # noqa: E402
from tools._guard.grammar import Slots, texts  # noqa: E402

EACH = 60
# Each text is learned from this often, each time without a share of its words, so that no single one decides.
COPIES = 3
DROPPED = 0.25
FOLDS = 6
FALSE_POSITIVES = 0.015


class Example(NamedTuple):
    """A text's words, 1 for an attack, and the number of its template; -1 where it has none."""

    words: list[str]
    label: int
    template: int


def templates() -> list[tuple[str, int, Slots]]:
    """Return every template with its label and its slots."""
    sets = [(family, 1, attacks.SLOTS) for family in attacks.FAMILIES]
    sets += [(family, 0, benign.SLOTS) for family in benign.FAMILIES]
    for each in (more, again, wider, third):
        sets += [(each.ATTACKS, 1, each.SLOTS), (each.BENIGN, 0, each.SLOTS)]
    return [(template, label, slots) for family, label, slots in sets for template in family]


def examples(chance: random.Random) -> list[Example]:
    """Return all to learn from."""
    found = [
        Example(tokens(normalised(text)), label, number)
        for number, (template, label, slots) in enumerate(templates())
        for text in texts([template], slots, EACH, chance)
    ]
    found += [Example(tokens(normalised(text)), 1, -1) for text in attacks.OTHER_LANGUAGES * 10]
    # What attacks hide in is harmless by itself.
    carriers = [*attacks.SLOTS["carrier"], *more.SLOTS["news"], *again.SLOTS["content"], *wider.SLOTS["prose"]]
    carriers += third.SLOTS["passage"]
    plain = [" ".join(chance.choices(carriers, k=chance.randint(1, 8))) for _ in range(10 * EACH)]
    return found + [Example(tokens(normalised(text)), 0, -1) for text in plain + documentation()]


def documentation() -> list[str]:
    """Return the paragraphs of the documentation."""
    pages = [page for page in sorted((ROOT / "docs").glob("*.md")) if page.name != "guardrails.md"]
    parts = [part.strip() for page in pages for part in page.read_text(encoding="utf-8").split("\n\n")]
    return [part[:400] for part in parts if len(part) > 40]


def learned(found: list[Example], chance: random.Random) -> tuple[Any, float]:
    """Return weights and bias."""
    often = found * COPIES
    thinned = [[word for word in each.words if chance.random() >= DROPPED] for each in often]
    return train(Windows.read(thinned), np.array([each.label for each in often]))


def half(found: list[Example], chance: random.Random) -> float:
    """Return the logit above which the share FALSE_POSITIVES of harmless texts lie, each template counting the same."""
    numbers = sorted({each.template for each in found} - {-1})
    chance.shuffle(numbers)
    said: list[tuple[float, int]] = []
    for fold in range(FOLDS):
        out = set(numbers[fold::FOLDS])
        model = learned([each for each in found if each.template not in out], chance)
        left = [each for each in found if each.template in out and not each.label]
        windows = Windows.read([each.words for each in left])
        logits = windows.worst(windows.logits(*model)).tolist()
        said += zip(logits, (each.template for each in left), strict=True)
    sizes = np.bincount([template for _, template in said])
    above, limit = 0.0, FALSE_POSITIVES * np.count_nonzero(sizes)
    for logit, template in sorted(said, reverse=True):
        above += 1 / sizes[template]
        if above > limit:
            return logit
    raise ValueError("there are too few harmless texts")


def main() -> None:
    """Train and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=20, help="of the texts that the grammars make")
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    found = examples(chance)
    weights, bias = learned(found, chance)
    bias -= half(found, chance)
    scale = float(np.abs(weights).max()) / 127
    WEIGHTS.write_bytes(HEAD.pack(scale, bias) + np.round(weights / scale).astype(np.int8).tobytes())
    bad = sum(each.label for each in found)
    print(f"{bad} attacks, {len(found) - bad} harmless texts; {np.count_nonzero(weights)} weights, bias {bias:.2f}")


if __name__ == "__main__":
    main()
