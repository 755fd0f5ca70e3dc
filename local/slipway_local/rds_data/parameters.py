"""SQL with `:name` parameters, and their values, as PostgreSQL's protocol takes them.

Values travel with a declared type, as the Data API sends them, so a statement that needs a cast there needs it here:
a stringValue is `text`, which PostgreSQL does not turn into uuid, jsonb or vector by itself.
Source: https://docs.aws.amazon.com/rdsdataservice/latest/APIReference/API_SqlParameter.html
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ..aws_json import JsonObject, ServiceError, validation_error

# PostgreSQL's catalogue numbers (pg_type.dat).
_BOOL, _BYTEA, _INT8, _TEXT, _JSON, _FLOAT8 = 16, 17, 20, 25, 114, 701
_DATE, _TIME, _TIMESTAMP, _NUMERIC, _UUID = 1082, 1083, 1114, 1700, 2950
_UNKNOWN = 0

_TOKENS = re.compile(
    r"""
    (?P<skip>
        [eE]'(?:[^'\\]|''|\\.)*'                # E'…' knows backslashes
      | '(?:[^']|'')*'
      | "(?:[^"]|"")*"
      | \$(?P<tag>[A-Za-z_\x80-\uffff]?[\w\x80-\uffff]*)\$.*?\$(?P=tag)\$
      | --[^\n]*
      | ::
      | :=
      | [\w\x80-\uffff$]+                       # a word, so that the e of `name'…'` is not taken for E'…'
    )
  | (?P<comment>/\*)
  | :(?P<name>[A-Za-z_]\w*)
  | (?P<semicolon>;)
    """,
    re.VERBOSE | re.DOTALL,
)


class Statement(NamedTuple):
    """SQL with $1, $2 … and the parameter name that each stands for."""

    sql: str
    names: tuple[str, ...]


class Bound(NamedTuple):
    """Values in PostgreSQL's text format, with the type declared for each; None is NULL."""

    values: list[bytes | None]
    types: list[int]


def parse(sql: str) -> Statement:
    """Return `sql` with its named parameters numbered; a name that occurs twice keeps its number.

    Names inside quotes, dollar quotes, quoted identifiers and comments are text, and `::` is a cast.
    Raises: ServiceError if there is a second statement.
    """
    out: list[str] = []
    numbers: dict[str, int] = {}
    position, ended = 0, False
    while match := _TOKENS.search(sql, position):
        between = sql[position : match.start()]
        if ended and (between.strip() or not _is_comment(match)):
            raise validation_error("Multistatements aren't supported.")
        out.append(between)
        position = match.end()
        if match["name"]:
            out.append(f"${numbers.setdefault(match['name'], len(numbers) + 1)}")
            continue
        if match["comment"]:
            position = _comment_end(sql, match.start())
        ended = ended or match["semicolon"] is not None
        if match["semicolon"] is None:
            out.append(sql[match.start() : position])
    if ended and sql[position:].strip():
        raise validation_error("Multistatements aren't supported.")
    out.append(sql[position:])
    return Statement("".join(out), tuple(numbers))


def _is_comment(match: re.Match[str]) -> bool:
    return match["comment"] is not None or match["semicolon"] is not None or match[0].startswith("--")


def _comment_end(sql: str, start: int) -> int:
    """The end of the comment that begins at `start`: PostgreSQL's nest, so a pattern cannot find it."""
    depth, position = 0, start
    for mark in re.compile(r"/\*|\*/").finditer(sql, start):
        depth += 1 if mark[0] == "/*" else -1
        position = mark.end()
        if depth == 0:
            return position
    return len(sql)


def bind(statement: Statement, parameters: Sequence[JsonObject]) -> Bound:
    """Return the values for `statement` from the API's parameter list, whose order does not matter.

    Raises: ServiceError for a missing parameter, a value the service refuses, or text that does not fit its typeHint.
    """
    given = {str(parameter.get("name")): parameter for parameter in parameters}
    values: list[bytes | None] = []
    types: list[int] = []
    for name in statement.names:
        if name not in given:
            raise ServiceError("BadRequestException", f"Cannot find parameter: {name}")
        value, type_ = _encode(name, given[name])
        values.append(value)
        types.append(type_)
    return Bound(values, types)


