"""Deployments of approved versions, with policies enforced: promoted, refused, rolled back by an alarm, taken back.

Sources: https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html,
https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green-canary.html,
https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-approve.html
"""

from collections.abc import Iterator

import pytest

from slipway_cli.target import Target
from slipway_local import cloud
from support import trial
from support.deploying import SETTINGS, approve, ask, ended, folder, history, registered

pytestmark = [pytest.mark.timeout(900), pytest.mark.capability("O9")]


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    here = tmp_path_factory.mktemp("deployments")
    yield trial.up(here, SETTINGS)
    report = cloud.permissions(here / "state")
    cloud.down(here / "state")
    assert {one["role"]: one["denied"] for one in report["roles"] if one["denied"]} == {}


@pytest.fixture(scope="module")
def first(target: Target, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The version that the endpoint serves first: its approval has made the endpoint."""
    files = tmp_path_factory.mktemp("first")
    version = registered(target, "support", folder(files, "first"))
    approve(target, version)
    assert ended(target, version)["outcome"] == "promoted"
    return version


@pytest.mark.capability("S4")
def test_the_first_approval_makes_the_endpoint(target: Target, first: str) -> None:
    entry = history(target)[0]

    assert ask(target) == "first"
    assert (entry["action"], entry["before"], entry["after"]) == ("deploy:promoted", "", f"slipway-trial-{first}")
    assert entry["actor"].startswith("approval by ")
    assert "GiB" in entry["detail"]["fit"]
