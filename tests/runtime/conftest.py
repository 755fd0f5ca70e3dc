"""Builders of real documents, and the local services over HTTP."""

import contextlib
import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from slipway_local.postgres import Postgres
from slipway_local.rds_data import RdsDataApi
from slipway_local.serving import serve
from slipway_runtime.operate.retry import Backoff
from slipway_runtime.retrieve.stores.aurora.data_api import DataApi
from support.office import bomb_pdf, docx, encrypted_pdf, paragraph, pdf


@pytest.fixture
def make_pdf() -> Callable[..., bytes]:
    return pdf


@pytest.fixture
def make_docx() -> Callable[..., bytes]:
    return docx


@pytest.fixture
def word_paragraph() -> Callable[..., str]:
    return paragraph


@pytest.fixture
def make_encrypted_pdf() -> Callable[..., bytes]:
    return encrypted_pdf


@pytest.fixture
def make_bomb_pdf() -> Callable[[int], bytes]:
    return bomb_pdf


CLUSTER_ARN = "arn:aws:rds:us-east-1:123456789012:cluster:slipway-test"
SECRET_ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:slipway-test-AbCdEf"


def local_client(service: str, url: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, read_timeout=60),
    )


@dataclass(frozen=True, kw_only=True)
class Served:
    """The local Data API over HTTP."""

    app: RdsDataApi
    url: str

    def pause(self, seconds: float) -> None:
        """Take the cluster to 0 ACU; waking it takes `seconds`."""
        self.app.pause(CLUSTER_ARN, seconds)

    def database(self, sleeps: list[float] | None = None) -> DataApi:
        """The database; with `sleeps`, waiting between attempts is noted there and shortened."""

        def sleep(seconds: float) -> None:
            if sleeps is not None:
                sleeps.append(seconds)
            time.sleep(min(seconds, 0.05))

        return DataApi(
            client=local_client("rds-data", self.url),
            cluster_arn=CLUSTER_ARN,
            secret_arn=SECRET_ARN,
            database="slipway",
            backoff=Backoff(base_seconds=0.05, max_attempts=1_000, sleep=sleep),
        )


class ScriptedBedrock:
    """A Bedrock that gives the scripted answers, in order, over HTTP; the last one stays.

    An answer is (status, error type or "", body). What was asked is kept in `requests` as (path, body).
    """

    def __init__(self) -> None:
        self.script: list[tuple[int, str, dict[str, Any]]] = []
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        body = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        with self._lock:
            self.requests.append((environ["PATH_INFO"], body))
            status, error, answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        headers = [("content-type", "application/json")] + ([("x-amzn-errortype", error)] if error else [])
        data = json.dumps(answer).encode()
        start_response(f"{status} scripted", [*headers, ("content-length", str(len(data)))])
        return [data]


@dataclass(frozen=True, kw_only=True)
class ServedBedrock:
    app: ScriptedBedrock
    client: Any


@pytest.fixture
def scripted_bedrock() -> Iterator[ServedBedrock]:
    app = ScriptedBedrock()
    with serve(app) as url:
        yield ServedBedrock(app=app, client=local_client("bedrock-runtime", url))


@pytest.fixture(scope="session")
def served_data_api() -> Iterator[Served]:
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        postgres = Postgres(Path(folder))
        stack.callback(postgres.stop)
        postgres.ensure_cluster("slipway-test", CLUSTER_ARN, "slipway", "pass'word", "slipway")
        app = RdsDataApi(postgres, {SECRET_ARN: {"username": "slipway", "password": "pass'word"}}.__getitem__)
        yield Served(app=app, url=stack.enter_context(serve(app)))
