"""Deployments of approved versions, with policies enforced: promoted, refused, rolled back by an alarm, taken back.

Sources: https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html,
https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green-canary.html,
https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-approve.html
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from slipway_cli import deployments, main, model_files, retire
from slipway_cli.errors import CommandError
from slipway_cli.models import Models
from slipway_cli.target import Target
from slipway_local import cloud
from support import trial
from support.deploying import (
    ENDPOINT,
    SETTINGS,
    approve,
    ask,
    ended,
    fault,
    folder,
    history,
    quiet,
    registered,
    runs,
    traffic,
)
from support.waiting import wait_for

pytestmark = [pytest.mark.timeout(900), pytest.mark.capability("O9")]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("deployments")


@pytest.fixture(scope="module")
def target(here: Path) -> Iterator[Target]:
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


@pytest.fixture(scope="module")
def second(target: Target, first: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A better version, registered and not yet approved."""
    return registered(target, "support", folder(tmp_path_factory.mktemp("second"), "second"))


@pytest.mark.capability("S4")
def test_a_good_version_is_promoted_and_no_request_fails(target: Target, second: str) -> None:
    with traffic(target) as counts:
        approve(target, second)
        found = ended(target, second)
        counts.clear()
        assert wait_for(lambda: counts["second"] > 5, seconds=30)
    config = target.client("sagemaker").describe_endpoint(EndpointName=ENDPOINT)["LastDeploymentConfig"]
    policy = config["BlueGreenUpdatePolicy"]

    assert found["outcome"] == "promoted", found
    assert set(counts) == {"second"}, "an answer of the old version, or a failure, came after the promotion"
    assert found["numbers"]["failed"] == 0
    assert found["numbers"]["requests"] > 0
    assert policy["TrafficRoutingConfiguration"]["Type"] == "CANARY"
    assert policy["TrafficRoutingConfiguration"]["CanarySize"] == {"Type": "CAPACITY_PERCENT", "Value": 10}
    assert len(config["AutoRollbackConfiguration"]["Alarms"]) == 2


@pytest.mark.capability("S4")
@pytest.mark.parametrize(
    ("name", "about", "alarm"), [("errs", {"status": 500}, "Errors"), ("slow", {"seconds": 2}, "Latency")]
)
def test_a_bad_version_is_rolled_back_by_its_alarm(
    target: Target, second: str, tmp_path: Path, name: str, about: dict[str, float], alarm: str
) -> None:
    """Within the bake time, and no request fails beyond the canary's share of 10 %."""
    bad = registered(target, "support", folder(tmp_path, name, **about))
    assert wait_for(lambda: quiet(target), seconds=120), "alarms of the test before are still raised"
    with traffic(target) as counts:
        approve(target, bad, bake_seconds=120)
        found = ended(target, bad)
        failed, everything = counts["failed"], counts.total()
        counts.clear()
        assert wait_for(lambda: counts["second"] > 20, seconds=30)

    assert found["outcome"] == "rolled_back", found
    assert alarm in found["reason"]
    assert found["seconds"] < 2 * 120
    assert failed <= 0.1 * everything + 4 * (0.09 * everything) ** 0.5, (failed, everything)
    assert set(counts) == {"second"}
    entry = history(target)[-1]
    assert (entry["action"], entry["after"]) == ("deploy:rolled_back", f"slipway-trial-{second}")
    assert entry["detail"]["remedy"]


def test_an_approval_told_again_does_not_bring_a_bad_version_back(target: Target, second: str) -> None:
    bad = next(one["detail"]["version"] for one in history(target) if one["action"] == "deploy:rolled_back")
    version = bad.removeprefix("slipway-trial-")
    before = len(runs(target))
    approve(target, version)

    assert wait_for(lambda: len(runs(target)) > before, seconds=30)
    assert ended(target, version)["outcome"] == "superseded"
    assert ask(target) == "second"


def test_a_version_that_does_not_fit_is_refused_with_the_sum(target: Target, second: str, tmp_path: Path) -> None:
    huge = registered(target, "support", folder(tmp_path, "huge", {"num_hidden_layers": 800, "head_dim": 512}))
    approve(target, huge)
    found = ended(target, huge)

    assert found["outcome"] == "refused"
    assert "does not fit ml.g5.xlarge: each of 1 x A10G" in found["reason"]
    assert found["remedy"]
    assert ask(target) == "second"


