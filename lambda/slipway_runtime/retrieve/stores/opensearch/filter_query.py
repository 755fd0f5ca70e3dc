"""Filters as queries: each attribute of a chunk is a term of kind, key and value, each comparison a query of terms.

A term begins with its kind, so that `true`, `1` and `"1"` are three values; numbers are written so that the order of
the texts is the order of the numbers, so that a range of terms is a range of numbers. Values are JSON throughout and
never parsed, so nothing in them can be anything but a value.
Source: OpenSearch documentation, "Term-level queries" (term, terms, range on keywords), "Boolean query".
"""

import struct
from typing import Any

from slipway_runtime.retrieve.filters import Attributes, Compare, Compound, Equals, Filter, Not, OneOf, Scalar

FIELD = "attributes"
SIGN = 1 << 63
# After every hexadecimal digit, and before any.
ABOVE, BELOW = "~", " "


def terms(attributes: Attributes) -> list[str]:
    """Return the terms of a chunk's attributes; a list has one for each of its values."""
    return [
        _term(key, each)
        for key, held in attributes.items()
        for each in (dict.fromkeys(held) if isinstance(held, list) else [held])
    ]


def query(wanted: Filter) -> dict[str, Any]:
    """Return the query that finds exactly the chunks whose attributes `filters.matches`."""
    match wanted:
        case Not(filter=inner):
            return _none(query(inner))
        case Compound(type="and", filters=several):
            return {"bool": {"filter": [query(each) for each in several]}}
        case Compound(filters=several):
            return {"bool": {"should": [query(each) for each in several], "minimum_should_match": 1}}
        case Equals(type=kind, key=key, value=value):
            found: dict[str, Any] = {"term": {FIELD: {"value": _term(key, value)}}}
            return found if kind == "eq" else _none(found)
        case OneOf(type=kind, key=key, value=values):
            found = {"terms": {FIELD: sorted({_term(key, value) for value in values})}}
            return found if kind == "in" else _none(found)
        case Compare():
            return _range(wanted)


def _none(inner: dict[str, Any]) -> dict[str, Any]:
    return {"bool": {"must_not": [inner]}}


def _range(wanted: Compare) -> dict[str, Any]:
    bound, prefix = _term(wanted.key, float(wanted.value)), f"n:{wanted.key}="
    match wanted.type:
        case "gt" | "gte" as lower:
            bounds = {lower: bound, "lt": prefix + ABOVE}
        case upper:
            bounds = {upper: bound, "gt": prefix + BELOW}
    return {"range": {FIELD: bounds}}


def _term(key: str, value: Scalar) -> str:
    match value:
        case bool():
            return f"b:{key}={'true' if value else 'false'}"
        case str():
            return f"s:{key}={value}"
        case _:
            return f"n:{key}={_sortable(float(value))}"


def _sortable(number: float) -> str:
    """Return 16 hexadecimal digits whose order is that of the numbers; the two zeros are one."""
    (bits,) = struct.unpack(">Q", struct.pack(">d", number + 0.0))
    return f"{bits ^ (2 * SIGN - 1) if bits & SIGN else bits | SIGN:016x}"
