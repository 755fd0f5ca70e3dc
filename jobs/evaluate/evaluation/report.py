"""report.json: what the gate reads, and what a person asks next."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from evaluation.items import Item, digest
from evaluation.measure_all import Measured
from evaluation.metrics import answers
from evaluation.metrics.measure import Measure
from slipway_runtime.evaluate.bootstrap import difference, estimate

FORMAT = "slipway-evaluation/1"
ALL = "all items"
WORST, SHOWN_CHARACTERS = 20, 600


def build(model: str, items: Sequence[Item], found: Measured, production: dict[str, Any] | None) -> dict[str, Any]:
    """Return the report; with production's own report on the same items, the differences to it."""
    report: dict[str, Any] = {
        "format": FORMAT,
        "model": model,
        "data_sha256": digest(items),
        "metrics": {},
        "skipped": [asdict(each) for each in found.skipped],
        "items": [{"id": item.id, "slices": item.slices, "scores": {}} for item in items],
    }
    for measure, ids in found.measures:
        add(report, measure, ids)
    report["slices"] = _slices(report)
    report["confusion"] = _confusion(items)
    report["worst"] = _worst(items, report, found)
    report["production"] = _differences(report, production) if production else None
    return report


def add(report: dict[str, Any], measure: Measure, ids: Sequence[str]) -> None:
    """Put a metric of the items with these ids into a report, whose slices and differences do not tell of it yet."""
    rows, kept = {row["id"]: row for row in report["items"]}, asdict(measure)
    scores = kept.pop("scores")
    report["metrics"][kept.pop("name")] = kept | {"items": len(ids)}
    for each, score in zip(ids, scores, strict=True) if scores else ():
        rows[each]["scores"][measure.name] = score


def _slices(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return by slice and metric the mean with its interval."""
    names = sorted({name for row in report["items"] for name in row["slices"]})
    table: dict[str, dict[str, Any]] = {}
    for name in [ALL, *names]:
        rows = [row["scores"] for row in report["items"] if name == ALL or name in row["slices"]]
        values = {metric: [row[metric] for row in rows if metric in row] for metric in report["metrics"]}
        table[name] = {metric: _told(estimate(each)) for metric, each in values.items() if each}
    return table


def _confusion(items: Sequence[Item]) -> dict[str, Any] | None:
    some = [item for item in items if item.label is not None]
    if not some:
        return None
    labels, counts = answers.confusion([item.answers[0] for item in some], [str(item.label) for item in some])
    return {"labels": labels, "counts": counts}


def _worst(items: Sequence[Item], report: dict[str, Any], found: Measured) -> list[dict[str, Any]]:
    """Return the items that rank lowest, on average over their metrics."""
    totals: dict[str, list[float]] = {}
    for metric, about in report["metrics"].items():
        scored = [(row["scores"][metric], row["id"]) for row in report["items"] if metric in row["scores"]]
        values = sorted({score for score, _ in scored}, reverse=not about["higher_is_better"])
        places = {value: place / max(1, len(values) - 1) for place, value in enumerate(values)}
        for score, each in scored if len(values) > 1 else ():
            totals.setdefault(each, []).append(places[score])
    order = sorted(totals, key=lambda each: sum(totals[each]) / len(totals[each]))[:WORST]
    known, scores = {item.id: item for item in items}, {row["id"]: row["scores"] for row in report["items"]}
    return [_example(known[each], scores[each], found) for each in order]


def _example(item: Item, scores: dict[str, float], found: Measured) -> dict[str, Any]:
    right = item.references or ([item.label] if item.label is not None else [item.tests])
    return {
        "id": item.id,
        "slices": item.slices,
        "asked": item.asked[:SHOWN_CHARACTERS],
        "answer": item.answers[0][:SHOWN_CHARACTERS],
        "expected": right[0][:SHOWN_CHARACTERS],
        "errors": found.errors.get(item.id, []),
        "scores": scores,
    }


def _differences(report: dict[str, Any], production: dict[str, Any]) -> dict[str, Any]:
    old = {row["id"]: row["scores"] for row in production["items"]}
    table: dict[str, Any] = {}
    for metric, about in report["metrics"].items():
        if production["metrics"].get(metric, {}).get("signature") != about["signature"]:
            continue
        pairs = [
            (row["scores"][metric], old[row["id"]][metric])
            for row in report["items"]
            if metric in row["scores"] and metric in old.get(row["id"], {})
        ]
        if pairs:
            found = difference([new for new, _ in pairs], [one for _, one in pairs])
            table[metric] = _told(found) | {"value": production["metrics"][metric]["value"]}
    same = production["data_sha256"] == report["data_sha256"]
    return {"model": production["model"], "same_items": same, "differences": table}


def _told(found: Any) -> dict[str, float]:
    return {"mean": found.mean, "low": found.low, "high": found.high, "count": found.count}
