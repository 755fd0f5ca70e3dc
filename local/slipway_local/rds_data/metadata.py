"""Column metadata of a result, as JDBC describes it, which is what the Data API returns.

Source: https://docs.aws.amazon.com/rdsdataservice/latest/APIReference/API_ColumnMetadata.html
"""

from __future__ import annotations

import psycopg
from psycopg.pq.abc import PGresult

from ..aws_json import JsonObject
from .results import Column

# java.sql.Types
_JDBC = {"bool": -7, "int2": 5, "int4": 4, "int8": -5, "oid": -5, "float4": 7, "float8": 8, "numeric": 2, "bytea": -2}
_JDBC |= {
    "text": 12,
    "varchar": 12,
    "name": 12,
    "bpchar": 1,
    "date": 91,
    "time": 92,
    "timestamp": 93,
    "timestamptz": 93,
}
_OTHER, _ARRAY = 1111, 2003
_SIGNED = {"int2", "int4", "int8", "float4", "float8", "numeric"}
_PRECISION = {"bool": 1, "int2": 5, "int4": 10, "int8": 19, "float4": 8, "float8": 17}
_UNLIMITED = 2147483647
_HEADER = 4  # a type modifier counts the four bytes of a length


class Catalogue:
    """Names from a database's catalogue, remembered: a type keeps its number as long as it lives."""

    def __init__(self) -> None:
        self._types: dict[tuple[str, ...], tuple[str, bool]] = {}

    def columns(self, connection: psycopg.Connection, scope: tuple[str, ...], result: PGresult) -> list[Column]:
        """Return the label and type of each column; `scope` names the database. Costs a query for a new type."""
        columns = []
        for index in range(result.nfields):
            key = (*scope, str(result.ftype(index)))
            if key not in self._types:
                query = "SELECT typname, typtype = 'e' FROM pg_catalog.pg_type WHERE oid = %s"
                name, is_enum = connection.execute(query, (result.ftype(index),)).fetchone() or ("unknown", False)
                self._types[key] = (name, is_enum)
            columns.append(Column((result.fname(index) or b"").decode(), *self._types[key]))
        return columns


def column_metadata(connection: psycopg.Connection, result: PGresult, columns: list[Column]) -> list[JsonObject]:
    """Return one ColumnMetadata per column; table, schema and nullability are those of the column it was read from."""
    return [_describe(connection, result, index, column) for index, column in enumerate(columns)]


def _describe(connection: psycopg.Connection, result: PGresult, index: int, column: Column) -> JsonObject:
    modifier, kind = result.fmod(index), column.type_name
    name, schema, table, nullable, serial = _origin(connection, result.ftable(index), result.ftablecol(index))
    precision, scale = _PRECISION.get(kind, _UNLIMITED if kind in ("text", "varchar", "bytea") else 0), 0
    if kind == "numeric" and modifier > 0:
        precision, scale = (modifier - _HEADER) >> 16, (modifier - _HEADER) & 0xFFFF
    elif kind in ("varchar", "bpchar") and modifier > 0:
        precision = modifier - _HEADER
    is_array = kind.startswith("_")
    return {
        "arrayBaseColumnType": _JDBC.get(kind[1:], _OTHER) if is_array else 0,
        "isAutoIncrement": serial,
        "isCaseSensitive": kind in ("text", "varchar", "bpchar", "name"),
        "isCurrency": kind == "money",
        "isSigned": kind in _SIGNED,
        "label": column.label,
        "name": name or column.label,
        "nullable": nullable,
        "precision": precision,
        "scale": scale,
        "schemaName": schema,
        "tableName": table,
        "type": _ARRAY if is_array else _JDBC.get(kind, _OTHER),
        "typeName": {"int8": "bigserial", "int4": "serial"}.get(kind, kind) if serial else kind,
    }


def _origin(connection: psycopg.Connection, table: int, column: int) -> tuple[str, str, str, int, bool]:
    """Name, schema, table, JDBC nullability (0 no, 1 yes, 2 unknown) and whether a sequence fills the column."""
    row = None
    if table:
        query = """
            SELECT a.attname, n.nspname, c.relname, CASE WHEN a.attnotnull THEN 0 ELSE 1 END,
                   coalesce(pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%%', false)
            FROM pg_catalog.pg_attribute a
            JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
            WHERE a.attrelid = %s AND a.attnum = %s"""
        row = connection.execute(query, (table, column)).fetchone()
    return row or ("", "", "", 2, False)
