"""PostgreSQL's results as the Data API returns them.

Types it does not list are refused, as the service refuses them; cast them in the statement (`embedding::text`).
Source: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api-operations.html (supported types),
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.limitations.html (1 MiB a response, 64 KB a row)
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from psycopg.pq.abc import PGresult

from ..aws_json import JsonObject, ServiceError
from .arrays import array_value

MAX_RESPONSE_BYTES = 1024 * 1024
MAX_ROW_BYTES = 64 * 1024
MAX_JSON_BYTES = 10 * 1024 * 1024


class Column(NamedTuple):
    """A column of a result: its label, PostgreSQL's name for its type, and whether that type is an enumeration."""

    label: str
    type_name: str
    is_enum: bool = False


class Options(NamedTuple):
    """resultSetOptions: how DECIMAL and LONG values come back."""

    decimal: str = "STRING"
    long: str = "LONG"


def _decimal(text: str, options: Options) -> JsonObject:
    if options.decimal == "STRING":
        return {"stringValue": text}
    number = Decimal(text)
    if number.is_finite() and number.as_tuple().exponent == 0 and abs(number) < 2**63:
        return {"longValue": int(number)}
    return {"doubleValue": _double(text)}


def _double(text: str) -> Any:
    value = float(text)
    return value if math.isfinite(value) else text  # JSON has no NaN and no Infinity


def _string(text: str, _: Options) -> JsonObject:
    return {"stringValue": text}


def _long(text: str, options: Options) -> JsonObject:
    return {"stringValue": text} if options.long == "STRING" else {"longValue": int(text)}


def _blob(text: str, _: Options) -> JsonObject:
    return {"blobValue": base64.b64encode(bytes.fromhex(text[2:])).decode()}


def _boolean(text: str, _: Options) -> JsonObject:
    return {"booleanValue": text == "t"}


def _floating(text: str, _: Options) -> JsonObject:
    return {"doubleValue": _double(text)}


def _instant(text: str, _: Options) -> JsonObject:
    # The session's zone is UTC, and the service returns the moment in UTC without a zone.
    return {"stringValue": text.removesuffix("+00")}


_READERS: Mapping[str, Callable[[str, Options], JsonObject]] = {
    "bool": _boolean,
    "bytea": _blob,
    **dict.fromkeys(("int2", "int4", "int8", "oid"), _long),
    **dict.fromkeys(("float4", "float8"), _floating),
    "numeric": _decimal,
    "timestamptz": _instant,
    **dict.fromkeys(
        ("text", "varchar", "bpchar", "name", "uuid", "json", "jsonb", "date", "time", "timestamp", "inet", "cidr"),
        _string,
    ),
    **dict.fromkeys(("money", "vector", "unknown"), _string),
}


def check_columns(columns: list[Column]) -> None:
    """Raises: ServiceError for the first column whose type the service cannot return."""
    for column in columns:
        base = column.type_name.removeprefix("_")
        if base not in _READERS and not column.is_enum:
            message = f"The result contains the unsupported data type {column.type_name}."
            raise ServiceError("UnsupportedResultException", message)


def read_records(result: PGresult, columns: list[Column], options: Options) -> list[list[JsonObject]]:
    """Return the rows as lists of fields.

    Raises: ServiceError for a row over 64 KB or a result whose values alone exceed 1 MiB.
    """
    _check_size(result, MAX_RESPONSE_BYTES)
    return [
        [_field(result.get_value(row, index), column, options) for index, column in enumerate(columns)]
        for row in range(result.ntuples)
    ]


def read_json(result: PGresult, columns: list[Column], options: Options) -> str:
    """Return the rows as one JSON array of objects by column label (formatRecordsAs=JSON).

    Raises: ServiceError over 10 MB.
    """
    _check_size(result, MAX_JSON_BYTES)
    rows = []
    for row in range(result.ntuples):
        fields = (_field(result.get_value(row, index), column, options) for index, column in enumerate(columns))
        rows.append({column.label: _plain(field) for column, field in zip(columns, fields, strict=True)})
    text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
    if len(text.encode()) > MAX_JSON_BYTES:
        raise too_large()
    return text


def too_large() -> ServiceError:
    """Return the error for a response over its limit."""
    return ServiceError("UnsupportedResultException", "Database response exceeded size limit")


def _check_size(result: PGresult, limit: int) -> None:
    total = 0
    for row in range(result.ntuples):
        size = sum(len(result.get_value(row, index) or b"") for index in range(result.nfields))
        if size > MAX_ROW_BYTES:
            raise ServiceError("UnsupportedResultException", "Packet for query is too large: a row exceeds 64 KB")
        total += size
    if total > limit:
        raise too_large()


def _field(raw: bytes | None, column: Column, options: Options) -> JsonObject:
    if raw is None:
        return {"isNull": True}
    text = raw.decode()
    if column.type_name.startswith("_"):
        reader = _READERS.get(column.type_name[1:], _string)
        return {"arrayValue": array_value(text, lambda item: next(iter(reader(item, options).items())))}
    return _READERS.get(column.type_name, _string)(text, options)


def _plain(field: JsonObject) -> Any:
    if "isNull" in field:
        return None
    if "arrayValue" in field:
        return next(iter(field["arrayValue"].values()), [])
    return next(iter(field.values()))