def test_rollback_returns_at_once_and_only_once(target: Target, first: str, second: str) -> None:
    back = deployments.follow(target, deployments.start(target, {"endpoint": "support", "action": "rollback"}))
    answered = ask(target)
    again = deployments.follow(target, deployments.start(target, {"endpoint": "support", "action": "rollback"}))

    assert (back["outcome"], answered) == ("promoted", "first")
    assert (again["outcome"], ask(target)) == ("refused", "first")
    assert "no version before" in again["reason"]


def test_two_deployments_come_one_after_the_other(target: Target, first: str, second: str, tmp_path: Path) -> None:
    third = registered(target, "support", folder(tmp_path, "third"))
    Models(target).update(third, "Approved", "good", bake_seconds="2")
    arns = [Models(target).version(one)["arn"] for one in (second, third)]
    assert wait_for(lambda: quiet(target), seconds=120)
    both = [deployments.start(target, {"endpoint": "support", "package": arn, "bake_seconds": 2}) for arn in arns]
    found = [deployments.follow(target, one) for one in both]
    entries = [one for one in history(target) if one["detail"]["outcome"] == "promoted"]

    assert {one["outcome"] for one in found} <= {"promoted", "current"}
    assert [one["before"] for one in entries[-2:]] == [one["after"] for one in entries[-3:-1]]


def test_rollback_takes_back_what_is_being_deployed(target: Target, first: str, tmp_path: Path) -> None:
    assert wait_for(lambda: all(one["status"] != "RUNNING" for one in runs(target)), seconds=120)
    assert wait_for(lambda: quiet(target), seconds=120)
    before = ask(target)
    late = registered(target, "support", folder(tmp_path, "late"))
    approve(target, late, bake_seconds=300)
    client = target.client("sagemaker")
    assert wait_for(lambda: client.describe_endpoint(EndpointName=ENDPOINT)["EndpointStatus"] == "Updating", seconds=60)
    back = deployments.follow(target, deployments.start(target, {"endpoint": "support", "action": "rollback"}))

    assert back["outcome"] == "interrupted"
    assert ended(target, late)["outcome"] == "rolled_back"
    assert ask(target) == before


def test_a_failure_is_told_and_goes_on_where_it_failed(here: Path, target: Target, first: str, tmp_path: Path) -> None:
    assert wait_for(lambda: quiet(target), seconds=120)
    version = registered(target, "support", folder(tmp_path, "patient"))
    with fault(here / "state", operation="sagemaker.CreateModel", error="ResourceLimitExceeded"):
        approve(target, version)
        with pytest.raises(CommandError, match="ResourceLimitExceeded"):
            ended(target, version, seconds=120)
    run = next(one for one in runs(target) if one["status"] == "FAILED")["executionArn"]
    assert wait_for(lambda: history(target)[-1]["action"] == "deploy:failed", seconds=60)
    target.client("stepfunctions").redrive_execution(executionArn=run)

    assert deployments.follow(target, run)["outcome"] == "promoted"
    assert ask(target) == "patient"


@pytest.mark.capability("S3")
def test_an_endpoint_that_sleeps_takes_versions_asleep_and_awake(target: Target, tmp_path: Path) -> None:
    name, sagemaker = "slipway-trial-nap", target.client("sagemaker")
    dozes = registered(target, "nap", folder(tmp_path, "dozes"))
    approve(target, dozes)
    assert ended(target, dozes)["outcome"] == "promoted"

    def component() -> dict[str, Any]:
        return dict(sagemaker.describe_inference_component(InferenceComponentName=name))

    assert component()["RuntimeConfig"]["CurrentCopyCount"] == 0
    with pytest.raises(ClientError, match="no capacity"):
        ask(target, name, InferenceComponentName=name)
    assert wait_for(lambda: component()["RuntimeConfig"]["CurrentCopyCount"] == 1, seconds=120)
    assert ask(target, name, InferenceComponentName=name) == "dozes"
    wakes = registered(target, "nap", folder(tmp_path, "wakes"))
    approve(target, wakes)

    assert ended(target, wakes)["outcome"] == "promoted"
    assert ask(target, name, InferenceComponentName=name) == "wakes"


