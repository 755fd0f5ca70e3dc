"""Evaluation sets as they come: JSONL of our own, or a public benchmark's, one object a line.

Every string in an item counts as text of its own, whatever its field is called, but not what names or instructs: system
prompts, ids and lineage are the same in many items and would be found everywhere.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from slipway_runtime.datasets.recipe import RecipeError

NOT_TEXT = frozenset(
    ("id", "example_id", "document_id", "documents", "source_versions", "rules", "origin", "group", "role")
)


@dataclass(frozen=True)
class Item:
    """One item: its set, its line (from 1), its texts."""

    evaluation_set: str
    line: int
    texts: list[str]


def read_items(evaluation_set: str, lines: Iterable[bytes]) -> Iterator[Item]:
    """Yield the items of a set.

    Raises: RecipeError naming set and line for what is no JSON object: a set that is half read would keep out half.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = msgspec.json.decode(line)
        except msgspec.DecodeError as error:
            raise RecipeError(f"{evaluation_set}, line {number}: no JSON ({error}); mend the evaluation set") from error
        if not isinstance(value, dict):
            raise RecipeError(f"{evaluation_set}, line {number}: expected a JSON object; mend the evaluation set")
        yield Item(evaluation_set, number, list(_texts(value)))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, dict) and value.get("role") != "system":
        for name, each in value.items():
            if name not in NOT_TEXT:
                yield from _texts(each)
