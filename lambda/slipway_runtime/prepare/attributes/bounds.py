"""What of a document's own attributes is kept: named as filters name them, rewritten by its source's rules, bounded."""

import json
import re
from collections.abc import Callable, Mapping

from slipway_runtime.prepare.attributes.dates import seconds

Attribute = str | bool | int | float | list[str]
Rewrite = Callable[[str], str]
# The same as in slipway_runtime.retrieve: filters.KEY, and stores.contract.MAX_ATTRIBUTES_BYTES.
KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,62}")
MAX_BYTES = 1_024
# What the platform itself says of a chunk, and what keeps tenants apart.
RESERVED = frozenset({"tenant", "document_id", "path", "page", "media_type"})
MAX_VALUE_CHARACTERS = 200
# What every store takes: Kendra ten values in a list, S3 Vectors 50 keys, some of which the platform needs.
MAX_VALUES = 10
MAX_ATTRIBUTES = 40
MAX_NUMBER = 2**53
MAX_DESCRIPTION_CHARACTERS = 500
LISTS = frozenset({"tags"})


def bounded(
    found: Mapping[str, Attribute], own: Mapping[str, Attribute], rewrite: Rewrite
) -> tuple[dict[str, Attribute], dict[str, int]]:
    """Return the attributes of a document, and how many were left out and why.

    `found` is what it says of itself; `own`, what the platform says of it, comes first and wins. `rewrite` is what the
    rules do to a text. Dates become seconds since 1970.
    """
    kept: dict[str, Attribute] = dict(own)
    counts = {"attributes.reserved": 0, "attributes.dropped": 0}
    for key, given in rewritten(found, rewrite).items():
        value = _value(key, given)
        if key in RESERVED:
            counts["attributes.reserved"] += 1
        elif key in kept:
            continue
        elif value is None or not KEY.fullmatch(key) or rewrite(key) != key or not _fits(kept, key, value):
            counts["attributes.dropped"] += 1
        else:
            kept[key] = value
    return kept, {name: number for name, number in counts.items() if number}


def rewritten(found: Mapping[str, Attribute], rewrite: Rewrite) -> dict[str, Attribute]:
    """Return the values after the rules; a number that they would hide in a text is hidden as well."""
    done: dict[str, Attribute] = {}
    for key, value in found.items():
        if isinstance(value, list):
            done[key] = [rewrite(each) for each in value]
        elif isinstance(value, bool):
            done[key] = value
        else:
            text = rewrite(str(value))
            done[key] = value if text == str(value) else text
    return done


def description(text: str) -> str:
    """Return a description as one line, cut at a word."""
    line = " ".join(text.split())
    if len(line) <= MAX_DESCRIPTION_CHARACTERS:
        return line
    return line[:MAX_DESCRIPTION_CHARACTERS].rpartition(" ")[0] or line[:MAX_DESCRIPTION_CHARACTERS]


def split_list(text: str) -> list[str]:
    """Return the words of a list that is written as one text, as keywords are."""
    return [word for word in (each.strip() for each in re.split(r"[,;\n]", text)) if word]


def _value(key: str, value: Attribute) -> Attribute | None:
    """Return a value as a filter can compare it, or None for one that none would."""
    if isinstance(value, str) and key in LISTS:
        value = split_list(value)
    if isinstance(value, list):
        words = [word for word in dict.fromkeys(" ".join(each.split()) for each in value) if word]
        return words if words and len(words) <= MAX_VALUES and all(map(_is_short, words)) else None
    if isinstance(value, str):
        text = " ".join(value.split())
        at = seconds(text)
        return (text if text and _is_short(text) else None) if at is None else at
    return value if isinstance(value, bool) or abs(value) <= MAX_NUMBER else None


def _is_short(text: str) -> bool:
    return len(text) <= MAX_VALUE_CHARACTERS and "\0" not in text and text.isprintable()


def _fits(kept: Mapping[str, Attribute], key: str, value: Attribute) -> bool:
    return len(kept) < MAX_ATTRIBUTES and _size({**kept, key: value}) <= MAX_BYTES


def _size(attributes: Mapping[str, Attribute]) -> int:
    return len(json.dumps(attributes, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))