def invoked(monkeypatch: pytest.MonkeyPatch, target: Target, *arguments: str) -> Any:
    for module in (deployments, retire, model_files):
        monkeypatch.setattr(module, "find_target", lambda *_, **__: target)
    return CliRunner().invoke(main.app, ["models", *arguments])


def test_the_commands_say_what_happened_and_exit_by_it(
    target: Target, first: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert wait_for(lambda: quiet(target), seconds=120)
    added = invoked(monkeypatch, target, "register", "support", str(folder(tmp_path, "asked")), "--json")
    version = f"support/{json.loads(added.stdout)['version']}"
    early = invoked(monkeypatch, target, "deploy", version, "--json")
    Models(target).update(version, "Approved", "good", bake_seconds="1")
    assert ended(target, version)["outcome"] == "promoted"
    again = invoked(monkeypatch, target, "deploy", version, "--json")
    back = invoked(monkeypatch, target, "rollback", "support", "--why", "terse")

    assert early.exit_code == 1
    assert "slipway models approve" in json.loads(early.stdout)["remedy"]
    assert (again.exit_code, json.loads(again.stdout)["outcome"]) == (0, "current")
    assert back.exit_code == 0, back.output
    assert "promoted" in back.stdout
    assert history(target)[-1]["detail"]["why"] == "terse"
    unknown = invoked(monkeypatch, target, "rollback", "nowhere", "--json")
    assert unknown.exit_code == 1
    assert "nowhere follows no registry" in str(unknown.exception)


def test_versions_that_nobody_uses_are_archived_and_keep_their_lineage(
    target: Target, first: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = folder(tmp_path, "forgotten")
    version = registered(target, "support", files)
    now = next(one["after"] for one in reversed(history(target)) if one["detail"]["outcome"] == "promoted")
    served = now.removeprefix("slipway-trial-")
    would = json.loads(invoked(monkeypatch, target, "retire", version, "--dry-run", "--json").stdout)
    status = Models(target).version(version)["status"]
    mixed = invoked(monkeypatch, target, "retire", version, served, "--json")
    found, kept = Models(target).version(version), json.loads(mixed.stdout)["kept"]
    bucket, _, prefix = found["model"].removeprefix("s3://").partition("/")
    objects = target.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]

    assert (would["retired"], status) == ([f"slipway-trial-{version}"], "PendingManualApproval")
    assert mixed.exit_code == 1, "a version that is served is kept, and the exit code says so"
    assert [each["version"] for each in kept] == [now]
    assert found["status"] == "Archived"
    assert found["lineage"]["registered_by"]
    assert {each["StorageClass"] for each in objects} == {"GLACIER_IR"}
    (entry,) = history(target, f"model/slipway-trial-{version}")
    assert (entry["action"], entry["before"], entry["after"]) == ("retire", "PendingManualApproval", "Archived")
    assert entry["detail"]["objects"] == 3


def deleted(target: Target, part: str) -> tuple[str, list[str]]:
    """Delete a stack; return its last status, and why resources stayed."""
    formation, name = target.client("cloudformation"), f"slipway-trial-{part}"
    arn = formation.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
    formation.delete_stack(StackName=arn)

    def status() -> str:
        return str(formation.describe_stacks(StackName=arn)["Stacks"][0]["StackStatus"])

    assert wait_for(lambda: status() in ("DELETE_COMPLETE", "DELETE_FAILED"), seconds=300)
    events = formation.describe_stack_events(StackName=arn)["StackEvents"]
    return status(), [str(one.get("ResourceStatusReason")) for one in events if "FAILED" in one["ResourceStatus"]]


def test_the_endpoint_goes_with_its_stack(target: Target, first: str) -> None:
    """What deployments have made is in no template, and must not be left behind, or paid for."""
    sagemaker = target.client("sagemaker")
    for part in ("observability", "gateway", "deployment", "serving"):
        assert deleted(target, part) == ("DELETE_COMPLETE", [])

    assert sagemaker.list_endpoints()["Endpoints"] == []
    assert sagemaker.list_inference_components()["InferenceComponents"] == []
    assert sagemaker.list_endpoint_configs()["EndpointConfigs"] == []
    assert sagemaker.list_models()["Models"] == []