def _encode(name: str, parameter: JsonObject) -> tuple[bytes | None, int]:
    members = {key: value for key, value in (parameter.get("value") or {}).items() if value is not None}
    if len(members) != 1:
        raise validation_error(f"Parameter {name} must have exactly one value; it has {sorted(members) or 'none'}")
    hint: str = parameter.get("typeHint") or ""
    kind: str = next(iter(members))
    value: Any = members[kind]
    if kind == "arrayValue":
        raise ServiceError("BadRequestException", "Array parameters are not supported.")
    if kind == "isNull":
        return None, (_HINTS[hint].oid if hint in _HINTS else _UNKNOWN)
    if (
        kind not in _KINDS
        or isinstance(value, bool) != (kind == "booleanValue")
        or not isinstance(value, _KINDS[kind].accepts)
    ):
        raise validation_error(f"Parameter {name} has no valid {kind}")
    if hint and kind == "stringValue":
        return _hinted(name, hint, str(value))
    return _KINDS[kind].encode(value), _KINDS[kind].oid


def _hinted(name: str, hint: str, text: str) -> tuple[bytes, int]:
    if hint not in _HINTS:
        raise validation_error(f"Parameter {name} has the unknown type hint {hint!r}; known: {sorted(_HINTS)}")
    rule = _HINTS[hint]
    if not re.fullmatch(rule.pattern, text, re.DOTALL):
        raise ServiceError("BadRequestException", f"Parameter {name} is not a {hint} value in the form {rule.form}")
    return text.encode(), rule.oid


def _blob(value: str) -> bytes:
    try:
        return b"\\x" + base64.b64decode(value, validate=True).hex().encode()
    except binascii.Error as error:
        raise validation_error("A blobValue is not valid base64") from error


def _text(value: str) -> bytes:
    if "\x00" in value:
        # PostgreSQL's text has no NUL; its own message for it.
        raise ServiceError(
            "DatabaseErrorException", 'ERROR: invalid byte sequence for encoding "UTF8": 0x00; SQLState: 22021'
        )
    return value.encode("utf-8", "replace")


class _Kind(NamedTuple):
    oid: int
    accepts: tuple[type, ...]
    encode: Callable[[Any], bytes]


class _Hint(NamedTuple):
    oid: int
    pattern: str
    form: str


_KINDS: Mapping[str, _Kind] = {
    "stringValue": _Kind(_TEXT, (str,), _text),
    "longValue": _Kind(_INT8, (int,), lambda value: str(value).encode()),
    "doubleValue": _Kind(_FLOAT8, (int, float, str), lambda value: str(value).encode()),
    "booleanValue": _Kind(_BOOL, (bool,), lambda value: b"t" if value else b"f"),
    "blobValue": _Kind(_BYTEA, (str,), _blob),
}
_CLOCK = r"\d\d:\d\d:\d\d(\.\d{1,6})?"
_HINTS: Mapping[str, _Hint] = {
    "DATE": _Hint(_DATE, r"\d{4}-\d\d-\d\d", "YYYY-MM-DD"),
    "TIME": _Hint(_TIME, _CLOCK, "HH:MM:SS[.FFF]"),
    "TIMESTAMP": _Hint(_TIMESTAMP, rf"\d{{4}}-\d\d-\d\d {_CLOCK}", "YYYY-MM-DD HH:MM:SS[.FFF]"),
    "DECIMAL": _Hint(_NUMERIC, r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", "123.45"),
    "UUID": _Hint(_UUID, r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", "8-4-4-4-12 hexadecimal digits"),
    "JSON": _Hint(_JSON, r".*\S.*", "JSON text"),
}
