"""One local cloud for the whole test session, and small helpers to deploy templates into it."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.cloud.state_machines import Machines
from slipway_local import cloud
from slipway_local.aws import Place
from support.cloudformation import wait

CACHE = Path(__file__).resolve().parents[3] / ".slipway" / "cache"


@dataclass
class LocalCloud:
    """A running local cloud: `place.client(service)` talks to it, `deploy` gives it stacks."""

    state: Path
    place: Place
    folder: Path

    def deploy(self, **templates: dict[str, Any]) -> cloud.Status:
        """Deploy these stacks, by name, beside those already there; assets lie in `folder`."""
        before = {path: path.read_text() for path in self.folder.glob("*.template.json")}
        for name, template in templates.items():
            (self.folder / f"{name}.template.json").write_text(json.dumps(template))
        self._write_manifest()
        try:
            return cloud.up(self.folder, self.state, environment="test", cache=CACHE)
        except cloud.LocalCloudError:
            for name in templates:
                (self.folder / f"{name}.template.json").unlink()
            for path, text in before.items():
                path.write_text(text)
            raise

    def _write_manifest(self) -> None:
        artifacts = {
            path.name.removesuffix(".template.json"): {
                "type": "aws:cloudformation:stack",
                "environment": "aws://unknown-account/unknown-region",
                "properties": {"templateFile": path.name},
            }
            for path in sorted(self.folder.glob("*.template.json"))
        }
        (self.folder / "manifest.json").write_text(json.dumps({"version": "55.0.0", "artifacts": artifacts}))

    def remove(self, *names: str) -> None:
        """Delete stacks."""
        for name in names:
            (self.folder / f"{name}.template.json").unlink(missing_ok=True)
        self.deploy()

    def outputs(self, status: cloud.Status, stack: str) -> dict[str, Any]:
        """Return a stack's outputs."""
        return dict(status.stacks[stack]["outputs"])

    @staticmethod
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

    @staticmethod
    def role() -> dict[str, Any]:
        """Return a role that Lambda may assume."""
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        document = {"Version": "2012-10-17", "Statement": [trust]}
        return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": document}}

    @staticmethod
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


@pytest.fixture(scope="session")
def local_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    yield from _run(tmp_path_factory.mktemp("local-cloud"))


@pytest.fixture(scope="session")
def enforcing_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A local cloud of its own that evaluates policies."""
    for running in _run(tmp_path_factory.mktemp("enforcing-cloud")):
        cloud.up(running.folder, running.state, environment="test", cache=CACHE, enforce_iam=True)
        yield running


def _run(folder: Path) -> Iterator[LocalCloud]:
    state, assembly = folder / "state", folder / "assembly"
    assembly.mkdir()
    anchor = {"Resources": {"Anchor": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "1"}}}}
    running = LocalCloud(state, Place(endpoint_url=""), assembly)
    status = running.deploy(Anchor=anchor)
    running.place = Place(endpoint_url=status.endpoint_url, administrator=cloud.credentials(state))
    yield running
    cloud.down(state)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def machines(local_cloud: LocalCloud) -> Machines:
    return Machines(local_cloud)


@pytest.fixture
def cloudformation(local_cloud: LocalCloud) -> Iterator[Any]:
    """A client that validates what it sends, and the end of every stack that the test made."""
    session: Any = boto3.Session("x", "x", region_name="us-east-1")
    client = session.client("cloudformation", endpoint_url=local_cloud.place.endpoint_url)
    before = {stack["StackId"] for stack in client.describe_stacks()["Stacks"]}
    yield client
    for stack in client.describe_stacks()["Stacks"]:
        if stack["StackId"] not in before:
            client.update_termination_protection(EnableTerminationProtection=False, StackName=stack["StackName"])
            client.delete_stack(StackName=stack["StackName"])
            wait(client, "stack_delete_complete", stack["StackId"])
