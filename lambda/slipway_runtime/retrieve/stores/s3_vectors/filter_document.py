"""A filter as S3 Vectors' metadata filter, with the meaning of `matches`.

The service has no `$not`, so that negation goes down to the comparisons (De Morgan), and what it does with a key that
is not there is documented for `$exists` alone, so that every negated comparison says `$exists` itself.
Source: Amazon S3 user guide, "S3 Vectors: Metadata filtering".
"""

from itertools import groupby
from typing import Any

from slipway_runtime.retrieve.filters import Compare, Compound, Equals, Filter, Not, OneOf, Scalar
from slipway_runtime.retrieve.stores.s3_vectors.rows import stored, stored_key

Document = dict[str, Any]
OPPOSITE = {"gt": "$lte", "gte": "$lt", "lt": "$gte", "lte": "$gt"}


def filter_document(wanted: Filter, *, negated: bool = False) -> Document:
    """Return the filter, or its opposite."""
    match wanted:
        case Not(filter=inner):
            return filter_document(inner, negated=not negated)
        case Compound(type=kind, filters=several):
            join = "$and" if (kind == "and") != negated else "$or"
            return {join: [filter_document(each, negated=negated) for each in several]}
        case Equals(type=kind, key=key, value=value):
            return _member(key, (value,), negated=(kind == "ne") != negated)
        case OneOf(type=kind, key=key, value=values):
            return _member(key, values, negated=(kind == "nin") != negated)
        case Compare(type=order, key=key, value=value):
            name = stored_key(key, value)
            if negated:
                return _or_missing(name, {OPPOSITE[order]: value})
            return {name: {f"${order}": value}}


def _member(name: str, values: tuple[Scalar, ...], *, negated: bool) -> Document:
    """Return that an attribute has one of the values, or none: one condition for each kind of value."""

    def key(value: Scalar) -> str:
        return stored_key(name, value)

    by_kind = {one: [stored(each) for each in some] for one, some in groupby(sorted(values, key=key), key)}
    if negated:
        return {"$and": [_or_missing(one, {"$nin": some}) for one, some in by_kind.items()]}
    return {"$or": [{one: {"$in": some}} for one, some in by_kind.items()]}


def _or_missing(key: str, condition: Document) -> Document:
    return {"$or": [{key: {"$exists": False}}, {key: condition}]}
