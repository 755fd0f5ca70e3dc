"""AttributeFilter: checked as a whole before anything is searched, then evaluated document by document.

A comparison with a field that a document lacks is false, so that its NotFilter is true.
Source: https://docs.aws.amazon.com/kendra/latest/APIReference/API_AttributeFilter.html
"""

from __future__ import annotations

import operator
from collections.abc import Callable

from ..aws_json import JsonObject, ServiceError
from .documents import value_of
from .model import Document, Index

Test = Callable[[Document], bool]
MAX_DEPTH, MAX_LENGTH = 2, 10
ORDERS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThan": operator.gt,
    "GreaterThanOrEquals": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEquals": operator.le,
}


def compiled(given: JsonObject, index: Index, depth: int = 0) -> Test:
    """Return the test that a filter is. Raises: ServiceError for one that the service refuses."""
    if len(given) != 1:
        raise _invalid(f"AttributeFilter must have one condition, not {', '.join(given) or 'none'}")
    ((name, value),) = given.items()
    if name in ("AndAllFilters", "OrAllFilters", "NotFilter") and depth >= MAX_DEPTH:
        raise _invalid("AttributeFilter cannot have a depth of more than 2")
    if name == "NotFilter":
        inner = compiled(value, index, depth + 1)
        return lambda document: not inner(document)
    if name in ("AndAllFilters", "OrAllFilters"):
        if not 1 <= len(value) <= MAX_LENGTH:
            raise _invalid("AttributeFilter cannot have a length of more than 10")
        tests = [compiled(each, index, depth + 1) for each in value]
        join = all if name == "AndAllFilters" else any
        return lambda document: join(test(document) for test in tests)
    return _comparison(name, value, index)


def _comparison(name: str, value: JsonObject, index: Index) -> Test:
    key = value["Key"]
    field = index.fields.get(key)
    if field is None:
        raise _invalid(f"The attribute {key} is not in the index's document metadata")
    wanted = value_of(value["Value"], field)
    if name == "EqualsTo":
        return lambda document: document.values.get(key) == wanted
    if name in ("ContainsAll", "ContainsAny"):
        if field["Type"] != "STRING_LIST_VALUE":
            raise _invalid(f"{name} is for STRING_LIST_VALUE, and {key} is {field['Type']}")
        join = all if name == "ContainsAll" else any
        return lambda document: join(each in document.values.get(key, []) for each in wanted)
    if field["Type"] not in ("LONG_VALUE", "DATE_VALUE"):
        raise _invalid(f"{name} is for LONG_VALUE and DATE_VALUE, and {key} is {field['Type']}")
    compare = ORDERS[name]
    return lambda document: key in document.values and compare(document.values[key], wanted)


def _invalid(message: str) -> ServiceError:
    return ServiceError("ValidationException", message)
