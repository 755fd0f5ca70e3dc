"""The semantic cache: hits and false hits by threshold, the threshold for a bound, and what a look-up takes.

    python benchmarks/cache.py [--json] [--bound 0.01] [--questions FILE] [--seeds 8]

The questions are generated (`_cache/`): paraphrases of what was asked, and near-misses that differ in a number, a name,
a word or a negation. The threshold is found on half of the topics held out, at a confidence of 95 %, and measured on
the others, for several draws. With FILE, lines of JSON `{"a": …, "b": …, "same": true}`, it is found on those alone.
Embeddings: the local cloud's model. The peer has no guard, as most semantic caches, and a threshold found like ours.
Units: shares, and milliseconds of one look-up among 400 candidates, median.
"""

import argparse
import json
import random
import statistics
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks._cache import held_out, rephrased, seen
from benchmarks._cache.lookups import Embed, Entry, Found, entries, look_up
from benchmarks._cache.questions import Intents, halves, near_misses, paraphrases, stored
from slipway_local.bedrock.embedder import Embedder
from slipway_runtime.generate.cache.answers import COMPARED, MAX_CANDIDATES
from slipway_runtime.generate.cache.calibrate import threshold
from slipway_runtime.generate.cache.facts import agree, facts
from slipway_runtime.generate.cache.vectors import nearest, pack, similarity

GOAL = {"hits": 0.5, "false_hits": 0.01}
THRESHOLDS = (0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
HELD_OUT = Intents(held_out.INTENTS, held_out.TWISTS)
SEEN = {
    "seen": Intents(seen.INTENTS, seen.TWISTS),
    "seen, freely rephrased": Intents(rephrased.INTENTS, rephrased.TWISTS),
}


def found(intents: Intents, embed: Embed, *, guard: bool) -> list[Found]:
    """Return what each question of some intents finds among those that were asked before."""
    store = entries(stored(intents), embed)
    asked = entries([*paraphrases(intents), *near_misses(intents)], embed)
    return [look_up(each, store, guard=guard) for each in asked]


def shares(looked: list[Found], at: float) -> dict[str, float]:
    """Return hits of the answerable, and false hits as a share of the others, and of all hits."""
    hits = [each for each in looked if each.similarity >= at]
    answerable = [each for each in looked if each.answerable]
    wrong = [each for each in hits if not each.right]
    others = len(looked) - len(answerable)
    return {
        "hits": sum(each.right for each in hits) / len(answerable),
        "false_hits": len([each for each in wrong if not each.answerable]) / others,
        "false_of_hits": len(wrong) / len(hits) if hits else 0.0,
    }


def calibrated(looked: list[Found], bound: float) -> float:
    """Return the threshold for the look-ups that can only hit falsely."""
    return threshold([each.similarity for each in looked if not each.answerable], bound)


def measured(embed: Embed, seeds: int, bound: float) -> dict[str, Any]:
    """Return the means over several draws of topics, and the worst of them."""
    rows = []
    for seed in range(seeds):
        row: dict[str, float] = {}
        one, other = halves(HELD_OUT, seed)
        for name, guard in (("", True), ("peer_", False)):
            at = calibrated(found(one, embed, guard=guard), bound)
            tested = {"threshold": at} | shares(found(other, embed, guard=guard), at)
            row |= {f"{name}{key}": value for key, value in tested.items()}
        rows.append(row)
    means = {name: round(statistics.mean(row[name] for row in rows), 4) for name in rows[0]}
    return means | {"worst_false_hits": round(max(row["false_hits"] for row in rows), 4)}


def by_threshold(intents: Intents, embed: Embed) -> list[dict[str, float]]:
    """Return the shares for fixed thresholds over all topics, with and without the guard."""
    with_guard, without = found(intents, embed, guard=True), found(intents, embed, guard=False)
    return [
        {"threshold": at} | shares(with_guard, at) | {f"peer_{k}": v for k, v in shares(without, at).items()}
        for at in THRESHOLDS
    ]


def milliseconds(rounds: int = 60) -> float:
    """Return what it takes to find the nearest of a full scope, without DynamoDB and without the embedding."""
    draw = random.Random(1)
    packed = [pack([draw.gauss(0, 1) for _ in range(1024)]) for _ in range(MAX_CANDIDATES)]
    times = []
    for number in range(rounds):
        asked, began = packed[number], time.perf_counter()
        for each in nearest(asked.signs, ((one.signs, one) for one in packed), COMPARED):
            similarity(asked.values, each.values)
        times.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(times), 2)


def of_file(path: Path, embed: Embed, bound: float) -> dict[str, Any]:
    """Return the threshold for pairs of one's own. Raises: TooFewPairs."""
    pairs = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
    near = []
    for pair in pairs:
        one, other = (Entry("", pack(embed([pair[side]])[0]), facts(pair[side])) for side in ("a", "b"))
        passes = agree(one.facts, other.facts)
        near.append(similarity(one.vector.values, other.vector.values) if passes else -1.0)
    at = threshold([each for each, pair in zip(near, pairs, strict=True) if not pair["same"]], bound)
    same = [each for each, pair in zip(near, pairs, strict=True) if pair["same"]]
    return {"threshold": round(at, 4), "hits": sum(each >= at for each in same) / max(1, len(same)), "bound": bound}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--bound", type=float, default=0.01, help="share of look-ups that may hit falsely")
    parser.add_argument("--questions", type=Path, help="JSON lines of pairs of your own")
    parser.add_argument("--seeds", type=int, default=8, help="draws of the topics")
    chosen = parser.parse_args()
    embedder = Embedder()

    def embed(texts: list[str]) -> list[list[float]]:
        return [[float(number) for number in vector] for vector in embedder.embed(texts)]

    if chosen.questions:
        report = of_file(chosen.questions, embed, chosen.bound)
    else:
        report = {
            "goal": GOAL,
            "held_out": measured(embed, chosen.seeds, chosen.bound),
            "by_threshold": by_threshold(HELD_OUT, embed),
            "look_up_ms": milliseconds(),
        }
        report |= {name: by_threshold(intents, embed) for name, intents in SEEN.items()}
    if chosen.json:
        print(json.dumps(report))
        return
    for name, value in report.items():
        lines = value if isinstance(value, list) else [value]
        for line in lines:
            print(f"{name:22}", {k: round(v, 4) for k, v in line.items()} if isinstance(line, dict) else line)


if __name__ == "__main__":
    main()
