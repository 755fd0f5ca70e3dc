"""Values and results of the RDS Data API, by boto3 over HTTP: botocore checks both ways."""

from __future__ import annotations

import base64
import json
import urllib.request

import pytest
from botocore.exceptions import ClientError

from support.data_api import UUID, code, number, one, text

pytestmark = pytest.mark.capability("O14")


def test_values_go_in_and_come_out_with_their_types(run) -> None:
    # https://docs.aws.amazon.com/rdsdataservice/latest/APIReference/API_Field.html
    values = {"s": {"stringValue": "ü'"}, "l": {"longValue": -(2**63)}, "d": {"doubleValue": 0.1}}
    values |= {"b": {"booleanValue": True}, "y": {"blobValue": b"\x00\xff"}, "z": {"isNull": True}}
    given = [{"name": name, "value": value} for name, value in values.items()]
    row = run("SELECT :s, :l, :d, :b, :y, :z::int", *given)["records"][0]
    assert row == list(values.values())


@pytest.mark.parametrize(
    ("hint", "value", "type_name"),
    # https://docs.aws.amazon.com/rdsdataservice/latest/APIReference/API_SqlParameter.html, typeHint
    [
        ("UUID", UUID, "uuid"),
        ("JSON", '{"a": [1]}', "json"),
        ("DATE", "2026-02-28", "date"),
        ("TIME", "23:59:58.5", "time"),
        ("TIMESTAMP", "2026-02-28 23:59:58", "timestamp"),
        ("DECIMAL", "12345678901234567890.50", "numeric"),
    ],
)
def test_a_type_hint_gives_the_value_its_type(run, hint: str, value: str, type_name: str) -> None:
    response = run("SELECT :v AS v", text("v", value, hint), includeResultMetadata=True)
    assert one(response) == {"stringValue": value}
    assert response["columnMetadata"][0]["typeName"] == type_name


@pytest.mark.parametrize(("hint", "value"), [("DATE", "28.02.2026"), ("UUID", "nonsense"), ("TIMESTAMP", "2026-02-28")])
def test_a_value_that_does_not_fit_its_hint_is_refused(run, hint: str, value: str) -> None:
    with pytest.raises(ClientError) as error:
        run("SELECT :v", text("v", value, hint))
    assert code(error) == "BadRequestException"


def test_a_string_is_text_and_needs_a_cast(run) -> None:
    # As reported from Aurora: https://github.com/drizzle-team/drizzle-orm/issues/2583
    with pytest.raises(ClientError) as error:
        run("SELECT gen_random_uuid() = :id", text("id", UUID))
    assert code(error) == "DatabaseErrorException"
    message = error.value.response["Error"]["Message"]
    assert message.startswith("ERROR: operator does not exist: uuid = text; Hint: No operator matches")
    assert message.endswith("; SQLState: 42883")


def test_a_database_error_names_its_sqlstate(run) -> None:
    with pytest.raises(ClientError) as error:
        run("SELECT * FROM missing")
    assert error.value.response["Error"]["Message"] == (
        'ERROR: relation "missing" does not exist; Position: 15; SQLState: 42P01'
    )


def test_vectors_come_back_as_text_and_unlisted_types_are_refused(run) -> None:
    assert one(run("SELECT :v::vector", text("v", "[1,2,3]"))) == {"stringValue": "[1,2,3]"}
    assert one(run("SELECT :v::halfvec::text", text("v", "[1,2,3]"))) == {"stringValue": "[1,2,3]"}
    for sql in ("SELECT '[1]'::halfvec", "SELECT 'pg_class'::regclass", "SELECT interval '1 s'"):
        # The wording as reported from Aurora: ArsenyYankovsky/typeorm-aurora-data-api-driver issue 164
        with pytest.raises(ClientError, match="The result contains the unsupported data type") as error:
            run(sql)
        assert code(error) == "UnsupportedResultException"


