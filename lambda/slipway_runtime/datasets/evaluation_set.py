"""Evaluation sets as they come: JSONL of our own, or a public benchmark's, one object a line.

Every string in an item counts as text of its own, whatever its field is called, but not what names or instructs: system
prompts, ids and lineage are the same in many items and would be found everywhere. A field that could hold lineage is
passed over only where its value looks like ours: public sets keep passages in `documents` and `group`.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from slipway_runtime.datasets.recipe import RecipeError

LINEAGE_FIELDS = frozenset(
    ("id", "example_id", "document_id", "documents", "source_versions", "rules", "origin", "group", "role")
)
# What we write there: ids, versions, hashes, the names of rules and origins. Never words with blanks between them.
NAME = re.compile(r"[!-~]{0,200}")


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
            if name not in LINEAGE_FIELDS or not _is_name(each):
                yield from _texts(each)


def _is_name(value: Any) -> bool:
    """Return whether it is a name, or a list of names."""
    if isinstance(value, list):
        return all(isinstance(each, str) and _is_name(each) for each in value)
    return isinstance(value, str) and NAME.fullmatch(value) is not None
