"""The two local services over HTTP, once for all tests of this folder."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from slipway_local.postgres import Postgres
from slipway_local.rds_data import RdsDataApi
from slipway_local.serving import serve

CLUSTER_ARN = "arn:aws:rds:us-east-1:123456789012:cluster:slipway-test"
SECRET_ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:slipway-test-AbCdEf"


@dataclass(kw_only=True)
class DataApi:
    """The served Data API: its parts, and the arguments every call needs."""

    postgres: Postgres
    app: RdsDataApi
    url: str
    secrets: dict[str, dict[str, Any]]

    def client(self) -> Any:
        return client("rds-data", self.url)

    @property
    def target(self) -> dict[str, str]:
        return {"resourceArn": CLUSTER_ARN, "secretArn": SECRET_ARN, "database": "slipway"}


def client(service: str, url: str) -> Any:
    """A boto3 client that neither retries nor asks for credentials."""
    return boto3.client(
        service,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, read_timeout=60),
    )


@pytest.fixture(scope="session")
def data_api() -> Iterator[DataApi]:
    """A cluster `slipway-test` with the database `slipway` behind the Data API."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        postgres = Postgres(Path(folder))
        stack.callback(postgres.stop)
        postgres.ensure_cluster("slipway-test", CLUSTER_ARN, "slipway", "pass'word", "slipway")
        secrets = {SECRET_ARN: {"username": "slipway", "password": "pass'word"}}
        app = RdsDataApi(postgres, secrets.__getitem__)
        yield DataApi(postgres=postgres, app=app, url=stack.enter_context(serve(app)), secrets=secrets)
