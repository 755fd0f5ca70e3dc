"""Contamination by 13-grams of words: ours, datatrove's filter, and a set of n-grams in plain Python.

In a 50th of the documents 13 words of an evaluation item are planted, in another 50th 12 words between strange ones,
which is no overlap yet. All build their index of the items within the time.
Units: millions of words a second of CPU time.
"""

import random
from itertools import accumulate
from typing import Any

from _prepare.peers import best_of

OURS = "slipway"
PEERS = ("datatrove", "naive")
WORDS, ITEM_WORDS, ITEMS, NGRAM = 400, 60, 5_000, 13
VOCABULARY = 30_000
EVERY = 50


def generate(number: int, seed: int = 20_262) -> tuple[list[dict[str, Any]], set[int]]:
    """Return the evaluation items and documents as rows, and the places of contaminated documents."""
    rng = random.Random(seed)
    words = ["".join(rng.choices("etaoinshrdlcumwfgypbvk", k=rng.randint(2, 9))) for _ in range(VOCABULARY)]
    weights = list(accumulate(1 / (rank + 3) for rank in range(VOCABULARY)))
    items = [rng.choices(words, cum_weights=weights, k=ITEM_WORDS) for _ in range(ITEMS)]
    rows: list[dict[str, Any]] = [{"item": True, "text": " ".join(item)} for item in items]
    planted = set()
    for place in range(number):
        text = rng.choices(words, cum_weights=weights, k=WORDS)
        if place % EVERY < 2:
            size = NGRAM - place % EVERY
            at, begin = rng.randrange(WORDS), rng.randrange(ITEM_WORDS - size)
            text[at:at] = ["zq", *rng.choice(items)[begin : begin + size], "zq"]
            planted |= {place} if size == NGRAM else set()
        lines = [" ".join(text[start : start + 15]).capitalize() + "." for start in range(0, len(text), 15)]
        rows.append({"item": False, "text": "\n".join(lines)})
    return rows, planted


def measure(documents: int, runs: int) -> list[dict[str, Any]]:
    """Return a result for each contender."""
    rows, planted = generate(documents)
    best = best_of("contamination", OURS, PEERS, rows, runs)
    speeds = {name: documents * WORDS / result["cpu_seconds"] for name, result in best.items()}
    return [
        {
            "name": name,
            "megawords_per_second": round(speeds[name] / 1e6, 2),
            "ratio": round(speeds[OURS] / speeds[name], 2),
            "precision": round(len(planted & set(result["found"])) / max(1, len(result["found"])), 4),
            "recall": round(len(planted & set(result["found"])) / len(planted), 4),
            "megabytes": round(result["megabytes"]),
        }
        for name, result in best.items()
    ]


def lines(rows: list[dict[str, Any]]) -> list[str]:
    """Return the results as text."""
    head = f"{'':12}{'Mwords/s':>10}{'ratio':>8}{'precision':>11}{'recall':>8}{'MB':>6}"
    return [
        head,
        *(
            f"{row['name']:12}{row['megawords_per_second']:>10}{row['ratio']:>8}{row['precision']:>11}"
            f"{row['recall']:>8}{row['megabytes']:>6}"
            for row in rows
        ),
    ]
