"""Refused statements, sleep, crashes and many callers of the RDS Data API, by boto3 over HTTP."""

from __future__ import annotations

import json
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from support.data_api import code, number, one, text

pytestmark = pytest.mark.capability("O14")


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
