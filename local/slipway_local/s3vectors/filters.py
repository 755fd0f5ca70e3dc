"""Metadata filters: checked as a whole before anything is searched, then evaluated vector by vector.

A comparison of different types is false; so is one with a key that is not there, except `$ne` and `$nin`, which are the
opposites of `$eq` and `$in`, also for lists. The documentation leaves these three to be tried.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-vectors-metadata-filtering.html
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection
from typing import Any

from ..aws_json import JsonObject, ServiceError

Test = Callable[[JsonObject], bool]
ORDERS: dict[str, Callable[[float, float], bool]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}


def compiled(given: Any, unfilterable: Collection[str]) -> Test:
    """Return the test that a filter is. Raises: ServiceError for one that the service refuses."""
    if not isinstance(given, dict) or not given:
        raise _invalid("a filter must be a JSON object with at least one condition")
    tests = [_condition(key, value, unfilterable) for key, value in given.items()]
    return tests[0] if len(tests) == 1 else lambda metadata: all(test(metadata) for test in tests)


def _condition(key: str, value: Any, unfilterable: Collection[str]) -> Test:
    if key in ("$and", "$or"):
        if not isinstance(value, list) or not value:
            raise _invalid(f"{key} takes a non-empty array of filters")
        inner = [compiled(each, unfilterable) for each in value]
        join = all if key == "$and" else any
        return lambda metadata: join(test(metadata) for test in inner)
    if key.startswith("$"):
        raise _invalid(f"{key} is not an operator here; combine filters with $and and $or")
    if key in unfilterable:
        raise _invalid(f"the metadata key {key} is not filterable")
    operations = value if isinstance(value, dict) else {"$eq": value}
    if not operations:
        raise _invalid(f"{key} has no operator")
    tests = [_comparison(key, name, operand) for name, operand in operations.items()]
    return lambda metadata: all(test(metadata) for test in tests)


def _comparison(key: str, name: str, operand: Any) -> Test:
    if name in ("$eq", "$ne"):
        if not is_primitive(operand):
            raise _invalid(f"{name} takes a string, a number or a boolean")
        return lambda metadata: _has(metadata, key, [operand]) == (name == "$eq")
    if name in ("$in", "$nin"):
        if not isinstance(operand, list) or not operand or not all(map(is_primitive, operand)):
            raise _invalid(f"{name} takes a non-empty array of strings, numbers or booleans")
        return lambda metadata: _has(metadata, key, operand) == (name == "$in")
    if name in ORDERS:
        if not _is_number(operand):
            raise _invalid(f"{name} takes a number")
        compare = ORDERS[name]
        return lambda metadata: _is_number(metadata.get(key)) and compare(metadata[key], operand)
    if name == "$exists":
        if not isinstance(operand, bool):
            raise _invalid("$exists takes true or false")
        return lambda metadata: (key in metadata) == operand
    raise _invalid(f"{name} is not an operator; use $eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $exists, $and or $or")


def is_primitive(value: Any) -> bool:
    """Return whether a value is a string, a number or a boolean."""
    return isinstance(value, str | int | float)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _has(metadata: JsonObject, key: str, wanted: list[Any]) -> bool:
    held = metadata.get(key)
    values = held if isinstance(held, list) else [held]
    return any(_kind(one) == _kind(other) and one == other for one in values for other in wanted)


def _kind(value: Any) -> str:
    return "number" if _is_number(value) else type(value).__name__


def _invalid(message: str) -> ServiceError:
    return ServiceError("ValidationException", f"Invalid filter: {message}")
