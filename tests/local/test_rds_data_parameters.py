"""Where a colon is a parameter and where it is not.

Expectations: https://docs.aws.amazon.com/rdsdataservice/latest/APIReference/API_ExecuteStatement.html (named
parameters) and https://www.postgresql.org/docs/current/sql-syntax-lexical.html (quotes, comments, casts).
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_local.aws_json import ServiceError
from slipway_local.rds_data.parameters import bind, parse

pytestmark = pytest.mark.capability("O14")


@pytest.mark.parametrize(
    ("sql", "expected", "names"),
    [
        ("SELECT :a, :b, :a", "SELECT $1, $2, $1", ("a", "b")),
        ("SELECT :a::uuid", "SELECT $1::uuid", ("a",)),
        ("SELECT x::text, now()::date", "SELECT x::text, now()::date", ()),
        ("SELECT ':a', 'it''s :b'", "SELECT ':a', 'it''s :b'", ()),
        (r"SELECT E'\':a', :b", r"SELECT E'\':a', $1", ("b",)),
        (r"SELECT '\', :b", r"SELECT '\', $1", ("b",)),
        ("SELECT name'\\', :b", "SELECT name'\\', $1", ("b",)),
        ('SELECT ":a" FROM t', 'SELECT ":a" FROM t', ()),
        ("SELECT $$ :a $$, $q$ :b $$ $q$", "SELECT $$ :a $$, $q$ :b $$ $q$", ()),
        ("SELECT 1 -- :a\n, :b", "SELECT 1 -- :a\n, $1", ("b",)),
        ("SELECT /* :a /* :b */ :c */ :d", "SELECT /* :a /* :b */ :c */ $1", ("d",)),
        ("SELECT v[1:2], :a", "SELECT v[1:2], $1", ("a",)),
        ("f(x := :a)", "f(x := $1)", ("a",)),
        ("SELECT 1 ; -- done", "SELECT 1  -- done", ()),
        ("SELECT ';'", "SELECT ';'", ()),
        ("SELECT :größe", "SELECT $1", ("größe",)),
    ],
)
def test_only_real_parameters_are_numbered(sql: str, expected: str, names: tuple[str, ...]) -> None:
    assert parse(sql) == (expected, names)


@pytest.mark.parametrize("sql", ["SELECT 1; SELECT 2", "SELECT 1;;x", "; DROP TABLE t", "SELECT 1; /* c */ SELECT 2"])
def test_a_second_statement_is_refused(sql: str) -> None:
    with pytest.raises(ServiceError, match="Multistatements"):
        parse(sql)


@given(st.text())
def test_quoted_text_is_never_changed(value: str) -> None:
    quoted = "'" + value.replace("'", "''") + "'"
    assert parse(f"SELECT {quoted}, :a") == (f"SELECT {quoted}, $1", ("a",))


@given(st.text(alphabet=":;'\"$-/*aE \n\\", max_size=40))
def test_any_text_is_parsed_or_refused_and_never_loses_a_character_to_a_parameter(sql: str) -> None:
    try:
        statement = parse(sql)
    except ServiceError:
        return
    restored = statement.sql
    for index in range(len(statement.names), 0, -1):
        restored = restored.replace(f"${index}", f":{statement.names[index - 1]}")
    assert restored.replace(";", "") == sql.replace(";", "")


@given(
    st.one_of(
        st.integers(-(2**63), 2**63 - 1), st.floats(), st.booleans(), st.text(st.characters(exclude_characters="\x00"))
    )
)
def test_every_value_is_bound_as_the_text_postgresql_reads(value: object) -> None:
    kind = {bool: "booleanValue", int: "longValue", float: "doubleValue", str: "stringValue"}[type(value)]
    bound = bind(parse("SELECT :v"), [{"name": "v", "value": {kind: value}}])
    (raw,), (oid,) = bound
    assert oid == {"booleanValue": 16, "longValue": 20, "doubleValue": 701, "stringValue": 25}[kind]
    assert (
        raw == {True: b"t", False: b"f"}[value]
        if isinstance(value, bool)
        else raw == str(value).encode("utf-8", "replace")
    )


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"stringValue": 1},
        {"longValue": True},
        {"longValue": "1"},
        {"blobValue": "?"},
        {"isNull": True, "longValue": 1},
    ],
)
def test_a_value_that_breaks_the_model_is_refused(value: dict) -> None:
    with pytest.raises(ServiceError) as error:
        bind(parse("SELECT :v"), [{"name": "v", "value": value}])
    assert error.value.code == "ValidationException"
