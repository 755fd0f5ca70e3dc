"""The RDS Data API, by boto3 over HTTP. botocore checks every request and response against the service's model."""

from __future__ import annotations

import base64
import json
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from slipway_local.rds_data import RdsDataApi
from slipway_local.serving import serve

pytestmark = pytest.mark.capability("O14")

UUID = "6f2c1c1e-0f55-4a8e-9d8e-3f0f3c6a2b10"


def text(name: str, value: str, hint: str | None = None) -> dict:
    return {"name": name, "value": {"stringValue": value}} | ({"typeHint": hint} if hint else {})


def number(name: str, value: int) -> dict:
    return {"name": name, "value": {"longValue": value}}


@pytest.fixture
def run(rds, data_api):
    def run(sql: str, *parameters: dict, **options):
        return rds.execute_statement(**data_api.target, sql=sql, parameters=list(parameters), **options)

    return run


@pytest.fixture
def table(run, request):
    name = f"t_{abs(hash(request.node.name)) % 10**9}"
    run(f"CREATE TABLE public.{name} (n bigint PRIMARY KEY, s text)")
    yield name
    run(f"DROP TABLE IF EXISTS {name}")


def one(response: dict) -> dict:
    return response["records"][0][0]


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return error.value.response["Error"]["Code"]


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


def test_a_commit_that_fails_ends_the_transaction(rds, run, data_api, table: str) -> None:
    run(f"CREATE TABLE {table}_child (n bigint REFERENCES {table} DEFERRABLE INITIALLY DEFERRED)")
    transaction = rds.begin_transaction(**data_api.target)["transactionId"]
    run(f"INSERT INTO {table}_child VALUES (9)", transactionId=transaction)
    with pytest.raises(ClientError, match="SQLState: 23503"):
        rds.commit_transaction(**_keys(data_api), transactionId=transaction)
    with pytest.raises(rds.exceptions.TransactionNotFoundException):
        run("SELECT 1", transactionId=transaction)
    with pytest.raises(ClientError, match="SQLState: 23503"):
        rds.batch_execute_statement(
            **data_api.target, sql=f"INSERT INTO {table}_child VALUES (:n)", parameterSets=[[number("n", 9)]]
        )
    run(f"DROP TABLE {table}_child")


def _keys(data_api) -> dict[str, str]:
    return {name: value for name, value in data_api.target.items() if name != "database"}


def test_two_transactions_do_not_see_each_other_until_they_commit(rds, run, data_api, table: str) -> None:
    first, second = (rds.begin_transaction(**data_api.target)["transactionId"] for _ in range(2))
    run(f"INSERT INTO {table} VALUES (1)", transactionId=first)
    run(f"INSERT INTO {table} VALUES (2)", transactionId=second)
    count = f"SELECT count(*) FROM {table}"
    assert [one(run(count, transactionId=t))["longValue"] for t in (first, second)] == [1, 1]
    committed = rds.commit_transaction(**_keys(data_api), transactionId=first)
    assert committed["transactionStatus"] == "Transaction Committed"
    rolled_back = rds.rollback_transaction(**_keys(data_api), transactionId=second)
    assert rolled_back["transactionStatus"] == "Rollback Complete"
    assert one(run(count)) == {"longValue": 1}
    # "The transaction was already ended by your CommitTransaction or RollbackTransaction call": troubleshooting
    with pytest.raises(rds.exceptions.TransactionNotFoundException):
        run(count, transactionId=first)


def test_a_failed_transaction_can_only_be_rolled_back(rds, run, data_api, table: str) -> None:
    transaction = rds.begin_transaction(**data_api.target)["transactionId"]
    with pytest.raises(ClientError, match="22012"):
        run("SELECT 1/0", transactionId=transaction)
    with pytest.raises(ClientError, match="SQLState: 25P02"):
        run("SELECT 1", transactionId=transaction)
    with pytest.raises(ClientError, match="SQLState: 25P02"):
        rds.commit_transaction(**_keys(data_api), transactionId=transaction)


