"""RetrievalFilter: checked as a whole, then evaluated passage by passage; one level of groups within the first.

An attribute that is not there passes `notEquals` alone, as the API reference says.
Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_RetrievalFilter.html
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from ...aws_json import JsonObject, validation_error

Test = Callable[[JsonObject], bool]
MAX_GROUP, MAX_DEPTH = 5, 2
ORDERS: dict[str, Callable[[float, float], bool]] = {
    "greaterThan": operator.gt,
    "greaterThanOrEquals": operator.ge,
    "lessThan": operator.lt,
    "lessThanOrEquals": operator.le,
}


def compiled(given: JsonObject, depth: int = 0) -> Test:
    """Return the test that a filter is. Raises: ServiceError for one that the service refuses."""
    ((name, value),) = given.items()
    if name in ("andAll", "orAll"):
        if depth >= MAX_DEPTH or not 2 <= len(value) <= MAX_GROUP:
            raise validation_error(f"{name} takes 2 to {MAX_GROUP} filters, at most {MAX_DEPTH} groups deep")
        tests = [compiled(each, depth + 1) for each in value]
        join = all if name == "andAll" else any
        return lambda metadata: join(test(metadata) for test in tests)
    key, wanted = value["key"], value["value"]
    if name in ("equals", "notEquals"):
        return lambda metadata: _same(metadata.get(key), wanted) == (name == "equals")
    if name == "listContains":
        return lambda metadata: isinstance(metadata.get(key), list) and wanted in metadata[key]
    if name in ("in", "notIn"):
        if not isinstance(wanted, list):
            raise validation_error(f"{name} takes a list")
        return lambda metadata: key in metadata and _one_of(metadata[key], wanted) == (name == "in")
    if name in ORDERS:
        if not _is_number(wanted):
            raise validation_error(f"{name} takes a number")
        compare = ORDERS[name]
        return lambda metadata: _is_number(metadata.get(key)) and compare(metadata[key], wanted)
    raise validation_error(f"{name} is not emulated: stores behind Bedrock differ in it")


def _one_of(held: Any, wanted: list[Any]) -> bool:
    return any(_same(held, each) for each in wanted)


def _same(held: Any, wanted: Any) -> bool:
    return isinstance(held, bool) == isinstance(wanted, bool) and held == wanted


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