def test_arrays_come_back_and_arrays_of_arrays_and_array_parameters_do_not(run) -> None:
    row = run("SELECT ARRAY['a','b,\"c',NULL,'NULL',''], ARRAY[1,2], ARRAY[true], ARRAY[1.5::float8], '{}'::int[]")
    assert [field["arrayValue"] for field in row["records"][0]] == [
        {"stringValues": ["a", 'b,"c', None, "NULL", ""]},
        {"longValues": [1, 2]},
        {"booleanValues": [True]},
        {"doubleValues": [1.5]},
        {"stringValues": []},
    ]
    # UnsupportedResultException: "It contained a multidimensional array" (API_ExecuteStatement, Errors)
    with pytest.raises(ClientError) as error:
        run("SELECT ARRAY[[1,2],[3,4]]")
    assert code(error) == "UnsupportedResultException"
    # "Array parameters are not supported." (API_ExecuteStatement, parameters)
    with pytest.raises(ClientError, match="Array parameters are not supported") as error:
        run("SELECT :a", {"name": "a", "value": {"arrayValue": {"longValues": [1]}}})
    assert code(error) == "BadRequestException"


def test_decimals_and_longs_come_back_as_the_options_say(run) -> None:
    # https://docs.aws.amazon.com/rdsdataservice/latest/APIReference/API_ResultSetOptions.html
    sql = "SELECT 7::numeric, 7.25::numeric, 7::bigint"
    options = {"decimalReturnType": "DOUBLE_OR_LONG", "longReturnType": "STRING"}
    assert run(sql)["records"][0] == [{"stringValue": "7"}, {"stringValue": "7.25"}, {"longValue": 7}]
    expected = [{"longValue": 7}, {"doubleValue": 7.25}, {"stringValue": "7"}]
    assert run(sql, resultSetOptions=options)["records"][0] == expected


def test_metadata_describes_the_columns(run, table: str) -> None:
    response = run(f"SELECT n AS key, s, 1.5::numeric(6,2) AS d FROM {table}", includeResultMetadata=True)
    key, s, d = response["columnMetadata"]
    assert response["records"] == []
    assert (key["label"], key["name"], key["typeName"], key["type"], key["nullable"]) == ("key", "n", "int8", -5, 0)
    assert (s["tableName"], s["schemaName"], s["nullable"]) == (table, "public", 1)
    assert (d["precision"], d["scale"], d["isSigned"]) == (6, 2, True)


def test_json_format_is_one_string_for_selects_only(run, table: str) -> None:
    # https://docs.aws.amazon.com/rdsdataservice/latest/APIReference/API_ExecuteStatement.html, formatRecordsAs
    changed = run(f"INSERT INTO {table} VALUES (1, 'x'), (2, NULL)", formatRecordsAs="JSON")
    assert changed["numberOfRecordsUpdated"] == 2
    assert "formattedRecords" not in changed
    response = run(f"SELECT * FROM {table} ORDER BY n", formatRecordsAs="JSON", includeResultMetadata=True)
    assert json.loads(response["formattedRecords"]) == [{"n": 1, "s": "x"}, {"n": 2, "s": None}]
    assert "records" not in response
    assert "columnMetadata" not in response


def test_changes_are_counted_and_generated_fields_stay_empty(run, table: str) -> None:
    # "The generatedFields data isn't supported by Aurora PostgreSQL" (API_ExecuteStatement)
    response = run(f"INSERT INTO {table} SELECT generate_series(1, 5)")
    assert (response["numberOfRecordsUpdated"], response["generatedFields"]) == (5, [])
    assert run(f"DELETE FROM {table} WHERE n > 3 RETURNING n")["records"] == [[{"longValue": 4}], [{"longValue": 5}]]


def test_a_batch_runs_once_per_set_and_all_or_nothing(rds, run, data_api, table: str) -> None:
    sql = f"INSERT INTO {table} VALUES (:n, :s)"
    sets = [[number("n", n), text("s", str(n))] for n in range(50)]
    response = rds.batch_execute_statement(**data_api.target, sql=sql, parameterSets=sets)
    assert response["updateResults"] == [{"generatedFields": []}] * 50
    with pytest.raises(ClientError, match="SQLState: 23505"):
        rds.batch_execute_statement(**data_api.target, sql=sql, parameterSets=[[*sets[0]], *sets])
    assert one(run(f"SELECT count(*) FROM {table}")) == {"longValue": 50}


def test_a_blob_travels_as_base64(data_api) -> None:
    body = data_api.target | {"sql": "SELECT '\\x00ff'::bytea"}
    request = urllib.request.Request(f"{data_api.url}/Execute", data=json.dumps(body).encode(), method="POST")
    with urllib.request.urlopen(request) as response:
        assert base64.b64decode(json.load(response)["records"][0][0]["blobValue"]) == b"\x00\xff"
