"""Ours, as a shard of a dataset is checked."""

from slipway_runtime.datasets.contamination import ContaminationIndex
from slipway_runtime.datasets.evaluation_set import Item


def run(rows: list[dict]) -> list[int]:
    """Return the places of what is left out."""
    items = [Item("set", place, [row["text"]]) for place, row in enumerate(rows) if row["item"]]
    index, _ = ContaminationIndex.build(items)
    found = index.overlaps([[row["text"]] for row in rows if not row["item"]])
    return [place for place, overlap in enumerate(found) if overlap]
