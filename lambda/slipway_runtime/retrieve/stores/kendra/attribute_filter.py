"""A filter as Kendra's AttributeFilter: the part of it that Kendra can say, which never leaves out what passes.

Kendra takes lists of at most 10 conditions, nested at most twice. One level is the list with the tenant's condition,
which is always its first; so there is one more for each condition: a negation, or a choice of comparisons. What does
not fit, or names an attribute that the index has no field for, is left to whoever reads the hits.
Source: Amazon Kendra API reference, "AttributeFilter".
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from slipway_runtime.retrieve.filters import Compare, Compound, Equals, Filter, Not, OneOf, Scalar
from slipway_runtime.retrieve.stores.kendra.fields import (
    MAX_LIST_VALUES,
    TENANT,
    digest,
    number_field,
    ordered,
    term,
    term_field,
)

Condition = dict[str, Any]
MAX_CONDITIONS = 10
ORDERS = {"gt": "GreaterThan", "gte": "GreaterThanOrEquals", "lt": "LessThan", "lte": "LessThanOrEquals"}


@dataclass(frozen=True)
class Pushed:
    """Conditions that all hold for what passes; `whole`: what they hold for passes."""

    conditions: list[Condition]
    whole: bool


def attribute_filter(tenant: str, *conditions: Condition) -> Condition:
    """Return the filter of one tenant's documents that meet all conditions."""
    return {"AndAllFilters": [equals(TENANT, digest(tenant)), *conditions]}


def equals(field: str, value: str) -> Condition:
    """Return that a field is a text."""
    return {"EqualsTo": {"Key": field, "Value": {"StringValue": value}}}


def pushed(wanted: Filter | None, names: Collection[str], room: int = MAX_CONDITIONS - 1) -> Pushed:
    """Return what Kendra can say of a filter, in at most `room` conditions."""
    if wanted is None:
        return Pushed([], whole=True)
    found = _all(wanted, names, negated=False)
    return Pushed(found.conditions[:room], found.whole and len(found.conditions) <= room)


def _all(wanted: Filter, names: Collection[str], *, negated: bool) -> Pushed:
    """Return the filter, or its opposite, as conditions that all have to hold."""
    if isinstance(wanted, Not):
        return _all(wanted.filter, names, negated=not negated)
    if isinstance(wanted, Compound) and (wanted.type == "and") != negated:
        parts = [_all(each, names, negated=negated) for each in wanted.filters]
        return Pushed([one for part in parts for one in part.conditions], all(part.whole for part in parts))
    if isinstance(wanted, Compound):
        return _any(wanted, names, negated=negated)
    leaves, opposite = _leaves(wanted, names)
    if not leaves:
        return Pushed([], whole=False)
    if opposite != negated:
        return Pushed([{"NotFilter": each} for each in leaves], whole=True)
    return Pushed([leaves[0] if len(leaves) == 1 else {"OrAllFilters": leaves}], whole=True)


def _any(wanted: Compound, names: Collection[str], *, negated: bool) -> Pushed:
    """Return a choice, where each of its parts is a comparison that is not negated."""
    choices: list[Condition] = []
    for each in wanted.filters:
        if isinstance(each, Compound | Not):
            return Pushed([], whole=False)
        leaves, opposite = _leaves(each, names)
        if not leaves or opposite != negated:
            return Pushed([], whole=False)
        choices += leaves
    if len(choices) > MAX_CONDITIONS:
        return Pushed([], whole=False)
    return Pushed([{"OrAllFilters": choices}], whole=True)


def _leaves(wanted: Equals | OneOf | Compare, names: Collection[str]) -> tuple[list[Condition], bool]:
    """Return conditions of which one holds if the comparison does, and whether it is `ne` or `nin`; none: unknown."""
    if wanted.key not in names:
        return [], False
    match wanted:
        case Equals(type=kind, key=key, value=value):
            return [_contains(key, [value])], kind == "ne"
        case OneOf(type=kind, key=key, value=values):
            groups = range(0, len(values), MAX_LIST_VALUES)
            return [_contains(key, list(values[start : start + MAX_LIST_VALUES])) for start in groups], kind == "nin"
        case Compare(type=order, key=key, value=value):
            return [{ORDERS[order]: {"Key": number_field(key), "Value": {"LongValue": ordered(value)}}}], False


def _contains(key: str, values: list[Scalar]) -> Condition:
    terms = sorted({term(each) for each in values})
    return {"ContainsAny": {"Key": term_field(key), "Value": {"StringListValue": terms}}}
