"""PostgreSQL's array text as the Data API's arrayValue.

Source: https://www.postgresql.org/docs/16/arrays.html#ARRAYS-IO
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ..aws_json import JsonObject, ServiceError

_ITEM = re.compile(r'"((?:[^"\\]|\\.)*)"|([^",{}]+)')
_MEMBERS = {
    "stringValue": "stringValues",
    "longValue": "longValues",
    "doubleValue": "doubleValues",
    "booleanValue": "booleanValues",
}


def array_value(text: str, read: Callable[[str], tuple[str, Any]]) -> JsonObject:
    """Return the arrayValue for `{a,"b c",NULL}`; `read` turns an item into (member of Field, value).

    Raises: ServiceError for an array of more than one dimension, which the service does not return, or of bytea.
    """
    body = text[text.index("{") + 1 : -1]  # a lower bound other than 1 is written before it
    if body.startswith("{"):
        raise ServiceError("UnsupportedResultException", "The result contains a multidimensional array.")
    values: list[Any] = []
    member = "stringValue"
    for quoted, bare in _ITEM.findall(body):
        if bare == "NULL":
            values.append(None)
            continue
        member, value = read(bare or re.sub(r"\\(.)", r"\1", quoted))
        values.append(value)
    if member not in _MEMBERS:
        raise ServiceError("UnsupportedResultException", "The result contains an array of an unsupported data type.")
    return {_MEMBERS[member]: values}
