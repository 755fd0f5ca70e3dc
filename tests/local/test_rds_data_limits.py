"""Time limits, sizes and access of the RDS Data API, by boto3 over HTTP: botocore checks both ways."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from slipway_local.rds_data import RdsDataApi
from slipway_local.serving import serve
from support.data_api import code, one, text
from support.waiting import wait_for

pytestmark = pytest.mark.capability("O14")


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
    assert wait_for(lambda: one(run(f"SELECT count(*) FROM {table}"))["longValue"] == 1)


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
