"""A filter as Bedrock's RetrievalFilter: the part of it that every vector store behind Bedrock means alike.

Negation is left out: what `notIn` makes of an attribute that is not there differs by store. So is what goes beyond
five conditions or one level within the first. Whoever reads the results decides the rest.
Source: Amazon Bedrock API reference, "RetrievalFilter"; user guide, "Configure and customize queries" (metadata
filtering).
"""

from dataclasses import dataclass
from typing import Any

from slipway_runtime.retrieve.filters import Compare, Compound, Equals, Filter, OneOf, Scalar

Condition = dict[str, Any]
TENANT = "tenant"
MAX_CONDITIONS = 5
ORDERS = {"gt": "greaterThan", "gte": "greaterThanOrEquals", "lt": "lessThan", "lte": "lessThanOrEquals"}


@dataclass(frozen=True)
class Pushed:
    """The filter to send; `whole`: what it lets through passes."""

    filter: Condition
    whole: bool


def retrieval_filter(tenant: str, wanted: Filter | None) -> Pushed:
    """Return the tenant's condition, which is always there, and what Bedrock can say of the filter."""
    conditions, whole = ([], True) if wanted is None else _all(wanted)
    room = MAX_CONDITIONS - 1
    own = {"equals": {"key": TENANT, "value": tenant}}
    held = conditions[:room]
    return Pushed({"andAll": [own, *held]} if held else own, whole and len(conditions) <= room)


def _all(wanted: Filter) -> tuple[list[Condition], bool]:
    """Return conditions that all have to hold, and whether they are the whole filter."""
    if isinstance(wanted, Compound) and wanted.type == "and":
        parts = [_all(each) for each in wanted.filters]
        return [one for conditions, _ in parts for one in conditions], all(whole for _, whole in parts)
    choices = _any(wanted)
    if not 1 <= len(choices) <= MAX_CONDITIONS:
        return [], False
    return [choices[0] if len(choices) == 1 else {"orAll": choices}], True


def _any(wanted: Filter) -> list[Condition]:
    """Return conditions of which one has to hold; none where the filter cannot be said so."""
    match wanted:
        case Compound(type="or", filters=several):
            found = [_any(each) for each in several]
            return [one for choices in found for one in choices] if all(found) else []
        case Equals(type="eq", key=key, value=value):
            return _equal(key, value)
        case OneOf(type="in", key=key, value=values):
            return [one for value in values for one in _equal(key, value)]
        case Compare(type=order, key=key, value=value):
            return [{ORDERS[order]: {"key": key, "value": value}}]
        case _:
            return []


def _equal(key: str, value: Scalar) -> list[Condition]:
    """Return that an attribute is a value, or, for lists are of texts, that it holds it."""
    named = {"key": key, "value": value}
    return [{"equals": named}, {"listContains": named}] if isinstance(value, str) else [{"equals": named}]
