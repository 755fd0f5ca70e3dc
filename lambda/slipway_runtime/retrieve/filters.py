"""Filters over the attributes of chunks: one small language, the same for every store.

The JSON is that of OpenAI's vector-store search, with `not` beside `and` and `or`:
`{"type": "and", "filters": [{"type": "eq", "key": "language", "value": "en"}, {"type": "gte", "key": "page", …}]}`.
A filter is true or false, never unknown: a comparison with an attribute that is not there, or is of another kind, is
false (so `ne` and `nin` are true), and `not` turns it round. Of a list it is enough that one value fits.
Source: OpenAI API reference, "Vector stores: search" (ComparisonFilter, CompoundFilter).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Scalar = str | bool | int | float
Attribute = Scalar | list[str]
Attributes = Mapping[str, Attribute]
Equality = Literal["eq", "ne"]
Order = Literal["gt", "gte", "lt", "lte"]
Membership = Literal["in", "nin"]

MAX_DEPTH = 6
MAX_COMPARISONS = 50
MAX_VALUES = 100
MAX_VALUE_CHARACTERS = 1_024
KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,62}")
# What the store keeps tenants apart by is none of the caller's business.
RESERVED = frozenset({"tenant"})


class InvalidFilter(ValueError):  # noqa: N818 - says what is wrong
    """A filter that is not of the language. `where` is the JSON path, like `filter.filters[1].key`."""

    def __init__(self, where: str, message: str) -> None:
        super().__init__(f"{where} {message}")
        self.where = where


@dataclass(frozen=True)
class Equals:
    """The attribute has the value, or for `ne` has it not."""

    type: Equality
    key: str
    value: Scalar


@dataclass(frozen=True)
class Compare:
    """The attribute is a number in the range."""

    type: Order
    key: str
    value: int | float


@dataclass(frozen=True)
class OneOf:
    """The attribute has one of the values, or for `nin` none of them."""

    type: Membership
    key: str
    value: tuple[Scalar, ...]


@dataclass(frozen=True)
class Compound:
    """All of the filters hold (`and`), or one of them does (`or`)."""

    type: Literal["and", "or"]
    filters: tuple[Filter, ...]


@dataclass(frozen=True)
class Not:
    """The filter does not hold."""

    filter: Filter


Filter = Equals | Compare | OneOf | Compound | Not


def parse(given: Any, where: str = "filter") -> Filter:
    """Return the filter of a JSON value. Raises: InvalidFilter naming the place and what was expected there."""
    budget = [MAX_COMPARISONS]
    return _parse(given, where, 1, budget)


def _parse(given: Any, where: str, depth: int, budget: list[int]) -> Filter:
    if not isinstance(given, dict):
        raise InvalidFilter(where, f"is {_kind(given)}, expected an object with 'type'")
    if depth > MAX_DEPTH:
        raise InvalidFilter(where, f"is nested deeper than {MAX_DEPTH} levels")
    match given.get("type"):
        case "and" | "or" as both:
            _only(given, {"type", "filters"}, where)
            inner = given.get("filters")
            if not isinstance(inner, list) or not inner:
                raise InvalidFilter(f"{where}.filters", "must be a list of at least one filter")
            parts = [_parse(each, f"{where}.filters[{n}]", depth + 1, budget) for n, each in enumerate(inner)]
            return Compound(both, tuple(parts))
        case "not":
            _only(given, {"type", "filter"}, where)
            return Not(_parse(given.get("filter"), f"{where}.filter", depth + 1, budget))
        case "eq" | "ne" | "gt" | "gte" | "lt" | "lte" | "in" | "nin":
            budget[0] -= 1
            if budget[0] < 0:
                raise InvalidFilter(where, f"is one comparison too many; a filter has at most {MAX_COMPARISONS}")
            return _comparison(given, where)
        case other:
            expected = "and, or, not, eq, ne, gt, gte, lt, lte, in, nin"
            raise InvalidFilter(f"{where}.type", f"is {other!r:.40}, expected one of {expected}")


def _comparison(given: dict[str, Any], where: str) -> Filter:
    _only(given, {"type", "key", "value"}, where)
    key, value = given.get("key"), given.get("value")
    if not isinstance(key, str) or not KEY.fullmatch(key) or key in RESERVED:
        expected = "a name of up to 63 letters, digits, '_' and '-' that begins with a letter or '_'"
        raise InvalidFilter(f"{where}.key", f"must be {expected}, and not {', '.join(sorted(RESERVED))}")
    match given["type"]:
        case "eq" | "ne" as equality:
            return Equals(equality, key, _scalar(value, f"{where}.value"))
        case "in" | "nin" as membership:
            if not isinstance(value, list) or not 1 <= len(value) <= MAX_VALUES:
                raise InvalidFilter(f"{where}.value", f"must be a list of 1 to {MAX_VALUES} values")
            return OneOf(membership, key, tuple(_scalar(each, f"{where}.value[{n}]") for n, each in enumerate(value)))
        case order:
            if isinstance(value, bool) or not isinstance(value, int | float) or not _is_finite(value):
                raise InvalidFilter(f"{where}.value", f"must be a number for '{order}'")
            return Compare(order, key, value)


def _scalar(value: Any, where: str) -> Scalar:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float) and _is_finite(value):
        return value
    if isinstance(value, str) and len(value) <= MAX_VALUE_CHARACTERS and "\0" not in value and _is_text(value):
        return value
    expected = f"a string of up to {MAX_VALUE_CHARACTERS} characters, a number, true or false"
    raise InvalidFilter(where, f"must be {expected}")


def _is_finite(value: float) -> bool:
    # Every store holds numbers as doubles at the least; beyond 2^53 they would no longer be told apart.
    return abs(value) <= 2**53


def _is_text(value: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _only(given: dict[str, Any], known: set[str], where: str) -> None:
    if unknown := sorted(set(given) - known):
        raise InvalidFilter(where, f"has the unknown field {unknown[0]!r:.40}, expected {', '.join(sorted(known))}")


def _kind(value: Any) -> str:
    return {type(None): "null", list: "a list", str: "a string", bool: "a boolean"}.get(type(value), "a number")


def matches(wanted: Filter | None, attributes: Attributes) -> bool:
    """Return whether a chunk with these attributes passes: what every store has to agree with."""
    match wanted:
        case None:
            return True
        case Not(filter=inner):
            return not matches(inner, attributes)
        case Compound(type=kind, filters=several):
            return (all if kind == "and" else any)(matches(each, attributes) for each in several)
        case Equals(type=kind, key=key, value=value):
            return _has(attributes, key, value) == (kind == "eq")
        case OneOf(type=kind, key=key, value=values):
            return any(_has(attributes, key, value) for value in values) == (kind == "in")
        case Compare():
            return _in_range(attributes.get(wanted.key), wanted)


def _has(attributes: Attributes, key: str, value: Scalar) -> bool:
    held = attributes.get(key)
    values = held if isinstance(held, list) else [] if held is None else [held]
    return any(each == value and isinstance(each, bool) == isinstance(value, bool) for each in values)


def _in_range(held: Attribute | None, wanted: Compare) -> bool:
    if isinstance(held, bool) or not isinstance(held, int | float):
        return False
    match wanted.type:
        case "gt":
            return held > wanted.value
        case "gte":
            return held >= wanted.value
        case "lt":
            return held < wanted.value
        case "lte":
            return held <= wanted.value
