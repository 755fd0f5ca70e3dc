"""The local RDS Data API over HTTP, and clients of what is served so."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from slipway_local.postgres import Postgres
from slipway_local.rds_data import RdsDataApi
from slipway_local.serving import serve

CLUSTER_ARN = "arn:aws:rds:us-east-1:123456789012:cluster:slipway-test"
SECRET_ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:slipway-test-AbCdEf"


def client(service: str, url: str) -> Any:
    """A boto3 client that neither retries nor asks for credentials."""
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, read_timeout=60),
    )


@dataclass(frozen=True, kw_only=True)
class ServedDataApi:
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

    def pause(self, seconds: float) -> None:
        """Take the cluster to 0 ACU; waking it takes `seconds`."""
        self.app.pause(CLUSTER_ARN, seconds)


@contextmanager
def serve_data_api() -> Iterator[ServedDataApi]:
    """A cluster `slipway-test` with the database `slipway` behind the Data API, for as long as the block runs."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        postgres = Postgres(Path(folder))
        stack.callback(postgres.drop_cluster, "slipway-test")
        postgres.ensure_cluster("slipway-test", CLUSTER_ARN, "slipway", "pass'word", "slipway")
        secrets = {SECRET_ARN: {"username": "slipway", "password": "pass'word"}}
        app = RdsDataApi(postgres, secrets.__getitem__)
        yield ServedDataApi(postgres=postgres, app=app, url=stack.enter_context(serve(app)), secrets=secrets)
