"""Transactions of the RDS Data API, by boto3 over HTTP: botocore checks both ways."""

from __future__ import annotations

import threading

import pytest
from botocore.exceptions import ClientError

from support.data_api import code, number, one
from support.waiting import wait_for

pytestmark = pytest.mark.capability("O14")


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
    assert wait_for(
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
