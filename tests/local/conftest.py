<<<<<<< HEAD
"""The two local services over HTTP, once for all tests of this folder."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
=======
"""One local cloud for the whole test session, and small helpers to deploy templates into it."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
>>>>>>> cloud
from dataclasses import dataclass
from pathlib import Path
from typing import Any

<<<<<<< HEAD
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
=======
import pytest

from slipway_local import cloud
from slipway_local.aws import Place

CACHE = Path(__file__).resolve().parents[2] / ".slipway" / "cache"


def eventually(check: Callable[[], Any], *, seconds: float = 20.0, what: str = "the condition") -> Any:
    """Poll until `check` returns something true and return it; fail at the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        result = check()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {seconds:g} seconds; last: {result!r}")
        time.sleep(0.02)


@dataclass
class LocalCloud:
    """A running local cloud: `place.client(service)` talks to it, `deploy` gives it stacks."""

    state: Path
    place: Place
    folder: Path

    def deploy(self, **templates: dict[str, Any]) -> cloud.Status:
        """Deploy these stacks, by name, beside those already there; assets lie in `folder`."""
        artifacts: dict[str, Any] = {}
        kept = {path.stem.removesuffix(".template") for path in self.folder.glob("*.template.json")}
        for name, template in templates.items():
            (self.folder / f"{name}.template.json").write_text(json.dumps(template))
        for name in sorted(kept | set(templates)):
            artifacts[name] = {
                "type": "aws:cloudformation:stack",
                "environment": "aws://unknown-account/unknown-region",
                "properties": {"templateFile": f"{name}.template.json"},
            }
        (self.folder / "manifest.json").write_text(json.dumps({"version": "55.0.0", "artifacts": artifacts}))
        return cloud.up(self.folder, self.state, environment="test")

    def remove(self, *names: str) -> None:
        """Delete stacks."""
        for name in names:
            (self.folder / f"{name}.template.json").unlink(missing_ok=True)
        self.deploy()

    def outputs(self, status: cloud.Status, stack: str) -> dict[str, Any]:
        """Return a stack's outputs."""
        return dict(status.stacks[stack]["outputs"])


@pytest.fixture(scope="session")
def local_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    folder = tmp_path_factory.mktemp("local-cloud")
    state, assembly = folder / "state", folder / "assembly"
    assembly.mkdir()
    anchor = {"Resources": {"Anchor": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "1"}}}}
    running = LocalCloud(state, Place(endpoint_url=""), assembly)
    (assembly / "Anchor.template.json").write_text(json.dumps(anchor))
    (assembly / "manifest.json").write_text(
        json.dumps(
            {
                "artifacts": {
                    "Anchor": {
                        "type": "aws:cloudformation:stack",
                        "properties": {"templateFile": "Anchor.template.json"},
                    }
                }
            }
        )
    )
    status = cloud.up(assembly, state, environment="test", cache=CACHE)
    running.place = Place(endpoint_url=status.endpoint_url)
    yield running
    cloud.down(state)
    shutil.rmtree(folder, ignore_errors=True)


def role() -> dict[str, Any]:
    """Return a role that Lambda may assume."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": document}}


def function(code: str, *, timeout: int = 10, role_id: str = "Role", **properties: Any) -> dict[str, Any]:
    """Return a function with its code inline; the handler is `index.handler`."""
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.13",
            "Handler": "index.handler",
            "Role": {"Fn::GetAtt": [role_id, "Arn"]},
            "Code": {"ZipFile": code},
            "Timeout": timeout,
            **properties,
        },
    }
>>>>>>> cloud
