"""Filters as PostgreSQL's SQL/JSON path, one predicate in one bound parameter.

Inside `exists(… ? (…))` what cannot be compared is dropped rather than unknown, so that `!` is a true complement; lax
mode looks into lists. Literals are written as JSON in ASCII, which the path language reads alike.
Source: PostgreSQL documentation, 9.16.2 "The SQL/JSON Path Language".
"""

import json

from slipway_runtime.retrieve.filters import Compare, Compound, Equals, Filter, Not, OneOf, Scalar

SIGNS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def json_path(wanted: Filter) -> str:
    """Return the predicate for the operator `@@` on a document of attributes."""
    match wanted:
        case Not(filter=inner):
            return f"!({json_path(inner)})"
        case Compound(type=kind, filters=inner):
            sign = " && " if kind == "and" else " || "
            return f"({sign.join(json_path(each) for each in inner)})"
        case Equals(type=kind, key=key, value=value):
            return _negated(kind == "ne", _has(key, (value,)))
        case OneOf(type=kind, key=key, value=values):
            return _negated(kind == "nin", _has(key, values))
        case Compare(type=order, key=key, value=value):
            return f"exists($.{json.dumps(key)} ? (@ {SIGNS[order]} {json.dumps(value)}))"


def _has(key: str, values: tuple[Scalar, ...]) -> str:
    either = " || ".join(f"@ == {json.dumps(value)}" for value in values)
    return f"exists($.{json.dumps(key)} ? ({either}))"


def _negated(negative: bool, predicate: str) -> str:
    return f"!({predicate})" if negative else predicate
