"""Near-duplicate removal: ours, datasketch, rensa and datatrove.

All make 13 bands of 5 rows, so all can find the same pairs and compute the same number of hashes. What the peers then
accept they estimate from signatures: at .7, a point below the .8 that is asked for, since an estimate at .8 would miss
half of what lies there. Ours compares the shingles themselves, at .8. `in_forms`: the same of documents that are mostly
one form, where a band tells little. Precision: the share of what was removed that is
.8 or more like the document that it was made from.
"""

import time
from typing import Any

from _prepare.near_duplicates_corpus import THRESHOLD, Planted, forms, generate
from _prepare.peers import best_of
from slipway_runtime.prepare.duplicates.clusters import find_duplicates

OURS = "slipway"
FORMS = 10_000
PEERS = {"datasketch": 8.0, "rensa": 2.0, "datatrove": None}  # ours is to be so many times as fast
GOALS = {"documents_per_second": 20_000, "precision": 1.0, "recall": 0.99}
BANDS = ((0.3, 0.5), (0.5, 0.7), (0.7, 0.8), (0.8, 0.9), (0.9, 1.0), (1.0, 1.01))


def measure(documents: int, runs: int) -> list[dict[str, Any]]:
    """Return a result for each contender."""
    corpus = generate(documents)
    best = best_of("near_duplicates", OURS, PEERS, (each.text for each in corpus), runs)
    fastest = documents / best[OURS]["cpu_seconds"]
    rows = [_row(name, result, corpus, fastest) for name, result in best.items()]
    return [{**row, "in_forms": _in_forms()} if row["name"] == OURS else row for row in rows]


def _in_forms() -> dict[str, float]:
    """Return how ours does where most of every document is one form."""
    corpus = forms(FORMS)
    began = time.process_time()
    removed = {each.document for each in find_duplicates([each.text for each in corpus])}
    seconds = time.process_time() - began
    wanted = {place for place, each in enumerate(corpus) if each.origin >= 0 and each.similarity >= THRESHOLD}
    return {
        "documents_per_second": round(len(corpus) / seconds),
        "precision": round(len(removed & wanted) / max(1, len(removed)), 4),
        "recall": round(len(removed & wanted) / len(wanted), 4),
    }


def _row(name: str, result: dict[str, Any], corpus: list[Planted], ours: float) -> dict[str, Any]:
    removed = set(result["found"])
    speed = len(corpus) / result["cpu_seconds"]
    wanted = {place for place, each in enumerate(corpus) if each.origin >= 0 and each.similarity >= THRESHOLD}
    row = {
        "name": name,
        "documents_per_second": round(speed),
        "precision": round(len(removed & wanted) / max(1, len(removed)), 4),
        "recall": round(len(removed & wanted) / len(wanted), 4),
        "removed_by_similarity": {f"{low:.1f}": _share(corpus, removed, low, high) for low, high in BANDS},
        "megabytes": round(result["megabytes"]),
    }
    if name == OURS:
        return {**row, "goals": GOALS}
    return {**row, "ratio": round(ours / speed, 2), "goal": PEERS[name]}


def _share(corpus: list[Planted], removed: set[int], low: float, high: float) -> float | None:
    of = [place for place, each in enumerate(corpus) if each.origin >= 0 and low <= each.similarity < high]
    return round(sum(place in removed for place in of) / len(of), 3) if of else None


def lines(rows: list[dict[str, Any]]) -> list[str]:
    """Return the results as text."""
    head = f"{'':12}{'docs/s':>8}{'ratio':>8}{'goal':>7}{'precision':>11}{'recall':>8}{'MB':>6}   removed at similarity"
    told = [f"{'in forms':12}{row['in_forms']}" for row in rows if "in_forms" in row]
    return [head, *(_line(row) for row in rows), *told]


def _line(row: dict[str, Any]) -> str:
    shares = "  ".join(f"{low} {share}" for low, share in row["removed_by_similarity"].items())
    ratio, goal = row.get("ratio", ""), row.get("goal", GOALS["documents_per_second"]) or "-"
    return (
        f"{row['name']:12}{row['documents_per_second']:>8}{ratio:>8}{goal:>7}{row['precision']:>11}{row['recall']:>8}"
        f"{row['megabytes']:>6}   {shares}"
    )