def test_a_transaction_that_is_busy_or_a_strangers_is_refused(rds, run, data_api, table: str) -> None:
    transaction = rds.begin_transaction(**data_api.target)["transactionId"]
    slow = threading.Thread(target=run, args=("SELECT pg_sleep(0.6)::text",), kwargs={"transactionId": transaction})
    slow.start()
    _wait_until(
        lambda: one(
            run("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(0.6)%' AND pid <> pg_backend_pid()")
        )["longValue"]
    )
    # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.troubleshooting.html
    with pytest.raises(ClientError, match="Transaction is still running a query") as error:
        run("SELECT 1", transactionId=transaction)
    assert code(error) == "DatabaseErrorException"
    slow.join()
    rds.rollback_transaction(**_keys(data_api), transactionId=transaction)
    with pytest.raises(rds.exceptions.TransactionNotFoundException):
        run("SELECT 1", transactionId="made-up")


def _wait_until(true, seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def hasty(data_api, make_client):
    """An API whose limits are short: statements .3 s, idle transactions .2 s, transactions 1 s."""
    app = RdsDataApi(
        data_api.postgres,
        data_api.secrets.__getitem__,
        statement_timeout_seconds=0.3,
        transaction_idle_seconds=0.2,
        transaction_lifetime_seconds=1,
    )
    with serve(app) as url:
        yield make_client("rds-data", url)


def test_an_idle_transaction_ends_and_frees_its_locks(hasty, run, data_api, table: str) -> None:
    # "A transaction times out if no calls use its transaction ID in three minutes … it's rolled back automatically"
    run(f"INSERT INTO {table} VALUES (1, 'before')")
    transaction = hasty.begin_transaction(**data_api.target)["transactionId"]
    hasty.execute_statement(**data_api.target, sql=f"UPDATE {table} SET s = 'after'", transactionId=transaction)
    run(f"UPDATE {table} SET s = s || '!'")  # waits for the lock, and gets it without any call on the transaction
    assert one(run(f"SELECT s FROM {table}")) == {"stringValue": "before!"}
    with pytest.raises(hasty.exceptions.TransactionNotFoundException, match="expired"):
        hasty.execute_statement(**data_api.target, sql="SELECT 1", transactionId=transaction)


def test_a_slow_statement_is_cancelled(hasty, run, data_api, table: str) -> None:
    # "Calls … time out and are terminated if they take longer than 45 seconds" (data-api.calling)
    sql = f"INSERT INTO {table} SELECT 1, pg_sleep(5)::text"
    with pytest.raises(hasty.exceptions.StatementTimeoutException) as error:
        hasty.execute_statement(**data_api.target, sql=sql)
    assert error.value.response["dbConnectionId"] > 0
    assert one(run(f"SELECT count(*) FROM {table}")) == {"longValue": 0}


def test_a_slow_statement_carries_on_if_asked_to(hasty, run, data_api, table: str) -> None:
    sql = f"INSERT INTO {table} SELECT 1, pg_sleep(0.6)::text"
    with pytest.raises(hasty.exceptions.StatementTimeoutException):
        hasty.execute_statement(**data_api.target, sql=sql, continueAfterTimeout=True)
    _wait_until(lambda: one(run(f"SELECT count(*) FROM {table}"))["longValue"] == 1)


def test_results_over_their_limits_are_refused(run) -> None:
    # 1 MiB a response, 64 KB a row: data-api.limitations
    assert len(run("SELECT repeat('x', 60000) FROM generate_series(1, 17)")["records"]) == 17
    for sql, reason in (
        ("SELECT repeat('x', 60000) FROM generate_series(1, 18)", "Database response exceeded size limit"),
        ("SELECT repeat('x', 65537)", "Packet for query is too large"),
    ):
        with pytest.raises(ClientError, match=reason) as error:
            run(sql)
        assert code(error) == "UnsupportedResultException"


def test_requests_over_their_limits_are_refused(rds, run, data_api) -> None:
    with pytest.raises(ClientError) as error:  # the SQL's length: API_ExecuteStatement
        run("SELECT '" + "x" * 65536 + "'")
    assert code(error) == "ValidationException"
    with pytest.raises(ClientError) as error:  # 4 MiB a request: API_BatchExecuteStatement
        run("SELECT length(:s)", text("s", "x" * (4 * 1024 * 1024)))
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413


def test_wrong_arns_secrets_and_passwords_get_their_own_errors(rds, data_api) -> None:
    # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.troubleshooting.html
    secrets, target = data_api.secrets, data_api.target
    secrets["arn:aws:secretsmanager:empty"] = {"password": "x"}
    secrets["arn:aws:secretsmanager:wrong"] = {"username": "slipway", "password": "x"}
    cases = [
        ({"resourceArn": target["resourceArn"] + "x"}, "HttpEndpointNotEnabledException", "slipway-testx"),
        ({"secretArn": "arn:aws:secretsmanager:none"}, "SecretsErrorException", "wasn't found"),
        ({"secretArn": "arn:aws:secretsmanager:empty"}, "InvalidSecretException", "username"),
        ({"secretArn": "arn:aws:secretsmanager:wrong"}, "DatabaseErrorException", "SQLState: 28P01"),
        ({"database": "nowhere"}, "DatabaseErrorException", 'database "nowhere" does not exist; SQLState: 3D000'),
    ]
    for change, expected, words in cases:
        with pytest.raises(ClientError, match=words) as error:
            rds.execute_statement(**(target | change), sql="SELECT 1")
        assert code(error) == expected


def test_two_statements_copy_and_missing_parameters_are_refused(run, table: str) -> None:
    # As reported from Aurora: https://github.com/drizzle-team/drizzle-orm/issues/4252
    with pytest.raises(ClientError, match="Multistatements aren't supported") as error:
        run("SELECT 1; SELECT 2")
    assert code(error) == "ValidationException"
    with pytest.raises(ClientError, match="COPY"):
        run(f"COPY {table} FROM STDIN")
    with pytest.raises(ClientError, match="Cannot find parameter: b"):
        run("SELECT :a, :b", text("a", "x"))


def test_a_paused_cluster_resumes_after_its_delay(rds, run, data_api) -> None:
    # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2-auto-pause.html
    transaction = rds.begin_transaction(**data_api.target)["transactionId"]
    data_api.app.pause(data_api.target["resourceArn"], 0.3)
    time.sleep(0.35)  # sleeping is no waking: the delay begins with the first call
    woken = time.monotonic()
    for _ in range(2):
        with pytest.raises(rds.exceptions.DatabaseResumingException, match="is resuming after being auto-paused"):
            run("SELECT 1")
    time.sleep(max(0.0, woken + 0.35 - time.monotonic()))
    assert one(run("SELECT 1")) == {"longValue": 1}
    with pytest.raises(rds.exceptions.TransactionNotFoundException):
        run("SELECT 1", transactionId=transaction)


def test_a_killed_server_is_back_for_the_next_call(run, kill_server) -> None:
    run("SELECT 1")
    kill_server()
    assert one(run("SELECT 1")) == {"longValue": 1}


def test_many_callers_at_once_get_their_own_answers(run) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda n: one(run("SELECT :n * 2", number("n", n)))["longValue"], range(100)))
    assert answers == [n * 2 for n in range(100)]


@pytest.mark.parametrize(
    ("path", "body", "status", "expected"),
    [
        ("/Execute", b"{", 400, "SerializationException"),
        ("/Execute", b"[]", 400, "SerializationException"),
        ("/Execute", b"{}", 400, "ValidationException"),
        ("/ExecuteSql", b"{}", 404, "UnknownOperationException"),
    ],
)
def test_malformed_requests_get_json_errors(data_api, path: str, body: bytes, status: int, expected: str) -> None:
    request = urllib.request.Request(data_api.url + path, data=body, method="POST")
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(request)
    assert (error.value.code, error.value.headers["X-Amzn-Errortype"]) == (status, expected)
    assert json.load(error.value)["message"]


def test_a_blob_travels_as_base64(data_api) -> None:
    body = data_api.target | {"sql": "SELECT '\\x00ff'::bytea"}
    request = urllib.request.Request(f"{data_api.url}/Execute", data=json.dumps(body).encode(), method="POST")
    with urllib.request.urlopen(request) as response:
        assert base64.b64decode(json.load(response)["records"][0][0]["blobValue"]) == b"\x00\xff"
