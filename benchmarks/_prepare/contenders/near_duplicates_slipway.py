"""Ours, as a corpus is de-duplicated."""

from slipway_runtime.prepare.duplicates.clusters import find_duplicates


def run(documents: list[str]) -> list[int]:
    """Return the places of what is removed."""
    return [each.document for each in find_duplicates(documents)]
